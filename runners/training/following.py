"""What the devices of one training tell each other.

The first one leads: it reads the state, speaks, writes and decides how far to train. The others follow it from stop to
stop, each with its part of every batch, and judge with it what it has spoken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lightning_fabric import Fabric

from metrics.metric import Utterance
from runners.evaluation.evaluator import Evaluator
from runners.evaluation.judging import Advance, Judging, Panellists, Tables, groups_of, joined, judge
from runners.training.devices import any_of_them
from runners.training.material import Material
from runners.training.trainer import Trainer


@dataclass(frozen=True)
class Preparation:
    """There is something to be trained, so everybody makes a trainer."""


@dataclass(frozen=True)
class Stretch:
    """Steps that are trained next, unless one of the devices is told to end."""

    start: int
    stop: int


@dataclass(frozen=True)
class ToJudge:
    """Utterances of a step and a split, and the names of the metrics by which all judge their share of them."""

    utterances: Sequence[Utterance]
    metrics: tuple[str, ...]
    step: int
    split: str


Word = Preparation | Stretch | ToJudge | None
"""None: there is nothing more to do."""


def tell(fabric: Fabric, word: Word) -> None:
    """Say to all followers what is next; where there are none, nothing is said."""
    if fabric.world_size > 1:
        fabric.broadcast(word, src=0)


def heard(fabric: Fabric) -> Word:
    """What the leader says next."""
    word: Word = fabric.broadcast(None, src=0)
    return word


def follow(trainer: Trainer, material: Material, state: Path, evaluator: Evaluator) -> None:
    """Train what the leader trains and judge what it has spoken, until it says that there is no more.

    `state` is what it has gone on from, if it isn't at this trainer's step.
    """
    while (word := heard(trainer.fabric)) is not None:
        if isinstance(word, Stretch):
            _train(trainer, material, state, word)
        elif isinstance(word, ToJudge):
            evaluator.judge_with_others(word.utterances, word.metrics, word.step, word.split)


def judging_of(fabric: Fabric) -> Judging:
    """How what was spoken is judged: by this device, or by all of them, each in turn a group of utterances."""
    return judge if fabric.world_size == 1 else partial(_judge_together, fabric)


def _train(trainer: Trainer, material: Material, state: Path, stretch: Stretch) -> None:
    if trainer.step != stretch.start:
        trainer.load(state)
    data = (material.utterances, material.speaker_ids, material.batches)
    for _ in trainer.epoch(*data, until=stretch.stop):
        if any_of_them(trainer.fabric, False):
            break


def _judge_together(
    fabric: Fabric, panellists: Panellists, utterances: Sequence[Utterance], step: int, split: str, advance: Advance
) -> Tables:
    """All devices come here, the others by what the first one tells them; all know afterwards what each has said."""
    if fabric.is_global_zero:
        tell(fabric, ToJudge(utterances, tuple(metric.name for metric in panellists.metrics), step, split))
    groups = groups_of(utterances)
    mine: dict[int, Tables] = {}
    for place in range(fabric.global_rank, len(groups), fabric.world_size):
        mine[place] = panellists.judge(groups[place], step, split)
        advance(len(groups[place]))
    told: dict[int, Tables] = {}
    for device in range(fabric.world_size):
        told |= fabric.broadcast(mine, src=device)
    advance(sum(len(groups[place]) for place in told.keys() - mine.keys()))
    return joined(told[place] for place in sorted(told))
