"""Every metric over the training, and which stage was kept."""

from __future__ import annotations

from runners.reporting.analysis import Analysis
from runners.reporting.cell_result import CellResult
from runners.reporting.curve_figure import curves
from runners.reporting.document import Entry, Section, Table
from runners.reporting.level_figure import level_curves
from runners.reporting.numbers import NONE, signed


def curve_section(analysis: Analysis) -> Section | None:
    """Of each metric a figure of all systems and one of the axes' choices, where there is more than one stage."""
    if analysis.curves["step"].nunique() < 2:
        return None
    pictures = [
        draw(metric, analysis.curves, analysis.experiment, folded=metric not in analysis.headline)
        for metric in (*analysis.headline, *analysis.others)
        for draw in (curves, level_curves)
    ]
    return Section("curves", "Over training", (), (*filter(None, pictures), _chosen(analysis)))


def _chosen(analysis: Analysis) -> Table:
    """Which step each result is of, what chose it, and what that gained."""
    cells = [(system, cell) for system in analysis.systems.values() for cell in system.cells]
    gains = list(dict.fromkeys(name for _, cell in cells for name in cell.chosen.gain))
    rows = tuple(
        (
            Entry(system.label),
            Entry(str(cell.seed)),
            Entry(str(cell.chosen.step)),
            Entry(cell.chosen.by or "the last one"),
            *(Entry(_gain(cell, name)) for name in gains),
        )
        for system, cell in cells
    )
    notes = (
        "Chosen on the validation sentences, never on the test. The gain is the chosen step's score minus the last "
        "step's.",
    )
    return Table(
        "The step that each result is of",
        ("system", "seed", "step", "chosen by", *(f"gain in {name}" for name in gains)),
        rows,
        n_labels=2,
        notes=notes if any(cell.chosen.by for _, cell in cells) else (),
        folded=True,
    )


def _gain(cell: CellResult, name: str) -> str:
    return signed(cell.chosen.gain[name], 3) if name in cell.chosen.gain else NONE
