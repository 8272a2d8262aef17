"""What the scores say of the systems, metric by metric, before anything is concluded from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.metric_scores import metric_changes, metric_scores
from metrics.statistics.variance_components import Components, components
from runners.evaluation.evaluation_settings import RETENTION, TEXTS
from runners.reporting.results import Experiment
from vits.common.errors import InputError
from vits.corpus.split import TEST

BASE = "the untouched base"
BASE_VOICES = "the base's voices"
JUDGED = (TEST, TEXTS)
FEWEST_COMPARED = 2


@dataclass(frozen=True, eq=False)
class Evidence:
    """Scores with what makes them uncertain, by the metric's name.

    `new` are the new voices' test sentences, recorded or not, and further ones of systems that may be the best.
    `gained` is what training changed on them, where a
    cell has scores from before it. `retained` are the base's voices after training, the untouched base among the
    systems, and `lost` is what training changed on them; all their sentences are draws of one kind. Both are empty
    where cells have bases with no sentence in common.
    """

    new: Mapping[str, Components]
    gained: Mapping[str, Components]
    retained: Mapping[str, Components]
    lost: Mapping[str, Components]


def gather(experiment: Experiment) -> Evidence:
    """The evidence of all metrics that have values.

    Raises:
        InputError: no metric has any.
    """
    before, after = spoken(experiment, experiment.initial), spoken(experiment, experiment.final)
    trained = _trained(experiment)
    old_before, old_after = (of_base_voices(table) for table in (experiment.initial, experiment.final))
    if not share_sentences(old_after):
        old_before, old_after = old_before.iloc[:0], old_after.iloc[:0]
    defined = _scored(after, experiment)
    if not defined:
        raise InputError(f"{experiment.folder}: no test sentence has a value of any metric; listen to the cells' audio")
    return Evidence(
        new={metric.name: _with_further(after, spoken(experiment, experiment.further), metric) for metric in defined},
        gained=_changes(before[_keys(before).isin(trained)], after, experiment.metrics),
        retained=_retained(experiment, old_before, old_after),
        lost=_changes(old_before[_keys(old_before).isin(trained)], old_after, experiment.metrics),
    )


def _with_further(rows: pd.DataFrame, further: pd.DataFrame, metric: Metric) -> Components:
    """All systems on the sentences that all spoke, and those that spoke further ones on all of theirs."""
    found = components(metric_scores(rows, metric))
    spoke = further.loc[(further["metric"] == metric.name) & further["value"].notna(), "system"].unique()
    if len(spoke) < FEWEST_COMPARED:
        return found
    finer = pd.concat([rows[rows["system"].isin(spoke)], further[further["system"].isin(spoke)]], ignore_index=True)
    return replace(found, further=components(metric_scores(finer, metric)))


def spoken(experiment: Experiment, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the new voices' test sentences; a sentence's name says whether it was recorded, and `text` what it is."""
    rows = experiment.with_texts(rows[rows["split"].isin(JUDGED)])
    return rows.assign(utterance=rows["split"] + "/" + rows["utterance"])


def of_base_voices(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the base's voices, taken for one: each speaks a sentence or two, which are draws of one kind."""
    rows = rows[rows["split"] == RETENTION]
    name = rows["speaker"] + "/" + rows["utterance"]
    return rows.assign(text=name, utterance=name, speaker=BASE_VOICES)


def share_sentences(rows: pd.DataFrame) -> bool:
    """Whether some sentence of a voice is spoken by all systems; bases that have different voices share none."""
    spoken_by = rows.groupby("utterance")["system"].nunique()
    return bool((spoken_by == rows["system"].nunique()).any())


def _retained(experiment: Experiment, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Components]:
    """The base's voices after training and in the base itself, which no cell changes before it is trained."""
    if before.empty or after.empty:
        return {}
    first = before[before["system"] == experiment.systems[0].label].assign(system=BASE)
    rows = pd.concat([first, after], ignore_index=True)
    return {
        metric.name: components(metric_scores(rows, metric, untrained=[BASE])) for metric in _scored(rows, experiment)
    }


def _changes(before: pd.DataFrame, after: pd.DataFrame, metrics: Sequence[Metric]) -> dict[str, Components]:
    """What training changed, of the cells and metrics that were scored before and after it."""
    defined = [set(table.loc[table["value"].notna(), "metric"]) for table in (before, after)]
    shared = set.intersection(*defined)
    return {m.name: components(metric_changes(before, after, m)) for m in metrics if m.name in shared}


def _trained(experiment: Experiment) -> pd.Index:
    """The cells whose result is of a stage after the first step."""
    cells = [(s.label, cell.seed) for s in experiment.systems for cell in s.cells if cell.chosen.step > 0]
    return pd.MultiIndex.from_tuples(cells, names=["system", "seed"]) if cells else pd.MultiIndex.from_arrays([[], []])


def _keys(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[["system", "seed"]])


def _scored(rows: pd.DataFrame, experiment: Experiment) -> tuple[Metric, ...]:
    present = set(rows.loc[rows["value"].notna(), "metric"])
    return tuple(metric for metric in experiment.metrics if metric.name in present)
