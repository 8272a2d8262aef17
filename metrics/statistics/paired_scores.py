"""One metric's values of several systems on the same utterances, with the seeds and sentences they share."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from vits.common.errors import InputError

SCORE_COLUMNS = ("system", "seed", "speaker", "utterance", "text", "value")
UTTERANCE = ["speaker", "utterance"]


@dataclass(frozen=True)
class Scale:
    """What a metric's values mean: their unit, their direction, and the range that no stated bound may leave."""

    metric: str
    unit: str
    higher_is_better: bool
    lowest: float = -math.inf
    highest: float = math.inf

    def __post_init__(self) -> None:
        if not self.lowest < self.highest:
            raise InputError(f"{self.metric}: lowest={self.lowest} must be below highest={self.highest}")

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.higher_is_better else -1

    @property
    def widest(self) -> float:
        """The largest difference there can be between two systems; infinite if the metric is unbounded."""
        return self.highest - self.lowest


@dataclass(frozen=True, eq=False)
class PairedScores:
    """One metric's values of several systems on the utterances that all of them have.

    `values` is NaN exactly where a system wasn't trained with that seed. `speaker_of` and `text_of` number each
    utterance's speaker and text; utterances of one text are one draw of a sentence, whoever speaks them. `weights`
    is what an utterance counts within its speaker (the words of the reference, for WER). `untrained` are systems
    without any training, such as the base itself: no seed can change them. `n_dropped` counts values that were left
    out, as another system lacks its value on that utterance.

    Raises:
        InputError: nothing is left to compare, a value is infinite, or a weight isn't positive.
    """

    scale: Scale
    systems: tuple[str, ...]
    speakers: tuple[str, ...]
    values: Float[np.ndarray, "systems seeds utterances"]
    weights: Float[np.ndarray, "utterances"]
    speaker_of: Int[np.ndarray, "utterances"]
    text_of: Int[np.ndarray, "utterances"]
    untrained: frozenset[str] = frozenset()
    n_dropped: int = 0

    def __post_init__(self) -> None:
        name = self.scale.metric
        if 0 in self.values.shape:
            raise InputError(f"{name}: no utterance has a value of every system; score all on one test set")
        if np.isinf(self.values).any():
            raise InputError(f"{name}: a value is infinite; make it a number, or NaN where it is undefined")
        if not (np.isfinite(self.weights).all() and (self.weights > 0).all()):
            raise InputError(f"{name}: a weight is 0, negative or no number; weights must be positive")
        unknown = self.untrained - set(self.systems)
        if unknown:
            raise InputError(f"{name}: untrained={sorted(unknown)} aren't among {', '.join(self.systems)}")

    @property
    def trained_with(self) -> Bool[np.ndarray, "systems seeds"]:
        """With which seeds each system was trained."""
        return ~np.isnan(self.values[:, :, 0])

    def of_speakers(self, chosen: Collection[str]) -> PairedScores:
        """The utterances of some speakers alone.

        Raises:
            InputError: there is no such speaker.
        """
        places = [self.speakers.index(name) for name in self.speakers if name in chosen]
        if len(places) < len(set(chosen)) or not places:
            raise InputError(f"speakers={sorted(chosen)} must be among {', '.join(self.speakers)}")
        kept = np.isin(self.speaker_of, places)
        return PairedScores(
            self.scale,
            self.systems,
            tuple(self.speakers[place] for place in places),
            self.values[:, :, kept],
            self.weights[kept],
            np.searchsorted(places, self.speaker_of[kept]),
            self.text_of[kept],
            self.untrained,
        )


def paired_scores(rows: pd.DataFrame, scale: Scale, untrained: Collection[str] = ()) -> PairedScores:
    """One metric's rows (columns `system, seed, speaker, utterance, text, value`, and `weight` if any) as arrays.

    Utterances on which any system lacks a value, or that weigh nothing, are left out for all: a system that fails
    on hard sentences must not be judged on the easy ones alone. Systems keep the order in which they first occur.

    Raises:
        InputError: a column is missing, an utterance has two rows, or texts or weights differ between systems.
    """
    _check(rows, scale)
    spoken = rows.drop_duplicates(UTTERANCE).sort_values(UTTERANCE, kind="stable")
    weights = spoken["weight"].to_numpy(dtype=np.float64) if "weight" in rows else np.ones(len(spoken))
    systems, seeds = pd.unique(rows["system"]), sorted(pd.unique(rows["seed"]))
    where = (
        pd.Index(systems).get_indexer(rows["system"]),
        pd.Index(seeds).get_indexer(rows["seed"]),
        pd.MultiIndex.from_frame(spoken[UTTERANCE]).get_indexer(pd.MultiIndex.from_frame(rows[UTTERANCE])),
    )
    values = np.full((len(systems), len(seeds), len(spoken)), np.nan)
    values[where] = rows["value"].to_numpy(dtype=np.float64)
    trained = np.zeros(values.shape[:2], dtype=bool)
    trained[where[:2]] = True
    kept = (~np.isnan(values) | ~trained[:, :, None]).all(axis=(0, 1)) & (weights > 0)
    speakers, speaker_of = np.unique(spoken["speaker"].to_numpy(dtype=str)[kept], return_inverse=True)
    return PairedScores(
        scale,
        tuple(map(str, systems)),
        tuple(map(str, speakers)),
        values[:, :, kept],
        weights[kept],
        speaker_of,
        np.unique(spoken["text"].to_numpy(dtype=str)[kept], return_inverse=True)[1],
        frozenset(untrained),
        n_dropped=int(np.count_nonzero(~np.isnan(values[:, :, ~kept]))),
    )


def _check(rows: pd.DataFrame, scale: Scale) -> None:
    missing = [column for column in SCORE_COLUMNS if column not in rows]
    if missing:
        columns = ", ".join(SCORE_COLUMNS)
        raise InputError(f"{scale.metric}: the table lacks {', '.join(missing)}; its columns must be {columns}")
    twice = rows[rows.duplicated(["system", "seed", *UTTERANCE])]
    if len(twice):
        first = ", ".join(f"{key}={twice.iloc[0][key]}" for key in ("system", "seed", *UTTERANCE))
        raise InputError(f"{scale.metric}: the table has two rows for {first}; keep one")
    for column in ("text", "weight"):
        if column in rows and (rows.groupby(UTTERANCE)[column].nunique() > 1).any():
            raise InputError(f"{scale.metric}: an utterance's {column} differs between systems; score all on one set")
