"""The answer first; how far it reaches is folded away behind it."""

from __future__ import annotations

from collections.abc import Iterator

from metrics.statistics.contrasts import Reach
from runners.reporting.analysis import Analysis
from runners.reporting.answer import answer
from runners.reporting.document import Points, Section
from runners.reporting.evidence import JUDGED, of_base_voices, share_sentences
from runners.reporting.judges_own_texts import warnings
from runners.reporting.naming import second_judges, title
from runners.reporting.numbers import counted, listed, percent

HOLDS_FOR = {
    Reach.TRAINED_VOICES: "these voices as they were trained, when they speak other sentences; with one seed nothing "
    "is known of another training",
    Reach.THESE_VOICES: "these voices, when they speak other sentences and are trained again with other seeds",
    Reach.VOICES_LIKE_THESE: "voices like these",
}


def answer_section(analysis: Analysis) -> Section:
    """At most five lines, and what stands behind them."""
    reach = Points(caveats(analysis), title="How far this reaches", folded=True)
    return Section("answer", "The answer", (), (Points(answer(analysis)), reach))


def caveats(analysis: Analysis) -> tuple[str, ...]:
    """Full sentences that say how far the statements reach."""
    return (
        *_evidence(analysis),
        *_looks(analysis),
        *_excluded(analysis),
        *_circularity(analysis),
        *warnings(analysis.headline, analysis.experiment.cells),
        *_dropped(analysis),
        *_comparability(analysis),
    )


def _evidence(analysis: Analysis) -> Iterator[str]:
    """Of what all of this speaks."""
    experiment, verdicts = analysis.experiment, analysis.verdicts
    tested = experiment.final.loc[experiment.final["split"].isin(JUDGED), ["split", "speaker", "utterance"]]
    n_sentences = len(tested.drop_duplicates())
    yield (
        f"All of this is about {counted(len(experiment.speakers), 'new voice')}, "
        f"{counted(n_sentences, 'test sentence')} and {counted(len(experiment.seeds), 'seed')}. It holds for "
        f"{HOLDS_FOR[verdicts.reach]}. For voices like these, see the caution beside each verdict."
    )
    yield (
        f"Statements of one kind hold together with {percent(analysis.settings.level)}: what may be the best, by all "
        f"of {listed([title(metric) for metric in verdicts.headline])}; all systems beside the recommended one; all "
        "pairs of an axis. Equal means equal within the margin; undecided means neither."
    )


def _looks(analysis: Analysis) -> Iterator[str]:
    if analysis.look > 1:
        yield (
            f"This is look {analysis.look} at this experiment: data was added to systems that had been seen. Every "
            f"look spends a part of the {percent(1 - analysis.settings.level)} of error, so that all of them keep it."
        )


def _excluded(analysis: Analysis) -> Iterator[str]:
    """Which systems a guard leaves out, and whether one of them is the best by the aim."""
    found = analysis.verdicts.recommended
    for guard in dict.fromkeys(found.excluded.values()):
        labels = [label for label, by in found.excluded.items() if by == guard]
        yield f"Not recommended, because shown to be worse than allowed by {guard.upper()}: {listed(labels)}."


def _circularity(analysis: Analysis) -> Iterator[str]:
    """What a score is worth where the judge was a system's teacher, and which other judge to read."""
    for metric in analysis.headline:
        taught = [label for label, system in analysis.systems.items() if system.is_taught_by(metric)]
        if not taught:
            continue
        teachers = {teacher for label in taught for teacher in analysis.systems[label].teachers}
        others = second_judges(metric, analysis.experiment.metrics, teachers)
        beside = (
            f"; read {listed([title(other) for other in others])} for {'it' if len(taught) == 1 else 'them'} instead"
            if others
            else ", and no second judge was asked"
        )
        yield (
            f"The judge behind {title(metric)} ({metric.judge}) is also the teacher of {listed(taught)}, so that its "
            f"scores there are biased{beside}."
        )


def _dropped(analysis: Analysis) -> Iterator[str]:
    """Sentences that are left out for all because one system has no value for them."""
    for metric in analysis.headline:
        n_dropped = analysis.evidence.new[metric.name].scores.n_dropped
        if n_dropped:
            yield (
                f"{counted(n_dropped, 'value')} of {title(metric)} are left out, as another system has none for that "
                "sentence."
            )


def _comparability(analysis: Analysis) -> Iterator[str]:
    """Whether the cells can be compared at all."""
    experiment = analysis.experiment
    if experiment.differing:
        yield (
            f"The cells differ in {listed(experiment.differing)}, so that a difference between systems may come from "
            "there; give experiments with other settings another name=..."
        )
    old_voices = of_base_voices(experiment.final)
    if not (old_voices.empty or share_sentences(old_voices)):
        yield "The bases have different voices of their own, so that what these lose is not compared."
    if experiment.unfinished:
        yield f"Without a result, and not in this report: {listed(experiment.unfinished)}."
    if experiment.outside_sweep:
        yield f"Not in the last sweep, and compared all the same: {listed(experiment.outside_sweep, most=50)}."
    if experiment.dropped:
        systems = dict.fromkeys(cell.system for cell in experiment.dropped)
        yield f"Dropped by the race before their end, and not ranked here: {listed(systems)}."
    if len({system.seeds for system in experiment.systems}) > 1:
        yield "The systems were not all run with the same seeds."
