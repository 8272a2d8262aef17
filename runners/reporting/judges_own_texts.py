"""Texts that a judge wrote itself: on a corpus that Whisper transcribed, a word error rate by Whisper flatters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from metrics.metric import Metric
from runners.reporting.cell_result import CellResult
from runners.reporting.naming import title, with_direction
from runners.reporting.numbers import counted, listed
from vits.common.registry import registered
from vits.corpus.split import TEST, TRAIN, VALIDATION

FLATTERED = "flattered"


def marked(metric: Metric, cells: Sequence[CellResult]) -> str:
    """`WER`, or `WER (flattered)` where its judge wrote texts of these cells' recordings."""
    return f"{title(metric)}{_mark(metric, cells)}"


def marked_with_direction(metric: Metric, cells: Sequence[CellResult]) -> str:
    """The same as `WER ↓ (flattered)`."""
    return f"{with_direction(metric)}{_mark(metric, cells)}"


def _mark(metric: Metric, cells: Sequence[CellResult]) -> str:
    return f" ({FLATTERED})" if writer_of(metric, cells) else ""


def writer_of(metric: Metric, cells: Sequence[CellResult]) -> str | None:
    """What the corpus calls the metric's judge, if that wrote texts of it."""
    names = dict.fromkeys(name for cell in cells for name in _written(cell))
    return next((name for name in names if _plain(name) == metric.judge_name), None)


def warnings(metrics: Sequence[Metric], cells: Sequence[CellResult]) -> Iterator[str]:
    """What a value is worth whose judge wrote the texts, and whom to ask instead."""
    for metric in metrics:
        writer = writer_of(metric, cells)
        if writer is not None:
            most = _with_most(cells, writer)
            yield (
                f"{title(metric)} flatters: {listed(_shares(writer, most))} are what {writer} heard, and it is the "
                f"judge here, so that its own errors count as right. Correct the texts, and {_instead(metric, most)}."
            )


def _with_most(cells: Sequence[CellResult], writer: str) -> CellResult:
    """The cell with the most texts that it wrote; a smaller training set has fewer."""
    return max(cells, key=lambda cell: sum(_written(cell).get(writer, {}).values()))


def _shares(writer: str, cell: CellResult) -> Iterator[str]:
    """`80 of 100 training texts` and the like."""
    used = cell.clips["split"].value_counts()
    for split, name in ((TRAIN, "training"), (VALIDATION, "validation"), (TEST, "recorded test")):
        wrote = _written(cell)[writer].get(split, 0)
        if wrote:
            yield f"{wrote} of {counted(int(used.get(split, wrote)), f'{name} text')}"


def _instead(metric: Metric, cell: CellResult) -> str:
    """Another judge's metric of the same: one that was scored, or the option that asks for it beside the others."""
    known: Mapping[str, type[Metric]] = registered("metrics")
    scored = {entry["metric"] for entry in cell.record["summary"]}
    asked = [option for option, cls in known.items() if cls.name in scored]
    others = [
        option
        for option, cls in known.items()
        if (cls.unit, cls.higher_is_better) == (metric.unit, metric.higher_is_better) and cls.judge != metric.judge
    ]
    read = [title(known[option]()) for option in others if option in asked]
    if read:
        return f"read {listed(read)} beside it"
    return f"ask a second judge: metrics=[{','.join([*asked, *others])}]"


def _written(cell: CellResult) -> Mapping[str, Mapping[str, int]]:
    """How many texts of each split each recogniser wrote."""
    return cell.record.get("recognised", {})


def _plain(name: str) -> str:
    """`whisper-tiny.en` of `Whisper tiny.en`: a judge's name, as metrics write it."""
    return name.lower().replace(" ", "-")
