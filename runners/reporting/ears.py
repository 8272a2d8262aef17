"""What listeners say of the systems, and how far the metrics agree with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metrics.metric import Metric
from metrics.statistics.preferences import Estimated, Votes, preferred, weighted_means
from runners.reporting.heard_answers import Answers, Preference, read_answers
from runners.reporting.results import Experiment
from vits.common.errors import InputError

SEED = 0  # of the resamples: the same answers give the same numbers
KEY = Path("listening") / "key.json"


@dataclass(frozen=True)
class Ears:
    """Of each system how often it is preferred and how alike its voices are, and of each metric how often it agrees.

    `contradictions` says of each listener how many of the pairs that were repeated they answered otherwise.
    """

    n_raters: int
    n_votes: int
    preferred: tuple[Estimated, ...]
    similar: tuple[Estimated, ...]
    agreement: tuple[Estimated, ...]
    contradictions: Mapping[str, tuple[int, int]]


def hear(experiment: Experiment, files: Sequence[str], metrics: Sequence[Metric], alpha: float) -> Ears:
    """Join the files of answers to an experiment's listening test.

    Raises:
        InputError: the experiment has no listening test, or a file can't be read as an answer to it.
    """
    key = experiment.folder / KEY
    if not key.is_file():
        raise InputError(f"{experiment.folder} has no listening test; make one: runners/listen.py experiment=...")
    answers = read_answers(key, [Path(file) for file in files])
    return Ears(
        len(answers.raters),
        len(answers.preferences),
        _preferred(answers, alpha),
        _similar(answers, alpha),
        _agreement(answers, experiment, metrics, alpha),
        answers.contradictions(),
    )


def _preferred(answers: Answers, alpha: float) -> tuple[Estimated, ...]:
    votes = answers.preferences
    if not votes:
        return ()
    systems = sorted({sound.system for vote in votes for sound in vote.pair})
    number = {system: place for place, system in enumerate(systems)}
    found = preferred(
        Votes(
            tuple(systems),
            np.array([number[vote.winner.system] for vote in votes]),
            np.array([number[vote.loser.system] for vote in votes]),
            _numbers([vote.rater for vote in votes]),
            _numbers([vote.winner.sentence for vote in votes]),
        ),
        alpha=alpha,
        rng=np.random.default_rng(SEED),
    )
    return tuple(sorted(found, key=lambda estimate: -estimate.value))


def _similar(answers: Answers, alpha: float) -> tuple[Estimated, ...]:
    rated = answers.ratings
    if not rated:
        return ()
    systems = tuple(sorted({rating.sound.system for rating in rated}))
    found = weighted_means(
        systems,
        np.array([systems.index(rating.sound.system) for rating in rated]),
        np.array([float(rating.score) for rating in rated]),
        _numbers([rating.rater for rating in rated]),
        _numbers([rating.sound.sentence for rating in rated]),
        alpha=alpha,
        rng=np.random.default_rng(SEED),
    )
    return tuple(sorted(found, key=lambda estimate: -estimate.value))


def _agreement(
    answers: Answers, experiment: Experiment, metrics: Sequence[Metric], alpha: float
) -> tuple[Estimated, ...]:
    """Of each metric the share of votes in which it scores the preferred sound better; equal scores count half."""
    scores = _scores(experiment)
    found = []
    for metric in metrics:
        agreed = [(vote, _agrees(vote, metric, scores)) for vote in answers.preferences]
        agreed = [(vote, value) for vote, value in agreed if not math.isnan(value)]
        if agreed:
            found += weighted_means(
                (metric.name,),
                np.zeros(len(agreed), dtype=np.int64),
                np.array([value for _, value in agreed]),
                _numbers([vote.rater for vote, _ in agreed]),
                _numbers([vote.winner.sentence for vote, _ in agreed]),
                alpha=alpha,
                rng=np.random.default_rng(SEED),
            )
    return tuple(found)


def _agrees(vote: Preference, metric: Metric, scores: Mapping[tuple[str, str, str, str], float]) -> float:
    won, lost = (
        scores.get((metric.name, sound.system, sound.speaker, sound.utterance), math.nan)
        for sound in (vote.winner, vote.loser)
    )
    if math.isnan(won) or math.isnan(lost):
        return math.nan
    better = (won - lost) * metric.sign
    return 0.5 if better == 0 else float(better > 0)


def _scores(experiment: Experiment) -> Mapping[tuple[str, str, str, str], float]:
    """The scores of what can be heard, which is of each system's first seed."""
    first = {system.label: system.seeds[0] for system in experiment.systems}
    rows = experiment.final
    rows = rows[rows["seed"] == rows["system"].map(first)]
    keys = zip(rows["metric"], rows["system"], rows["speaker"], rows["utterance"], strict=True)
    return dict(zip(keys, rows["value"], strict=True))


def _numbers(names: Sequence[str]) -> np.ndarray:
    return np.unique(np.array(names), return_inverse=True)[1]
