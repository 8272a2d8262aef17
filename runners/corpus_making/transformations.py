"""Other speakers made of recordings: what changes the size of a throat, and so who seems to speak.

A recording that is played faster has a higher pitch, higher formants and a quicker pace, as a smaller speaker has.
A vocoder can move the pitch and the formants apart. Each is a few milliseconds of work for a second of speech, where
synthesis takes a second.
"""

from __future__ import annotations

import importlib.util
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from vits.common.errors import InputError

SMALLEST_RATE, LARGEST_RATE = 0.5, 2.0
STRONGEST = 0.26  # of the natural logarithm of a factor that `drawn` draws: 0.77 to 1.30
LEAST = 0.06  # of it: less is the same speaker on another day
EVERY = 5  # voices, the last of which is made by the vocoder, which takes a hundred times as long


class Transformation(ABC):
    """Makes the recordings of one speaker those of another; its `str` is how the corpus's table names it."""

    @abstractmethod
    def __call__(self, wave: Float32[np.ndarray, "samples"], sample_rate: int) -> Float32[np.ndarray, "changed"]:
        """The recording as the other speaker would have made it, at the same rate."""


def require_factors(**factors: float) -> None:
    """Check that each factor leaves speech.

    Raises:
        InputError: one is out of range.
    """
    for name, factor in factors.items():
        if not SMALLEST_RATE <= factor <= LARGEST_RATE:
            raise InputError(f"{name}={factor} must be from {SMALLEST_RATE} to {LARGEST_RATE}; 1 changes nothing")


@dataclass(frozen=True)
class Resampled(Transformation):
    """Played `rate` times as fast: pitch, formants and pace rise together."""

    rate: float

    def __post_init__(self) -> None:
        require_factors(rate=self.rate)

    def __str__(self) -> str:
        return f"resampled({self.rate:.3f})"

    def __call__(self, wave: Float32[np.ndarray, "samples"], sample_rate: int) -> Float32[np.ndarray, "changed"]:
        import soxr

        return soxr.resample(wave, sample_rate * self.rate, sample_rate).astype(np.float32)


@dataclass(frozen=True)
class Revoiced(Transformation):
    """Pitch times `pitch` and formants times `formants`, at the same pace, by the vocoder WORLD.

    Morise, Yokomori and Ozawa, WORLD: a vocoder-based high-quality speech synthesis system, 2016.
    """

    pitch: float
    formants: float

    def __post_init__(self) -> None:
        require_factors(pitch=self.pitch, formants=self.formants)
        if importlib.util.find_spec("pyworld") is None:
            raise InputError("WORLD's voices need pyworld; install the extra: pip install -e '.[world]'")

    def __str__(self) -> str:
        return f"revoiced({self.pitch:.3f};{self.formants:.3f})"

    def __call__(self, wave: Float32[np.ndarray, "samples"], sample_rate: int) -> Float32[np.ndarray, "changed"]:
        import pyworld

        x = wave.astype(np.float64)
        f0_hz, times_s = pyworld.dio(x, sample_rate)
        f0_hz = pyworld.stonemask(x, f0_hz, times_s, sample_rate)
        envelope = pyworld.cheaptrick(x, f0_hz, times_s, sample_rate)
        aperiodicity = pyworld.d4c(x, f0_hz, times_s, sample_rate)
        warped = stretched(envelope, self.formants)
        return pyworld.synthesize(f0_hz * self.pitch, warped, aperiodicity, sample_rate).astype(np.float32)


def stretched(envelope: np.ndarray, factor: float) -> np.ndarray:
    """Every spectrum (frames x bins) with its peaks at `factor` times their frequency; the last bin fills the rest."""
    bins = np.arange(envelope.shape[1])
    source = np.minimum(bins / factor, bins[-1])
    low = np.minimum(source.astype(int), bins[-1] - 1)
    share = source - low
    logs = np.log(envelope)
    return np.ascontiguousarray(np.exp(logs[:, low] * (1 - share) + logs[:, low + 1] * share))


def drawn(count: int, generator: np.random.Generator) -> Iterator[Transformation]:
    """So many transformations at random, every fifth by the vocoder; each factor is 0.77 to 0.94 or 1.06 to 1.30.

    The rates are spread: they fall into as many equal parts of the range as there are.
    """
    places = (generator.permutation(count) + generator.uniform(size=count)) / count
    for number, place in enumerate(places, start=1):
        if number % EVERY == 0:
            yield Revoiced(_factor(float(generator.uniform())), _factor(place))
        else:
            yield Resampled(_factor(place))


def _factor(place: float) -> float:
    """The factor at a place from 0 to 1 of the range, on a logarithmic scale, with three decimals."""
    distance = 2 * place - 1
    return round(math.exp(math.copysign(LEAST + abs(distance) * (STRONGEST - LEAST), distance)), 3)
