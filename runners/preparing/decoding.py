"""Recordings of any format: by libsndfile where it can, by FFmpeg (PyAV) where it can't."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from jaxtyping import Float32

from metrics.optional_packages import require
from vits.common.errors import InputError
from vits.common.readers import check_readable, shown_path

HIGHEST_RATE = 48_000


def decode(path: Path) -> tuple[Float32[np.ndarray, "samples"], int]:
    """A recording as one channel (the average of several) in [-1, 1], and its rate, at most 48 kHz.

    Raises:
        InputError: it can't be read, or holds nothing that is sound.
    """
    check_readable(path)
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, TypeError):  # TypeError for .raw files, which don't tell their format
        samples, rate = _by_ffmpeg(path)
    if not len(samples):
        raise InputError(f"{shown_path(path)} contains no audio")
    mono = np.nan_to_num(samples.mean(axis=1, dtype=np.float32), posinf=0.0, neginf=0.0)
    if rate > HIGHEST_RATE:
        import soxr

        mono, rate = soxr.resample(mono, rate, HIGHEST_RATE), HIGHEST_RATE
    return np.ascontiguousarray(mono, dtype=np.float32), int(rate)


def _by_ffmpeg(path: Path) -> tuple[Float32[np.ndarray, "samples channels"], int]:
    av = require("av", "prepare", f"reading {shown_path(path)}")
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise InputError(f"{shown_path(path)} has no sound track")
            rate = container.streams.audio[0].rate
            resampler = av.AudioResampler(format="fltp", rate=rate)
            frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
            blocks = [part.to_ndarray() for part in (*frames, *resampler.resample(None))]
    except av.FFmpegError as error:
        raise InputError(f"{shown_path(path)} can't be read as audio ({error.strerror})") from None
    if not blocks:
        return np.zeros((0, 1), dtype=np.float32), rate
    return np.concatenate(blocks, axis=1).T.astype(np.float32), rate
