"""A cell's run in Weights & Biases: what it is grouped by, and what it can be told from others by there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf

from runners.experiment.cell import Cell
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.tracking.tracker import LONGEST_TAG, Tracker, TrackingSettings
from strategies.adaptation import ALWAYS_NAMED, NONE

LONGEST_GROUP = 128  # characters that wandb takes
DIGEST = 8  # hexadecimal digits that stand for the rest of a longer name
SETTINGS = "settings"  # under which a run's configuration has the cell's, whose groups are called like the axes
SEED, BASE = "seed", "base"


def tracker_of(cell: Cell, identity: Identity, folder: CellFolder) -> Tracker:
    """The cell's run. Group and job type are together the system that it is of; its axes, base, seed and experiment are
    tags, and keys at the top of its configuration.
    """
    facts = facts_of(cell)
    settings: Any = OmegaConf.to_container(OmegaConf.create(cell.config_yaml))
    named = [f"{name}={value}" for name, value in facts.items()]
    tags = [cell.experiment, *(shortened(tag, LONGEST_TAG) for tag in named), *cell.tracking.tags]
    return Tracker(
        TrackingSettings(cell.tracking.project, cell.tracking.entity, cell.tracking.mode, tags),
        directory=folder.path,
        run_id=identity.hash,
        name=cell.name,
        group=group_of(cell.tracking.groups, facts, settings),
        job_type=_rest(cell),
        config={**facts, "experiment": cell.experiment, SETTINGS: settings},
    )


def facts_of(cell: Cell) -> dict[str, str | int]:
    """What every cell has beside its settings: a choice on each axis, a base and a seed."""
    base = cell.differing.get(BASE, cell.base.kind)
    return {**cell.adaptation.names, BASE: base, SEED: cell.seed}


def group_of(names: tuple[str, ...], facts: Mapping[str, str | int], settings: Mapping[str, Any]) -> str:
    """What runs of a group have in common: `strategy=mean`, or `freeze=decoder,steps=400`."""
    values = {name: facts[name] if name in facts else _setting(settings, name) for name in names}
    return shortened(",".join(f"{name}={value}" for name, value in values.items()), LONGEST_GROUP)


def shortened(text: str, longest: int) -> str:
    """A text of so many characters; a longer one ends in a hash of all of it."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - DIGEST - 1]},{hashlib.sha256(text.encode()).hexdigest()[:DIGEST]}"


def _rest(cell: Cell) -> str | None:
    """What tells the cell's system from others of its group."""
    chosen = {axis: name for axis, name in cell.adaptation.names.items() if axis in ALWAYS_NAMED or name != NONE}
    told = {name: value for name, value in (chosen | dict(cell.differing)).items() if name not in cell.tracking.groups}
    return shortened(",".join(f"{name}={value}" for name, value in told.items()), LONGEST_GROUP) or None


def _setting(settings: Mapping[str, Any], name: str) -> str:
    """A setting by its dotted name, as it is written; `none` where the cell has none of that name."""
    found: Any = settings
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return NONE if found is None else str(found).lower() if isinstance(found, bool) else str(found)
