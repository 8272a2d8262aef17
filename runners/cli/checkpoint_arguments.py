"""What taking checkpoints in and out asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runners.cli.arguments import argument
from vits.common.errors import InputError

MB_ISTFT_VITS2 = "mb_istft_vits2"
IMPORTED = (MB_ISTFT_VITS2, "vits", "transformers", "coqui", "piper")
EXPORTED = (MB_ISTFT_VITS2,)


def check_format(name: str, formats: Sequence[str]) -> None:
    """Check that checkpoints of that format can be read, or written.

    Raises:
        InputError: they can't.
    """
    if name not in formats:
        raise InputError(f"format={name} is unknown; choose one of {', '.join(formats)}")


@dataclass
class ImportCheckpointArguments:
    """A model's files, and where the bundle goes."""

    G: str = argument("the generator's checkpoint, or a folder that holds one")
    out: str = argument("the folder of the bundle")
    config: str | None = argument("the JSON configuration that it was trained with; found if it lies beside it", None)
    filelist: str | None = argument(
        "the list that the generator was trained on; says which speaker rows were trained (mb_istft_vits2 needs it)",
        None,
    )
    D: str | None = argument("the multi-period discriminator's checkpoint; without it, new ones start from noise", None)
    DUR: str | None = argument("the duration discriminator's checkpoint; likewise", None)
    wavs: str | None = argument("the root of the list's recordings; without it, there are no voiceprints", None)
    transcripts: str | None = argument(
        "a table id<TAB>spelling of the list's recordings; lint.py then finds sentences that the base knows", None
    )
    optimizer: bool = argument("keep the generator's optimizer state (true or false)", False)
    symbols: str | None = argument("a JSON list of its symbols by their ids, where its files don't tell them", None)
    language: str | None = argument("espeak's code of its language, where its files don't tell it", None)
    format: str | None = argument(f"whose files they are, {', '.join(IMPORTED)}; found out by default", None)

    def __post_init__(self) -> None:
        if self.format is not None:
            check_format(self.format, IMPORTED)


@dataclass
class ExportCheckpointArguments:
    """Which bundle, and where its files go."""

    base: str = argument("the folder of the bundle")
    out: str = argument("the folder of the checkpoints")
    format: str = argument("whose files they shall be", MB_ISTFT_VITS2)

    def __post_init__(self) -> None:
        check_format(self.format, EXPORTED)
