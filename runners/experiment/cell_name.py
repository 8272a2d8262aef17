"""What a cell is called: its choices on the axes, its seed, and what else tells it from the experiment's default."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from strategies.adaptation import ALWAYS_NAMED, NONE

LONGEST_NAME = 150  # bytes; file systems take 255, and wandb and tables want less
DIGEST = 16  # hexadecimal digits that stand for the rest of a longer name


def cell_name(choices: Mapping[str, str], seed: int, differing: Mapping[str, str]) -> str:
    """`strategy=nearest,freeze=decoder,seed=0`, and behind it other axes that aren't `none` and settings that differ.

    A longer name than a file system likes ends in a hash of all of it.
    """
    parts = [f"{axis}={choices[axis]}" for axis in ALWAYS_NAMED]
    parts += [f"seed={seed}"]
    parts += [f"{axis}={name}" for axis, name in choices.items() if axis not in ALWAYS_NAMED and name != NONE]
    parts += [f"{setting}={value}" for setting, value in sorted(differing.items())]
    name = ",".join(parts).replace("/", "_")
    if len(name.encode()) <= LONGEST_NAME and "/" not in ",".join(parts):
        return name
    digest = hashlib.sha256(",".join(parts).encode()).hexdigest()[:DIGEST]
    return f"{name.encode()[: LONGEST_NAME - DIGEST - 1].decode(errors='ignore')},{digest}"
