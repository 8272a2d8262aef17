"""Grids whose truth is known: systems on two axes, with seeds, voices and sentences that matter as planted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from metrics.statistics.paired_scores import PairedScores, Scale
from vits.common.errors import InputError

SECS_SCALE = Scale("secs", "cosine", higher_is_better=True, lowest=-1.0, highest=1.0)


@dataclass(frozen=True)
class Spreads:
    """Standard deviations of one value's parts, in the metric's unit.

    `seed` is of a training, alike for all voices; `seed_by_voice` of a training's luck with one voice; `voice` of
    how a voice suits a system; `text` of how a system fares with a text; `chance` of a single utterance.
    """

    seed: float
    seed_by_voice: float
    voice: float
    text: float
    chance: float

    def __post_init__(self) -> None:
        if min(self.seed, self.seed_by_voice, self.voice, self.text, self.chance) < 0:
            raise InputError(f"{self}: spreads must be 0 or more")


README_SPREADS: Mapping[str, Spreads] = MappingProxyType(
    {
        "secs": Spreads(seed=0.006, seed_by_voice=0.0135, voice=0.037, text=0.028, chance=0.028),
        "ge2e": Spreads(seed=0.002, seed_by_voice=0.0045, voice=0.015, text=0.012, chance=0.012),
        "wer": Spreads(seed=0.011, seed_by_voice=0.0246, voice=0.002, text=0.04, chance=0.11),
    }
)
"""As in a grid of the README's size: over five voices and 20 sentences each, a system's mean varies between seeds by
0.009 (SECS), 0.003 (GE2E) and 0.019 (WER, a third of its square by the chance of single sentences), and pairs differ
as `DEMO_VARIANCES` says of that grid."""


@dataclass(frozen=True, eq=False)
class Truth:
    """The systems' true means, by whom they hold for: of these voices, of any training or as they were trained, and
    of voices like these, likewise."""

    of_voices: Float[np.ndarray, "systems"]
    of_voices_as_trained: Float[np.ndarray, "systems"]
    in_general: Float[np.ndarray, "systems"]
    in_general_as_trained: Float[np.ndarray, "systems"]


@dataclass(frozen=True)
class PlantedGrid:
    """A grid of `means` (rows are one axis, columns the other), with normal parts around each.

    `unequal` multiplies all spreads of each system, one factor a system in the order of `systems`.
    With `shared_texts`, all voices speak the same texts.
    """

    means: tuple[tuple[float, ...], ...]
    spreads: Spreads
    scale: Scale = SECS_SCALE
    seeds: int = 3
    speakers: int = 5
    sentences: int = 20
    shared_texts: bool = False
    unequal: tuple[float, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.unequal and len(self.unequal) != len(self.systems):
            raise InputError(f"unequal={self.unequal} must have one factor for each of {len(self.systems)} systems")
        if min(self.seeds, self.speakers, self.sentences) < 1:
            raise InputError(f"{self} needs at least one seed, voice and sentence")

    @property
    def levels(self) -> dict[str, dict[str, str]]:
        """The level of each system on each axis."""
        rows, columns = range(len(self.means)), range(len(self.means[0]))
        return {f"s{i} · f{j}": {"strategy": f"s{i}", "freeze": f"f{j}"} for i, j in product(rows, columns)}

    @property
    def systems(self) -> tuple[str, ...]:
        return tuple(self.levels)

    def draw(self, rng: np.random.Generator) -> tuple[PairedScores, Truth]:
        """One experiment and the truth of what it drew."""
        shape = (len(self.systems), self.seeds, self.speakers, self.sentences)
        k, r, s, u = shape
        spreads, factor = self.spreads, np.array(self.unequal or (1.0,) * k)[:, None, None, None]
        means = np.array(self.means, dtype=np.float64).ravel()
        voice = spreads.voice * rng.standard_normal((k, 1, s, 1)) * factor
        training = factor * spreads.seed * rng.standard_normal((k, r, 1, 1))
        luck = factor * spreads.seed_by_voice * rng.standard_normal((k, r, s, 1))
        text = spreads.text * rng.standard_normal((k, 1, 1 if self.shared_texts else s, u))
        chance = spreads.chance * rng.standard_normal(shape)
        values = means[:, None, None, None] + voice + training + luck + factor * (text + chance)
        texts = np.broadcast_to(np.arange(u), (s, u)) if self.shared_texts else np.arange(s * u).reshape(s, u)
        scores = PairedScores(
            self.scale,
            self.systems,
            tuple(f"voice {place}" for place in range(s)),
            values.reshape(k, r, s * u),
            np.ones(s * u),
            np.repeat(np.arange(s), u),
            texts.ravel().copy(),
        )
        of_voices, trained = means + voice.mean(axis=(1, 2, 3)), training.mean(axis=(1, 2, 3))
        as_trained = of_voices + trained + luck.mean(axis=(1, 2, 3))
        return scores, Truth(of_voices, as_trained, means, means + trained)
