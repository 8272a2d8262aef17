"""How systems are told apart in a figure: one axis by colour, everything else by the marker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runners.reporting.cell_result import DEFAULT, facets_shown
from runners.reporting.picture import SERIES
from runners.reporting.results import System

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


@dataclass(frozen=True)
class Look:
    """One axis is told apart by colour, everything else that a system is by the marker."""

    axis: str
    colours: Mapping[str, str]
    markers: Mapping[str, str]

    def colour(self, system: System) -> str:
        return self.colours[system.facets.get(self.axis, DEFAULT)]

    def marker(self, system: System) -> str:
        return self.markers[variant(system, self.axis)]


def look_of(systems: Sequence[System]) -> Look:
    """Colours for the first axis on which systems differ; with more than eight of a kind they begin again."""
    facets = facets_shown([system.cells[0] for system in systems])
    axis = next((name for name in facets if len({s.facets.get(name, DEFAULT) for s in systems}) > 1), facets[0])
    coloured = sorted({system.facets.get(axis, DEFAULT) for system in systems})
    variants = sorted({variant(system, axis) for system in systems})
    return Look(
        axis,
        {name: SERIES[place % len(SERIES)] for place, name in enumerate(coloured)},
        {name: MARKERS[place % len(MARKERS)] for place, name in enumerate(variants)},
    )


def variant(system: System, axis: str) -> str:
    """What a system is beside its choice on the axis."""
    own = system.facets.get(axis, DEFAULT)
    parts = [part for part in system.label.split(" · ") if part not in (own, f"{axis}={own}")]
    return " · ".join(parts) or own
