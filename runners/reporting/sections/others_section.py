"""Systems that this project didn't train, beside those of the grid."""

from __future__ import annotations

from collections.abc import Iterator

from metrics.statistics.margin_verdicts import MarginVerdict, Outcome
from metrics.statistics.system_levels import SystemLevel
from runners.reporting.analysis import Analysis
from runners.reporting.document import Entry, Section, Table
from runners.reporting.judges_own_texts import marked_with_direction
from runners.reporting.naming import title
from runners.reporting.numbers import NONE, interval, listed, percent, plain, signed
from runners.reporting.other_verdicts import Beside, is_comparable
from runners.reporting.sections.ranking_section import decimals_of, short


def others_section(analysis: Analysis) -> Section | None:
    """The recommended system beside each of them, and every other one folded below."""
    if not analysis.experiment.others:
        return None
    full = [_all_beside(analysis, found) for found in analysis.foreign if found.verdicts]
    tables = (_recommended_beside(analysis), *full) if analysis.foreign else ()
    return Section("others", "Beside other systems", tuple(_told(analysis)), tables)


def _told(analysis: Analysis) -> Iterator[str]:
    names = listed([other.name for other in analysis.experiment.others], most=20)
    yield (
        f"{names}: audio that this project didn't make, judged as the cells are, by the same recordings of the same "
        "voices. It is compared where it says what they say, and takes no part in the recommendation. What it was "
        "trained on isn't known here: it may have heard these sentences, or far more of these voices."
    )
    stale = [other.name for other in analysis.experiment.others if not is_comparable(other, analysis.experiment)]
    if stale:
        yield (
            f"Not compared, since other recordings were the measure than these cells': {listed(stale)}; remove the "
            "folder and score it again."
        )


def _recommended_beside(analysis: Analysis) -> Table:
    """One row for each other system and each metric by which the cells were scored, too."""
    recommended = analysis.recommended.label
    columns = ("system", "metric", "sentences", "reaches", f"{recommended} there", "that one is better by", *_REACHES)
    rows = tuple(
        (
            Entry(found.other.name),
            Entry(marked_with_direction(found.metric, analysis.experiment.cells)),
            Entry(str(found.n_sentences)),
            _level(analysis, found, found.level(found.other.name)),
            _level(analysis, found, found.level(recommended)),
            *_verdict(found.verdict(recommended)),
            _caution(found, recommended),
        )
        for found in analysis.foreign
    )
    level = percent(analysis.settings.level)
    note = (
        "Levels are those on the sentences that all systems of the grid and this one speak, over all voices that do. "
        f"Of the other systems there is one training each. All statements of one metric hold together with {level}."
    )
    return Table(f"{recommended} beside other systems", columns, rows, n_labels=2, notes=(note,))


_REACHES = ("it is", "for voices like these")


def _all_beside(analysis: Analysis, found: Beside) -> Table:
    """Every system of the grid beside one other."""
    rows = tuple(
        (
            Entry(label),
            _level(analysis, found, found.level(label)),
            *_verdict(found.verdict(label)),
            _caution(found, label),
        )
        for label in analysis.systems
        if found.verdict(label) is not None
    )
    columns = ("system", "reaches", "better by", f"of {found.reach.value}", "for voices like these")
    margin = analysis.settings.margin(found.metric.name)
    caption = f"Beside {found.other.name}, by {title(found.metric)} (margin {margin:g})"
    return Table(caption, columns, rows, folded=True)


def _level(analysis: Analysis, found: Beside, level: SystemLevel | None) -> Entry:
    if level is None:
        return Entry(NONE)
    decimals = decimals_of(analysis, found.metric)
    return Entry(plain(level.mean, decimals), interval(level.lower, level.upper, decimals))


def _verdict(found: MarginVerdict | None) -> tuple[Entry, Entry]:
    if found is None:
        return Entry(NONE), Entry(NONE)
    return (
        Entry(signed(found.estimate, 3), interval(found.lower, found.upper, 3)),
        Entry(short(found), is_strong=found.outcome is not Outcome.UNDECIDED),
    )


def _caution(found: Beside, label: str) -> Entry:
    verdict = next((each for each in found.caution if each.system == label), None)
    return Entry(short(verdict) if verdict else NONE)
