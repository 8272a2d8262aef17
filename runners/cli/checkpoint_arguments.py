"""What taking checkpoints in and out asks for."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument
from vits.common.errors import InputError

MB_ISTFT_VITS2 = "mb_istft_vits2"
FORMATS = (MB_ISTFT_VITS2,)


def check_format(name: str) -> None:
    """Check that checkpoints of that format can be read and written.

    Raises:
        InputError: they can't.
    """
    if name not in FORMATS:
        raise InputError(f"format={name} is unknown; choose one of {', '.join(FORMATS)}")


@dataclass
class ImportCheckpointArguments:
    """The reference's files, and where the bundle goes."""

    G: str = argument("the generator's checkpoint")
    config: str = argument("the reference's JSON configuration, which the checkpoints were trained with")
    filelist: str = argument("the list that the generator was trained on; says which speaker rows were trained")
    out: str = argument("the folder of the bundle")
    D: str | None = argument("the multi-period discriminator's checkpoint; without it, new ones start from noise", None)
    DUR: str | None = argument("the duration discriminator's checkpoint; likewise", None)
    wavs: str | None = argument("the root of the list's recordings; without it, there are no voiceprints", None)
    transcripts: str | None = argument(
        "a table id<TAB>spelling of the list's recordings; lint.py then finds sentences that the base knows", None
    )
    optimizer: bool = argument("keep the generator's optimizer state (true or false)", False)
    format: str = argument("whose files they are", MB_ISTFT_VITS2)

    def __post_init__(self) -> None:
        check_format(self.format)


@dataclass
class ExportCheckpointArguments:
    """Which bundle, and where its files go."""

    base: str = argument("the folder of the bundle")
    out: str = argument("the folder of the checkpoints")
    format: str = argument("whose files they shall be", MB_ISTFT_VITS2)

    def __post_init__(self) -> None:
        check_format(self.format)
