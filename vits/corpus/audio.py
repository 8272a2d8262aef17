"""Reading recordings of any common format and rate."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr
from jaxtyping import Float32

from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import check_readable

FORMATS = "WAV, FLAC, Ogg Vorbis, Opus or MP3"


def read_audio(path: Path, sample_rate: int) -> Float32[np.ndarray, "samples"]:
    """A recording in [-1, 1] as one channel (the average of several) at `sample_rate` Hz.

    Raises:
        InputError: the file is missing, empty, not audio, or contains NaN or infinite samples.
    """
    wave, its_rate = _decoded(path)
    if wave.size == 0:
        raise InputError(f"{path} contains no audio; record it again or remove it from the list")
    if not np.isfinite(wave).all():
        raise InputError(f"{path} contains NaN or infinite samples; export it again or remove it from the list")
    mono = wave.mean(axis=1, dtype=np.float32)
    if its_rate != sample_rate:
        mono = soxr.resample(mono, its_rate, sample_rate)
    return np.ascontiguousarray(mono, dtype=np.float32)


def write_audio(path: Path, wave: Float32[np.ndarray, "samples"], sample_rate: int) -> None:
    """Write a wave in the format that the file's suffix names; others see the file in whole or not at all.

    Raises:
        InputError: the suffix names none, or the place can't be written to.
    """
    content = io.BytesIO()
    try:
        soundfile.write(content, wave, sample_rate, format=path.suffix[1:].upper())
    except (soundfile.LibsndfileError, ValueError, TypeError):
        raise InputError(f"can't write {path}: {shown(path.suffix)} names no such format; give .wav or .flac") from None
    write_atomically(path, content.getvalue())


def own_rate(path: Path) -> int:
    """The file's own rate; any rate for a file that can't be read, of which `read_audio` says what is wrong."""
    try:
        return soundfile.info(path).samplerate
    except (soundfile.LibsndfileError, TypeError):
        return 16_000


def _decoded(path: Path) -> tuple[Float32[np.ndarray, "samples channels"], int]:
    """The samples and the rate in the file."""
    check_readable(path)
    if path.stat().st_size == 0:
        raise InputError(f"{path} is an empty file; record it again or remove it from the list")
    try:
        return soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise InputError(f"{path} can't be read as audio ({error.error_string}); use {FORMATS}") from error
    except TypeError as error:  # raised for .raw files, which don't tell their format
        raise InputError(f"{path} doesn't tell its format; use {FORMATS}") from error
