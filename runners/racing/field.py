"""Which cells race against each other, as which systems, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metrics.metric import Metric
from runners.experiment.cell import Cell
from runners.reporting.results import label_of, shared_settings
from runners.reporting.settings import RETENTION_MARGIN, ReportSettings
from runners.reporting.word_guards import guards_of
from runners.results.race_record import Race, Racer, Rule
from vits.common.errors import InputError

FEWEST_STAGES = 3  # two tell a slope, and a third is left to save


def race_of(cells: Sequence[Cell], settings: ReportSettings) -> Race:
    """The race of a sweep's cells, before its first look.

    Raises:
        InputError: the cells aren't trained equally long or judged alike, there is but one system, or no look between
            its beginning and its end.
    """
    stages = _stages(cells)
    shared = shared_settings([_facets(cell) for cell in cells])
    racers = {cell.name: Racer(_system(cell, shared), cell.seed) for cell in cells}
    if len({racer.system for racer in racers.values()}) < 2:
        raise InputError("racing=true needs two systems at least; name several, such as -m strategy=nearest,ecapa")
    return Race(racers, stages, _rule(cells, settings))


def aim_of(metrics: Sequence[Metric], settings: ReportSettings) -> str:
    """The metric by which cells race: the report's aim, or the first metric where that isn't scored."""
    names = [metric.name for metric in metrics]
    return settings.aim if settings.aim in names else names[0]


def _stages(cells: Sequence[Cell]) -> tuple[int, ...]:
    if any(cell.length.epochs is not None for cell in cells):
        raise InputError("racing=true compares cells after equally many steps; give the length as steps=200")
    found = {cell.length.schedule(1).evaluations for cell in cells}
    if len(found) > 1:
        raise InputError("racing=true needs cells of one length; give one steps=... and one eval_every=...")
    if any(cell.adaptation.stop.value.asks_validation for cell in cells):
        raise InputError("racing=true compares cells after equally many steps; use stop=none")
    (stages,) = found
    if len(stages) < FEWEST_STAGES:
        raise InputError(
            f"racing=true has nothing to look at between the evaluations after {stages[0]} and {stages[-1]} steps; "
            "give more steps=..., or a smaller eval_every=..."
        )
    return stages


def _rule(cells: Sequence[Cell], settings: ReportSettings) -> Rule:
    metrics = {tuple(metric.name for metric in cell.metrics) for cell in cells}
    if len(metrics) > 1:
        raise InputError("racing=true needs cells that are judged by the same metrics; give one metrics=[...]")
    (names,) = metrics
    aim = aim_of(cells[0].metrics, settings)
    asked = guards_of(settings.guards, names, cells[0].corpus.language)
    guards = [name for name in asked if name != aim and (name in names or name == RETENTION_MARGIN)]
    return Rule(aim, {name: settings.margin(name) for name in guards}, settings.alpha, settings.margin(aim))


def _system(cell: Cell, shared: Mapping[str, str]) -> str:
    """What a cell is called without its seed and without the settings that all share, as in a report."""
    return label_of({name: value for name, value in _facets(cell).items() if name not in shared})


def _facets(cell: Cell) -> dict[str, str]:
    """The choices and settings by which a report will know the cell."""
    return {**cell.adaptation.names, **dict(sorted(cell.differing.items()))}
