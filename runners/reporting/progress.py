"""The verdict along the training: what each system still gains, and until when each axis matters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metrics.metric import Metric
from metrics.statistics.axis_effects import Effect, effects
from metrics.statistics.metric_scores import metric_scores
from metrics.statistics.racing import Behind, at_stage, behind
from metrics.statistics.saturation import UNKNOWN, Outlook, outlook
from metrics.statistics.variance_components import components
from metrics.summary import by_speaker
from runners.reporting.results import Experiment
from runners.reporting.verdicts import Verdicts, facets_of
from vits.common.errors import InputError
from vits.corpus.split import TEST, VALIDATION

NEARLY = 0.95  # of the recommended system's way from its start to its end: the quality whose steps are counted


@dataclass(frozen=True)
class Along:
    """An axis over the training: at each stage the choices that lie furthest apart, and how far that is.

    `matters_until` is the last stage at which two choices surely differ, and by more than the margin; None where they
    never do. `equal_from` is the stage from which on all of them surely lie within the margin; None where that isn't
    shown.
    """

    axis: str
    widest: tuple[tuple[int, Effect], ...]
    matters_until: int | None
    equal_from: int | None

    def at(self, step: int | None) -> Effect | None:
        """The widest effect at a stage."""
        return dict(self.widest).get(step) if step is not None else None


@dataclass(frozen=True)
class Progress:
    """Of the aim on validation sentences: each system's outlook, and the steps that it takes to be nearly as good.

    `steps_to` is NaN where a system never gets there; `steps` are the stages that all systems were scored at.
    `behind` are the systems that won't be the best after `twice` as many steps, if all are trained on.
    """

    metric: Metric
    steps: tuple[int, ...]
    outlooks: Mapping[str, Outlook]
    steps_to: Mapping[str, float]
    along: tuple[Along, ...]
    behind: tuple[Behind, ...]

    @property
    def twice(self) -> int:
        """Twice the steps that all systems were trained for."""
        return 2 * self.steps[-1]


def follow(experiment: Experiment, verdicts: Verdicts, margin: float) -> Progress | None:
    """The aim along the training; None where fewer than two stages were scored in all systems."""
    metric = verdicts.aim
    rows = stages_of(experiment, metric)
    steps = _shared_steps(rows, experiment)
    if len(steps) < 2:
        return None
    seen = np.array(steps, dtype=np.float64)
    curves = {system.label: _curves(rows, system.label, metric, steps) for system in experiment.systems}
    means = {label: values.mean(axis=0) for label, values in curves.items() if values.size}
    facets = facets_of(experiment)
    at_step = {
        step: effects(
            components(metric_scores(rows[rows["step"] == step], metric)),
            facets,
            margin,
            alpha=verdicts.alpha / len(steps),
            reach=verdicts.reach,
        )
        for step in steps
    }
    axes = dict.fromkeys(effect.axis for found in at_step.values() for effect in found)
    return Progress(
        metric,
        steps,
        {label: outlook(seen, own, alpha=verdicts.alpha) if own.size else UNKNOWN for label, own in curves.items()},
        _steps_to(means, steps, verdicts.recommended.system, metric),
        tuple(_of_axis(axis, at_step, margin) for axis in axes),
        _behind(rows[rows["step"].isin(steps)], metric, steps, verdicts.alpha),
    )


def _behind(rows: pd.DataFrame, metric: Metric, steps: Sequence[int], alpha: float) -> tuple[Behind, ...]:
    """The systems that need not be trained on, by the sentences that have a value in all systems at all stages."""
    systems = list(dict.fromkeys(rows["system"]))
    names = [at_stage(system, step) for system, step in zip(rows["system"], rows["step"], strict=True)]
    try:
        parts = components(metric_scores(rows.assign(system=names), metric))
    except InputError:  # there is no such sentence
        return ()
    return behind(parts, systems, steps, 2 * steps[-1], alpha=alpha)


def stages_of(experiment: Experiment, metric: Metric) -> pd.DataFrame:
    """The metric's rows of the split that is spoken at every stage, with a text for each utterance."""
    names = set(metric.values)
    for split in (VALIDATION, TEST):
        rows = experiment.scores
        rows = rows[(rows["split"] == split) & rows["metric"].isin(names)]
        if len(rows):
            break
    return experiment.with_texts(rows)


def _shared_steps(rows: pd.DataFrame, experiment: Experiment) -> tuple[int, ...]:
    own = rows[rows["value"].notna()].groupby(["system", "seed"])["step"].unique()
    if len(own) < sum(len(system.cells) for system in experiment.systems):
        return ()
    return tuple(sorted(set.intersection(*(set(map(int, steps)) for steps in own))))


def _curves(rows: pd.DataFrame, label: str, metric: Metric, steps: Sequence[int]) -> np.ndarray:
    """One line for each seed and voice, one column for each stage."""
    own = rows[(rows["system"] == label) & rows["step"].isin(list(steps))]
    table = by_speaker(own, [metric], within=["seed"])
    if table.empty:
        return np.zeros((0, len(steps)))
    table = table[table["metric"] == metric.name]
    wide = table.pivot_table(index=["seed", "speaker"], columns="step", values="value").dropna()
    return wide.reindex(columns=list(steps)).to_numpy(dtype=np.float64)


def _steps_to(
    means: Mapping[str, np.ndarray], steps: Sequence[int], recommended: str, metric: Metric
) -> dict[str, float]:
    """After how many steps each system is nearly as good as the recommended one in the end, between stages linearly."""
    sign = metric.sign
    goal = means.get(recommended)
    if goal is None:
        return {}
    wanted = sign * (goal[0] + NEARLY * (goal[-1] - goal[0]))
    return {label: _first_at(sign * curve, steps, wanted) for label, curve in means.items()}


def _first_at(curve: np.ndarray, steps: Sequence[int], wanted: float) -> float:
    reached = np.flatnonzero(curve >= wanted)
    if not reached.size:
        return math.nan
    place = int(reached[0])
    if place == 0:
        return float(steps[0])
    before, after = curve[place - 1], curve[place]
    return float(steps[place - 1] + (steps[place] - steps[place - 1]) * (wanted - before) / (after - before))


def _of_axis(axis: str, at_step: Mapping[int, Sequence[Effect]], margin: float) -> Along:
    own = {step: [effect for effect in found if effect.axis == axis] for step, found in at_step.items()}
    own = {step: found for step, found in own.items() if found}
    apart = [
        step for step, found in own.items() if any(effect.lower > 0 and effect.estimate > margin for effect in found)
    ]
    equal_from = None
    for step in sorted(own, reverse=True):
        if not all(-margin <= effect.lower and effect.upper <= margin for effect in own[step]):
            break
        equal_from = step
    widest = tuple((step, max(found, key=lambda effect: effect.estimate)) for step, found in own.items())
    return Along(axis, widest, max(apart, default=None), equal_from)
