"""What preparing recordings asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from runners.cli.arguments import argument
from vits.common.bounds import AtLeast, AtMost
from vits.common.errors import InputError
from vits.common.names import check_folder

ClipSeconds = Annotated[float, AtLeast(0.5), AtMost(30)]
"""Whisper hears 30 s at once, and less than half a second is no sentence."""
Depth = Annotated[int, AtLeast(1), AtMost(16)]
Decibels = Annotated[float, AtLeast(-20), AtMost(100)]


@dataclass
class PrepareArguments:
    """Which recordings, whose voice, and where the corpus goes."""

    audio: str = argument("a folder with one folder, or one file, for each speaker; or files, separated by commas")
    out: str = argument("the folder for the corpus; the recordings themselves stay as they are")
    speaker: str | None = argument(
        "whose voice all of it is; by default folders and files are called like theirs", None
    )
    speaker_folder: Depth | None = argument("how many folders down the speakers' are; found out by default", None)
    language: str = argument("espeak's code of the language spoken", "en-us")
    shortest_s: ClipSeconds = argument("shorter clips are left out", 2.0)
    longest_s: ClipSeconds = argument("longer clips are left out", 12.0)
    min_snr_db: Decibels = argument("noisier clips are left out, by WADA-SNR", 5.0)
    device: str = argument("auto, cpu, cuda or mps, for Whisper", "auto")

    def __post_init__(self) -> None:
        check_folder(self.out, "out")
        if self.speaker is not None and not self.speaker.strip():
            raise InputError("speaker= is empty; name whose voice it is, or leave it out")
        if not self.shortest_s < self.longest_s:
            raise InputError(f"shortest_s={self.shortest_s:g} must be below longest_s={self.longest_s:g}")
