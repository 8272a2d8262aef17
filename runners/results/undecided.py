"""Which of an experiment's systems may be the best, as its last report found: who is asked for more sentences."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from vits.common.atomic_files import write_atomically
from vits.common.readers import read_json

UNDECIDED_JSON = "undecided.json"

Facets = Mapping[str, str]
"""A cell's choices on the axes, and its settings that differ from the experiment's default."""


def write_undecided(experiment: Path, systems: Iterable[Facets]) -> None:
    """Write down the systems between which nothing is decided; none where one alone may be the best."""
    content = json.dumps([dict(facets) for facets in systems], indent=1, ensure_ascii=False)
    write_atomically(experiment / UNDECIDED_JSON, content.encode())


def undecided(experiment: Path) -> list[dict[str, str]] | None:
    """The systems between which nothing was decided; None where no report has been written.

    Raises:
        InputError: the file is damaged.
    """
    path = experiment / UNDECIDED_JSON
    return read_json(path, list[dict[str, str]]) if os.path.lexists(path) else None
