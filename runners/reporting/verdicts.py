"""What the evidence allows to say: what to use, what may be as good, and what each choice of an axis gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.metric import Metric
from metrics.statistics.aims import Aim, Guard, Recommendation, recommend
from metrics.statistics.axis_effects import Effect, effects
from metrics.statistics.best_set import BestSet, best_sets
from metrics.statistics.contrasts import Reach, headline
from metrics.statistics.margin_verdicts import MarginVerdict, against
from metrics.statistics.system_levels import SystemLevel, level_of, system_levels
from metrics.statistics.variance_components import Components
from metrics.statistics.voice_choices import VoiceChoice, better_for_one_voice
from runners.reporting.cell_result import DEFAULT
from runners.reporting.evidence import BASE, Evidence
from runners.reporting.naming import second_judges
from runners.reporting.results import Experiment
from runners.reporting.settings import RETENTION_MARGIN, ReportSettings

Verdict = Mapping[str, tuple[MarginVerdict, ...]]


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Everything that is stated, with the chance `alpha` of error that each kind of statement may take.

    `headline` are the metrics that the report is about, the aim first. `best`, `beside` (all systems beside the
    recommended one) and `effects` are of these, for `reach`; `caution` is `beside` for voices like these. `levels`,
    `gained` and `lost` are of every metric; the last two hold for all systems at once. `own` are the voices that are
    better served by another system, by the aim.
    """

    alpha: float
    reach: Reach
    headline: tuple[Metric, ...]
    recommended: Recommendation
    best: Mapping[str, BestSet]
    beside: Verdict
    caution: Verdict
    effects: Mapping[str, tuple[Effect, ...]]
    levels: Mapping[str, tuple[SystemLevel, ...]]
    gained: Mapping[str, tuple[SystemLevel, ...]]
    lost: Mapping[str, tuple[SystemLevel, ...]]
    own: tuple[VoiceChoice, ...]

    @property
    def aim(self) -> Metric:
        """The metric by which the recommended system is the best."""
        return self.headline[0]

    def level(self, metric: str, system: str) -> SystemLevel | None:
        """What a system reaches; None where it wasn't scored."""
        return level_of(self.levels.get(metric, ()), system)

    def verdict(self, metric: str, system: str) -> MarginVerdict | None:
        """The system beside the recommended one; None for that one itself."""
        return next((found for found in self.beside.get(metric, ()) if found.system == system), None)


def conclude(experiment: Experiment, evidence: Evidence, settings: ReportSettings, alpha: float) -> Verdicts:
    """All verdicts on an experiment, from evidence of its metrics."""
    headline_metrics = headline_of(experiment, evidence, settings)
    aim = headline_metrics[0]
    reach = headline(evidence.new[aim.name])
    shared = {m.name: evidence.new[m.name] for m in headline_metrics}
    recommended = _recommend(experiment, evidence, settings, headline_metrics, alpha, reach)
    margins = {name: settings.margin(name) for name in shared}
    facets = facets_of(experiment)
    chosen = recommended.system
    return Verdicts(
        alpha,
        reach,
        headline_metrics,
        recommended,
        best_sets(shared, alpha=alpha, reach=reach),
        _beside(shared, chosen, margins, alpha, reach),
        _beside(shared, chosen, margins, alpha, Reach.VOICES_LIKE_THESE),
        {name: effects(parts, facets, margins[name], alpha=alpha, reach=reach) for name, parts in shared.items()},
        _levels(evidence.new, alpha, reach, at_once=False),
        _levels(evidence.gained, alpha, reach, at_once=True),
        _levels(evidence.lost, alpha, reach, at_once=True),
        better_for_one_voice(evidence.new[aim.name].scores, chosen, alpha=alpha, reach=reach),
    )


def headline_of(experiment: Experiment, evidence: Evidence, settings: ReportSettings) -> tuple[Metric, ...]:
    """The metrics that a report is about: the aim, the guards, and the aim's second judges, as far as scored."""
    scored = {metric.name: metric for metric in experiment.metrics if metric.name in evidence.new}
    aim = scored.get(settings.aim) or next(iter(scored.values()))
    guards = [scored.get(name) for name in settings.guards]
    teachers = {teacher for system in experiment.systems for teacher in system.teachers}
    second = second_judges(aim, scored.values(), teachers)
    return tuple(dict.fromkeys([aim, *filter(None, guards), *second]))


def _recommend(
    experiment: Experiment,
    evidence: Evidence,
    settings: ReportSettings,
    headline_metrics: Sequence[Metric],
    alpha: float,
    reach: Reach,
) -> Recommendation:
    """One system of all that have scores of the aim, by the aim and the guards that every such system has."""
    aim, metrics = headline_metrics[0], dict(evidence.new)
    systems = metrics[aim.name].systems
    guards = [Guard(m.name, settings.margin(m.name)) for m in headline_metrics[1:] if m.name in settings.guards]
    retained = evidence.retained.get(aim.name)
    if retained is not None and RETENTION_MARGIN in settings.guards:
        metrics[RETENTION_MARGIN] = retained
        guards.append(Guard(RETENTION_MARGIN, settings.margin(RETENTION_MARGIN), reference=BASE))
    complete = tuple(guard for guard in guards if set(systems) <= set(metrics[guard.metric].systems))
    second = next((m.name for m in headline_metrics[1:] if m.name not in settings.guards), None)
    second = second if second and set(systems) <= set(metrics[second].systems) else None
    return recommend(
        metrics,
        Aim(
            aim.name,
            settings.margin(aim.name),
            complete,
            second,
            settings.margin(second) if second else settings.margin(aim.name),
        ),
        {system.label: system.trainable for system in experiment.systems},
        taught_by_judge=[system.label for system in experiment.systems if system.is_taught_by(aim)],
        alpha=alpha,
        reach=reach,
    )


def _beside(
    shared: Mapping[str, Components], chosen: str, margins: Mapping[str, float], alpha: float, reach: Reach
) -> dict[str, tuple[MarginVerdict, ...]]:
    return {
        name: against(parts, chosen, margins[name], alpha=alpha, reach=reach)
        for name, parts in shared.items()
        if chosen in parts.systems
    }


def _levels(
    evidence: Mapping[str, Components], alpha: float, reach: Reach, *, at_once: bool
) -> dict[str, tuple[SystemLevel, ...]]:
    return {
        name: system_levels(parts, alpha=alpha, reach=_within(parts, reach), at_once=at_once)
        for name, parts in evidence.items()
    }


def _within(parts: Components, reach: Reach) -> Reach:
    """The reach, or the smaller one that these scores allow."""
    return reach if parts.knows_seeds or reach is Reach.VOICES_LIKE_THESE else Reach.TRAINED_VOICES


def facets_of(experiment: Experiment) -> dict[str, dict[str, str]]:
    """The choice of every system on each axis, and its settings."""
    return {s.label: {name: s.facets.get(name, DEFAULT) for name in experiment.facets} for s in experiment.systems}
