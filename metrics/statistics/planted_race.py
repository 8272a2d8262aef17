"""Races whose truth is known: systems whose learning curves are planted, with voices and sentences that matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from metrics.statistics.paired_scores import PairedScores
from metrics.statistics.planted_grid import README_SPREADS, SECS_SCALE, Spreads
from metrics.statistics.racing import at_stage
from vits.common.errors import InputError


@dataclass(frozen=True)
class SaturatingCurves:
    """Each system goes from its start to its limit, by 63 % of the way in `pace` steps."""

    starts: tuple[float, ...]
    limits: tuple[float, ...]
    paces: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.starts) == len(self.limits) == len(self.paces) or min(self.paces, default=0) <= 0:
            raise InputError(f"{self}: give every system a start, a limit and a pace above 0")

    def at(self, step: int) -> Float[np.ndarray, "systems"]:
        """What each system reaches after so many steps."""
        starts, limits, paces = (np.array(part) for part in (self.starts, self.limits, self.paces))
        return limits + (starts - limits) * np.exp(-step / paces)

    @property
    def systems(self) -> tuple[str, ...]:
        return tuple(f"s{place}" for place in range(len(self.starts)))


class PlantedRace:
    """One race: `speakers` voices speak `sentences` each, the same at every stage, in every system.

    How a voice or a text suits a system stays as it is through the training; `chance` is drawn at every stage.
    """

    def __init__(
        self,
        curves: SaturatingCurves,
        rng: np.random.Generator,
        spreads: Spreads = README_SPREADS["secs"],
        speakers: int = 5,
        sentences: int = 10,
    ) -> None:
        self.curves, self.rng, self.spreads = curves, rng, spreads
        self.speakers, self.sentences = speakers, sentences
        k = len(curves.systems)
        self.voice = spreads.voice * rng.standard_normal((k, speakers, 1))
        self.text = spreads.text * rng.standard_normal((k, speakers, sentences))

    def truth(self, step: int) -> Float[np.ndarray, "systems"]:
        """What each system reaches with these voices, on any sentences."""
        return self.curves.at(step) + self.voice.mean(axis=(1, 2))

    def score(self, step: int) -> Float[np.ndarray, "systems utterances"]:
        """The values of a stage."""
        own = self.curves.at(step)[:, None, None] + self.voice + self.text
        values = own + self.spreads.chance * self.rng.standard_normal(own.shape)
        return values.reshape(len(own), -1)

    def seen(self, scores: Mapping[int, Float[np.ndarray, "systems utterances"]], left: Sequence[str]) -> PairedScores:
        """The stages that were scored, by step, of the systems that are left, as systems of their own."""
        kept = [self.curves.systems.index(system) for system in left]
        values = np.stack([stage[kept] for stage in scores.values()], axis=1)
        return PairedScores(
            SECS_SCALE,
            tuple(at_stage(system, step) for system in left for step in scores),
            tuple(f"voice {place}" for place in range(self.speakers)),
            values.reshape(-1, 1, values.shape[-1]),
            np.ones(values.shape[-1]),
            np.repeat(np.arange(self.speakers), self.sentences),
            np.arange(values.shape[-1]),
        )
