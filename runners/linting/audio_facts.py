"""What the samples of a recording tell about it, measured once and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from jaxtyping import Float32
from tqdm import tqdm

from vits.common.atomic_files import content_key
from vits.common.errors import InputError
from vits.common.kept_files import keep_json, kept_json
from vits.common.readers import is_file, read_bytes
from vits.corpus.audio import own_rate, read_audio
from vits.corpus.clip import Clip

FORMAT = b"2"  # raise it when a measurement changes
WINDOW_S = 0.05  # about the length of a vowel
FULL_SCALE = 1 - 2**-13  # what 16 bits can hold, less what rounding may take
NEAR_PEAK = 0.99
FLAT = 2**-14  # two steps of 16 bits; at a peak that isn't cut off, neighbours differ by more
SILENCE_DB = -120.0


@dataclass(frozen=True)
class AudioFacts:
    """A recording in numbers.

    `clipped` is the share of samples in [0, 1] that were cut off: at full scale, or in a row of at least three
    equal ones at the clip's own peak. `loudest_db` is the level of the loudest 50 ms in dB of full scale, -120
    for digital silence. `samples` is the fingerprint of the samples at 16 bits and of the rate, whatever the
    file's format and name.
    """

    duration_s: float
    clipped: float
    loudest_db: float
    samples: str


class KeptFacts(TypedDict):
    """The same as a cache keeps it in JSON."""

    duration_s: float
    clipped: float
    loudest_db: float
    samples: str


@dataclass(frozen=True)
class Recordings:
    """Facts of those recordings that can be read, and why others can't, by the clip's name.

    A clip whose file is missing is in neither.
    """

    facts: Mapping[str, AudioFacts]
    unreadable: Mapping[str, str]


def measure_all(clips: Sequence[Clip], cache_dir: Path) -> Recordings:
    """The facts of the clips whose files are there; a few milliseconds each at first, then from the cache."""
    present = [clip for clip in clips if is_file(clip.path)]

    def one(clip: Clip) -> AudioFacts | str:
        try:
            return audio_facts(clip.path, cache_dir)
        except InputError as error:
            return str(error)

    with ThreadPoolExecutor(max_workers=torch.get_num_threads()) as pool:
        told = pool.map(one, present)
        progress = tqdm(told, desc="measuring recordings", total=len(present), unit="clip", disable=None, leave=False)
        outcomes = {clip.name: outcome for clip, outcome in zip(present, progress, strict=True)}
    return Recordings(
        {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, AudioFacts)},
        {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, str)},
    )


def audio_facts(path: Path, cache_dir: Path) -> AudioFacts:
    """The facts of one recording, from the cache if the file's bytes were measured before.

    Raises:
        InputError: the file can't be read as audio.
    """
    kept = cache_dir / "audio_facts" / f"{content_key([FORMAT, read_bytes(path)])}.json"
    known = kept_json(kept, KeptFacts)
    if known is not None:
        return AudioFacts(**known)
    rate = own_rate(path)
    facts = measure(read_audio(path, rate), rate)
    keep_json(kept, asdict(facts))
    return facts


def measure(wave: Float32[np.ndarray, "samples"], sample_rate: int) -> AudioFacts:
    """The facts of a wave in [-1, 1]."""
    quantised = np.clip(np.round(wave * 32768), -32768, 32767).astype("<i2")
    return AudioFacts(
        duration_s=wave.size / sample_rate,
        clipped=float(_cut_off(wave).mean()),
        loudest_db=_loudest_db(wave, round(WINDOW_S * sample_rate)),
        samples=content_key([str(sample_rate).encode(), quantised.tobytes()])[:12],
    )


def _cut_off(wave: Float32[np.ndarray, "samples"]) -> np.ndarray:
    """Which samples were cut off."""
    level = np.abs(wave)
    flat = (np.abs(np.diff(wave)) <= FLAT) & (level[1:] >= NEAR_PEAK * level.max()) & (level.max() > 0.5)
    in_row = np.zeros(wave.size, dtype=bool)
    for start in np.flatnonzero(flat[:-1] & flat[1:]):
        in_row[start : start + 3] = True
    return in_row | (level >= FULL_SCALE)


def _loudest_db(wave: Float32[np.ndarray, "samples"], window: int) -> float:
    """The root mean square of the loudest window, in dB of full scale."""
    power = np.square(wave, dtype=np.float64)
    padded = np.pad(power, (0, -power.size % window)).reshape(-1, window)
    loudest = float(padded.sum(axis=1).max() / min(window, power.size))
    return max(10 * float(np.log10(loudest)), SILENCE_DB) if loudest > 0 else SILENCE_DB
