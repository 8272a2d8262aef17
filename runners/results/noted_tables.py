"""What a training state knows of the tables beside it: how many rows they had, and what these said.

A state is written after the tables. So whoever goes on from it knows the rows that it was written beside, refuses them
if they were changed since, and forgets those that came later, which will be made again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from runners.results.cell_folder import RESTORE, table_bytes
from vits.common.atomic_files import content_key
from vits.common.errors import InputError


def note_of(tables: Mapping[str, pd.DataFrame]) -> dict[str, Tensor]:
    """For each table its number of rows, and a digest of them."""
    noted: dict[str, Tensor] = {}
    for name, table in tables.items():
        noted[f"{name}/rows"] = torch.tensor(len(table))
        noted[f"{name}/digest"] = _digest(table)
    return noted


def as_noted(tables: Mapping[str, pd.DataFrame], noted: Mapping[str, Tensor], folder: Path) -> dict[str, pd.DataFrame]:
    """The tables with the rows alone that were noted.

    Raises:
        InputError: one of these was changed, or is missing, or nothing was noted.
    """
    kept: dict[str, pd.DataFrame] = {}
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        rows, digest = noted.get(f"{name}/rows"), noted.get(f"{name}/digest")
        if rows is None or digest is None:
            raise InputError(f"{folder} was left unfinished by another version of this project; remove the folder")
        kept[name] = table.iloc[: int(rows)]
        if len(table) < int(rows) or not torch.equal(_digest(kept[name]), digest):
            raise InputError(f"{path} was changed since the training was last saved; {RESTORE}")
    return kept


def _digest(table: pd.DataFrame) -> Tensor:
    """Of what a table's file says; of no rows it is the same whatever the columns."""
    content = table_bytes(table) if len(table) else b""
    return torch.frombuffer(bytearray.fromhex(content_key([content])), dtype=torch.uint8)
