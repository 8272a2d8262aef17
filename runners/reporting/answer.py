"""The answer, in five lines at most: what to use, how sure that is, what it gains and costs, and what to type."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator

from metrics.statistics.aims import Clause, Standing
from metrics.statistics.contrasts import Reach, difference
from metrics.statistics.margin_verdicts import Outcome
from metrics.statistics.system_levels import SystemLevel, level_of
from runners.reporting.analysis import Analysis
from runners.reporting.cell_result import DEFAULT
from runners.reporting.judges_own_texts import marked
from runners.reporting.naming import title
from runners.reporting.numbers import counted, decimals_for, interval, listed, percent, plain, signed_interval
from runners.reporting.outlook_words import outlook_sentence
from runners.reporting.results import System
from runners.reporting.settings import RETENTION_MARGIN
from strategies.adaptation import AXES, BY_DEFAULT
from vits.common.quantities import MOST_LISTED

SCOPE = {
    Reach.TRAINED_VOICES: "Of these trained voices",
    Reach.THESE_VOICES: "For these voices",
    Reach.VOICES_LIKE_THESE: "For voices like these",
}
RECOGNISED = (
    (0.8, "the voice is recognised"),
    (0.4, "some of the voice is there"),
    (-math.inf, "it is hardly the voice"),
)
"""What a share of the way from other speakers to the recordings is in words."""
COMPARED_NEXT = "-m strategy=mean,nearest,ecapa freeze=none,decoder"


def answer(analysis: Analysis) -> tuple[str, ...]:
    """At most five sentences, the most important first."""
    lines = _of_one(analysis) if len(analysis.systems) == 1 else _of_several(analysis)
    return tuple(line for line in lines if line)


def _of_several(analysis: Analysis) -> Iterator[str]:
    yield _what_to_use(analysis)
    yield _how_sure(analysis)
    yield " ".join(filter(None, (_over_the_default(analysis), _old_voices(analysis))))
    yield f"Speak with it: {speak_command(analysis.recommended)}"
    yield f"{_surer(analysis)} {_outlook(analysis)}".strip()


def _of_one(analysis: Analysis) -> Iterator[str]:
    """What training gained, whether the voice is recognised, and what to compare next."""
    yield f"{analysis.recommended.label}: training {_trained(analysis)}"
    yield f"{_recognised(analysis)} {_outlook(analysis)}".strip()
    yield _old_voices(analysis)
    yield f"Speak with it: {speak_command(analysis.recommended)}"
    yield _beside_one(analysis)


def _beside_one(analysis: Analysis) -> str:
    """What a race dropped, or what to compare next."""
    systems = dict.fromkeys(cell.system for cell in analysis.experiment.dropped)
    if systems:
        return f"It is what a race left: {listed(systems)} fell behind it and can't become the best any more."
    return f"Nothing to compare it with yet: the same command with {COMPARED_NEXT} and the same name tells which suits."


def _what_to_use(analysis: Analysis) -> str:
    """The recommended system, why it, and what it reaches; and which voices want another one."""
    found, aim = analysis.verdicts.recommended, analysis.verdicts.aim
    cells = analysis.experiment.cells
    others = [
        f"{marked(m, cells)} {plain(analysis.level(m.name, found.system).mean, 3)}" for m in analysis.headline[1:]
    ]
    reached = ", ".join([_with_interval(analysis.level(aim.name, found.system), title(aim)), *others])
    own = [f"{choice.speaker}: {choice.system} (+{plain(choice.estimate, 3)})" for choice in analysis.verdicts.own]
    rather = f" But for single voices rather {listed(own)}." if own else ""
    return f"{SCOPE[found.reach]}, use {found.system}: {_why(analysis)} ({reached}).{rather}"


def _why(analysis: Analysis) -> str:
    """By what it was chosen."""
    found, aim = analysis.verdicts.recommended, analysis.verdicts.aim
    name = title(aim)
    if found.took_the_smaller:
        return f"its {name} is equal enough to the best, and it trains fewer parameters"
    if found.decided_by != aim.name:
        second = analysis.experiment.metric(found.decided_by)
        judge = title(second) if second else found.decided_by
        return f"it may have the best {name}, and {judge}, whose judge taught no system, prefers it"
    if found.excluded:
        return f"it has the best {name} of those that its other scores allow"
    return f"it has the best {name}"


def _how_sure(analysis: Analysis) -> str:
    found, aim = analysis.verdicts.recommended, analysis.verdicts.aim
    rivals = [label for label in found.rivals if label != found.system]
    best, *guards = found.clauses
    as_good = f"; as good may be {listed(rivals)}" if rivals else "; nothing else may be as good"
    sure = f"{percent(analysis.settings.level)} sure"
    cost = (
        f"Choosing it costs at most {plain(best.costs_at_most, 3)} {title(aim)} ({sure})"
        if math.isfinite(best.costs_at_most)
        else f"What choosing it costs in {title(aim)} is not known"
    )
    said = [_guard(clause) for clause in guards]
    return f"{cost}{as_good}{_further(analysis)}. {' '.join(said)}".strip()


def _further(analysis: Analysis) -> str:
    """On how many more sentences than all systems spoke those that may be the best are compared."""
    more = analysis.experiment.further[["speaker", "utterance"]].drop_duplicates().groupby("speaker").size()
    return f"; they are compared on {int(more.max())} further sentences a voice" if len(more) else ""


def _guard(clause: Clause) -> str:
    """What is shown of a guard, or merely isn't refuted."""
    what = (
        f"that the base's voices lose at most {clause.margin:g}"
        if clause.metric == RETENTION_MARGIN
        else f"that its {clause.metric.upper()} is at most {clause.margin:g} worse than {clause.beside}"
    )
    return {
        Standing.SHOWN: f"Shown: {what}.",
        Standing.NOT_REFUTED: f"Not refuted, but not shown either: {what}.",
        Standing.REFUTED: f"Refuted, and true of no system here: {what}.",
    }[clause.standing]


