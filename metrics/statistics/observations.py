"""One metric's values of several systems on the same utterances, side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from metrics.metric import Metric
from vits.common.errors import InputError

OBSERVATION_COLUMNS = ("system", "seed", "speaker", "utterance", "metric", "value")


@dataclass(frozen=True, eq=False)
class Observations:
    """One metric's values of several systems on the same utterances.

    `values` is NaN where a value is undefined, and where there is no such utterance: speakers with fewer
    utterances, and systems with fewer seeds, are filled up with NaN. `weights` is what an utterance counts within
    its speaker (the words of the reference for WER, 1 for a plain mean), and 0 where there is no such utterance.

    Raises:
        InputError: sizes that don't fit each other, names that occur twice, infinite values, negative weights.
    """

    metric: str
    unit: str
    higher_is_better: bool
    systems: tuple[str, ...]
    speakers: tuple[str, ...]
    values: Float[np.ndarray, "systems seeds speakers utterances"]
    weights: Float[np.ndarray, "speakers utterances"]

    def __post_init__(self) -> None:
        named = len(self.systems), len(self.speakers)
        if self.values.shape[::2] != named or self.values.shape[2:] != self.weights.shape:
            raise InputError(
                f"{self.metric}: values of shape {self.values.shape} and weights of shape {self.weights.shape} don't "
                f"fit {len(self.systems)} systems and {len(self.speakers)} speakers; order them as systems, seeds, "
                "speakers, utterances"
            )
        for what, names in (("system", self.systems), ("speaker", self.speakers)):
            if len(set(names)) < len(names):
                raise InputError(f"{self.metric}: a {what} is named twice in {', '.join(names)}; name each once")
        if 0 in self.values.shape:
            raise InputError(f"{self.metric}: there is nothing to compare; give at least one value")
        if np.isinf(self.values).any():
            raise InputError(f"{self.metric}: a value is infinite; make it a number, or NaN where it is undefined")
        if not (np.isfinite(self.weights).all() and (self.weights >= 0).all()):
            raise InputError(f"{self.metric}: a weight is negative or no number; weights must be 0 or more")


def observations(rows: pd.DataFrame, metric: Metric) -> Observations:
    """The rows of one metric (columns `system, seed, speaker, utterance, metric, value`) as an array.

    A system is what is compared, such as `"strategy=nearest, freeze=decoder"`; its seeds are repetitions of it.
    Systems keep the order in which they first occur. Rows of other metrics are ignored, except those of the
    component by which `metric` weighs its utterances.

    Raises:
        InputError: a column is missing; the metric has no rows; an utterance has two rows of the same metric, or
            no weight, or weights that differ between systems.
    """
    _check(rows, metric)
    ours = rows[rows["metric"] == metric.name]
    slots = ours[["speaker", "utterance"]].drop_duplicates().sort_values(["speaker", "utterance"])
    slots = slots.assign(position=slots.groupby("speaker").cumcount())
    systems, speakers = tuple(pd.unique(ours["system"])), tuple(pd.unique(slots["speaker"]))
    seeds = sorted(pd.unique(ours["seed"]))
    placed = ours.merge(slots, on=["speaker", "utterance"])

    values = np.full((len(systems), len(seeds), len(speakers), int(slots["position"].max()) + 1), np.nan)
    where = (
        pd.Index(systems).get_indexer(placed["system"]),
        pd.Index(seeds).get_indexer(placed["seed"]),
        pd.Index(speakers).get_indexer(placed["speaker"]),
        placed["position"].to_numpy(),
    )
    values[where] = placed["value"].to_numpy(dtype=np.float64)

    weights = np.zeros(values.shape[2:])
    place = pd.Index(speakers).get_indexer(slots["speaker"]), slots["position"].to_numpy()
    weights[place] = _weights(rows, metric, slots)
    return Observations(
        metric.name,
        metric.unit,
        metric.higher_is_better,
        tuple(map(str, systems)),
        tuple(map(str, speakers)),
        values,
        weights,
    )


def _weights(rows: pd.DataFrame, metric: Metric, slots: pd.DataFrame) -> Float[np.ndarray, "slots"]:
    """What each utterance counts, in the order of `slots`."""
    if metric.weight is None:
        return np.ones(len(slots))
    keys = ["speaker", "utterance"]
    own = rows[rows["metric"] == metric.weight].groupby(keys, sort=False)["value"]
    values = rows[rows["metric"] == metric.name].groupby(keys, sort=False)["value"]
    table = slots.merge(own.agg(["min", "max"]).reset_index(), on=keys, how="left")
    table = table.merge(values.count().rename("defined").reset_index(), on=keys)
    table.loc[table["min"].isna() & (table["defined"] == 0), ["min", "max"]] = 0.0  # undefined, and so is its weight
    wrong = table[table["min"].isna() | (table["min"] != table["max"])]
    if len(wrong):
        first = wrong.iloc[0]
        why = "is missing" if math.isnan(first["min"]) else f"is {first['min']:g} and {first['max']:g}"
        raise InputError(
            f"{metric.weight} of utterance {first['utterance']!r} of speaker {first['speaker']!r} {why}; every system "
            "must have spoken the same texts: score them on one test set"
        )
    return table["min"].to_numpy(dtype=np.float64)


def _check(rows: pd.DataFrame, metric: Metric) -> None:
    missing = [column for column in OBSERVATION_COLUMNS if column not in rows]
    if missing:
        columns = ", ".join(OBSERVATION_COLUMNS)
        raise InputError(f"the table to compare lacks {', '.join(missing)}; its columns must be {columns}")
    if not (rows["metric"] == metric.name).any():
        present = ", ".join(sorted(map(str, pd.unique(rows["metric"])))) or "none"
        raise InputError(f"the table to compare has no rows of {metric.name}; it has {present}")
    keys = [column for column in OBSERVATION_COLUMNS if column != "value"]
    twice = rows[rows["metric"].isin([metric.name, metric.weight]) & rows.duplicated(keys)]
    if len(twice):
        first = ", ".join(f"{key}={twice.iloc[0][key]}" for key in keys)
        raise InputError(f"the table to compare has two rows for {first}; keep one")
