"""What the devices of one training tell each other.

The first one leads: it reads the state, evaluates, writes and decides how far to train. The others follow it from stop
to stop, each with its part of every batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightning_fabric import Fabric

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


Word = Preparation | Stretch | None
"""None: there is nothing more to do."""


def tell(fabric: Fabric, word: Word) -> None:
    """Say to all followers what is next; where there are none, nothing is said."""
    if fabric.world_size > 1:
        fabric.broadcast(word, src=0)


def heard(fabric: Fabric) -> Word:
    """What the leader says next."""
    word: Word = fabric.broadcast(None, src=0)
    return word


def follow(trainer: Trainer, material: Material, state: Path) -> None:
    """Train what the leader trains, until it says that there is no more.

    `state` is what it has gone on from, if it isn't at this trainer's step.
    """
    while isinstance(word := heard(trainer.fabric), Stretch):
        if trainer.step != word.start:
            trainer.load(state)
        data = (material.utterances, material.speaker_ids, material.batches)
        for _ in trainer.epoch(*data, until=word.stop):
            if any_of_them(trainer.fabric, False):
                break