def _over_the_default(analysis: Analysis) -> str:
    """What it gains over the system that one gets without asking, or over no training where that isn't here."""
    default = default_system(analysis)
    aim, chosen = analysis.verdicts.aim, analysis.recommended
    if default is None or default is chosen:
        is_it = "It is the default. " if default is chosen else ""
        return f"{is_it}Training {_trained(analysis)}" if aim.name in analysis.verdicts.gained else is_it.strip()
    parts = analysis.evidence.new[aim.name]
    found = difference(parts, chosen.label, default.label, reach=analysis.verdicts.reach, alpha=analysis.verdicts.alpha)
    gain = signed_interval(found.estimate, found.lower, found.upper)
    return f"It gains {gain} {title(aim)} over the default, {default.label}."


def _trained(analysis: Analysis) -> str:
    """What training changed on the new voices, by the headline's metrics."""
    label, cells, moved = analysis.recommended.label, analysis.experiment.cells, []
    for metric in analysis.headline:
        change = level_of(analysis.verdicts.gained.get(metric.name, ()), label)
        if change is not None:
            after = plain(analysis.level(metric.name, label).mean, 3)
            by = signed_interval(change.mean, change.lower, change.upper)
            moved.append(f"{marked(metric, cells)} by {by} to {after}")
    return f"moved {', '.join(moved)}." if moved else "has not taken place, or nothing was scored before it."


def _recognised(analysis: Analysis) -> str:
    """How far it is from other speakers to the recordings."""
    aim, label = analysis.verdicts.aim, analysis.recommended.label
    recording, others = analysis.reference("recording", aim), analysis.reference("other_speakers", aim)
    reached = analysis.level(aim.name, label).mean
    if not (math.isfinite(recording) and math.isfinite(others) and recording != others):
        return ""
    share = (reached - others) / (recording - others)
    verdict = next(words for least, words in RECOGNISED if share >= least)
    return (
        f"That is {100 * share:.0f} % of the way from other speakers ({plain(others, 3)}) to the recordings "
        f"({plain(recording, 3)}): {verdict}."
    )


def _old_voices(analysis: Analysis) -> str:
    """What training did to the base's own voices."""
    aim = analysis.verdicts.aim
    change = level_of(analysis.verdicts.lost.get(aim.name, ()), analysis.recommended.label)
    if change is None:
        return ""
    moved = signed_interval(change.mean, change.lower, change.upper)
    worse = change.sign == -aim.sign
    verb = "pay with" if worse else "are shown to gain" if change.sign else "keep theirs, for all that is known:"
    return f"The base's own voices {verb} {moved} {title(aim)}."


