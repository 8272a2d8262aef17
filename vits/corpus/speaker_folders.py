"""Which of the folders that a recording lies in are called like its speaker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from vits.common.errors import InputError
from vits.common.readers import shown_path


def speaker_depth(files: Sequence[PurePath], folder: Path, settle: str) -> int:
    """How many folders down the speakers' are, from 1, of recordings by their paths below `folder`.

    Where files are called like a folder that they lie in, that is the speaker's, as in VCTK (`wav48/p225/p225_001`) and
    LibriTTS (`dev-clean/1688/142285/1688_142285_000000_000000`). Else it is the first: what lies below are a voice's
    sessions, as far as they may be.

    Raises:
        InputError: the folders in the first ones may as well be of a voice each; it says to do what `settle` says.
    """
    nested = [file.parts for file in files if len(file.parts) > 1]
    for depth in range(1, max(map(len, nested), default=0)):
        if all(_is_called_like(parts, depth) for parts in nested):
            return depth
    first, second = {parts[:1] for parts in nested}, {parts[:2] for parts in nested}
    all_deeper = all(len(file.parts) > 2 for file in files)
    if all_deeper and len(second) > len(first) and len({name for _, name in second}) == len(second):
        raise InputError(f"{_both_readings(folder, sorted(first), sorted(second))}; {settle}")
    return 1


def _is_called_like(parts: Sequence[str], depth: int) -> bool:
    """Whether a file's name begins with that of the folder so far down, and goes on with something else."""
    if len(parts) <= depth:
        return False
    name, stem = parts[depth - 1], PurePath(parts[-1]).stem
    return len(stem) > len(name) and stem.startswith(name) and not stem[len(name)].isalnum()


def _both_readings(folder: Path, first: Sequence[tuple[str, ...]], second: Sequence[tuple[str, ...]]) -> str:
    whole = shown_path(folder)
    voices = "1 voice" if len(first) == 1 else f"{len(first)} voices"
    return f"{whole} may hold {voices} ({_named(first)}) or {len(second)} ({_named(second)})"


def _named(folders: Sequence[tuple[str, ...]]) -> str:
    shown = ["/".join(folder) for folder in folders[:2]]
    return ", ".join([*shown, *(["..."] if len(folders) > len(shown) else [])])
