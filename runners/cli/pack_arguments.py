"""What a voice pack is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from runners.cli.arguments import argument
from vits.common.bounds import OneOf


@dataclass
class PackArguments:
    """Which voice of which cell becomes a file; or which folder's packs are listed."""

    run: str | None = argument("the folder of a finished cell", None)
    speaker: str | None = argument("the voice, a new speaker of the cell", None)
    out: str | None = argument("the .voice file to write; by default it is called like the voice", None)
    base: str | None = argument("the bundle that the cell was adapted from; by default the one that it names", None)
    precision: Annotated[str, OneOf("fp16", "fp32")] = argument("fp16 or fp32, of the numbers in the file", "fp16")
    licence: str = argument("under which licence the voice may be used", "")
    list: str | None = argument("a folder whose packs to list instead", None)