def _surer(analysis: Analysis) -> str:
    """What would decide what is undecided."""
    found, aim = analysis.verdicts.recommended, analysis.verdicts.aim
    seeds = analysis.experiment.seeds
    if found.reach is Reach.TRAINED_VOICES:
        cells = [s for s in analysis.systems if s in found.rivals or s == found.system]
        more = [seed for seed in range(len(seeds) + 2) if seed not in seeds]
        return (
            f"With one seed this holds for the voices as trained, not for the method: "
            f"seed={more[0]},{more[1]} more of {counted(len(cells), 'system')} would tell{_minutes(analysis, cells)}."
        )
    undecided = [
        verdict
        for label in found.rivals
        if (verdict := analysis.verdicts.verdict(aim.name, label)) and verdict.outcome is Outcome.UNDECIDED
    ]
    needs = [v.needed for v in undecided if v.needed is not None]
    if not undecided:
        return f"By {title(aim)} nothing is left to decide beside it."
    ways = []
    if all(n.sentences_per_voice for n in needs):
        ways.append(_sentences(max(n.sentences_per_voice or 0 for n in needs), analysis))
    if all(n.seeds for n in needs):
        most = max(n.seeds or 0 for n in needs)
        ways.append(f"{most} seeds{_minutes(analysis, [v.system for v in undecided], most - len(seeds))}")
    how = " or ".join(ways) if ways else "nothing within reach"
    return f"To tell it from {listed([v.system for v in undecided])} it would take {how}."


def _sentences(needed: int, analysis: Analysis) -> str:
    """So many test sentences a voice, and how to have the most of what is lacking spoken."""
    parts = analysis.evidence.new[analysis.verdicts.aim.name]
    scores = (parts.further or parts).scores
    lacking = needed - math.ceil(len(scores.weights) / len(scores.speakers))
    have = max((cell.n_further for system in analysis.experiment.systems for cell in system.cells), default=0)
    asked = min(have + lacking, MOST_LISTED)
    how = f" (the same command with more_sentences={asked})" if lacking > 0 and asked > have else ""
    return f"{needed} test sentences a voice{how}"


def _outlook(analysis: Analysis) -> str:
    """Whether the recommended system still rises."""
    if analysis.progress is None:
        return ""
    margin = analysis.settings.margin(analysis.progress.metric.name)
    return outlook_sentence(analysis.progress, analysis.recommended.label, margin)


def _minutes(analysis: Analysis, labels: list[str], times: int = 2) -> str:
    """How long so many more seeds of these systems take, where cells say how long they took."""
    took = [
        float(cell.record.get("duration_s", math.nan)) for label in labels for cell in analysis.systems[label].cells[:1]
    ]
    total = times * sum(took) / 60
    return f" (about {total:.0f} minutes of this machine)" if math.isfinite(total) and total > 0 else ""


def default_system(analysis: Analysis) -> System | None:
    """The system that `conf/grid.yaml` chooses, if it is in the experiment and was scored.

    A setting that all systems share makes none of them another.
    """
    scored = analysis.evidence.new[analysis.verdicts.aim.name].systems
    for system in (system for label, system in analysis.systems.items() if label in scored):
        axes = all(system.facets.get(axis, BY_DEFAULT[axis]) == BY_DEFAULT[axis] for axis in AXES)
        if axes and all(value == DEFAULT for name, value in system.facets.items() if name not in AXES):
            return system
    return None


def speak_command(system: System) -> str:
    """What to type to speak with a system's first cell."""
    cell = system.cells[0]
    speaker = (cell.record.get("speakers") or ["<speaker>"])[0]
    arguments = (f"run={cell.folder}", f"speaker={speaker}", "text=Hello.", "out=hello.wav")
    return " ".join(["python runners/speak.py", *(shlex.quote(argument) for argument in arguments)])


def _with_interval(level: SystemLevel, name: str) -> str:
    decimals = decimals_for([level.mean])
    return f"{name} {plain(level.mean, decimals)} {interval(level.lower, level.upper, decimals)}".strip()
