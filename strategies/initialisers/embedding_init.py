"""What an initialiser of speaker embeddings sees and gives.

An initialiser is a frozen dataclass that maps the new speaker's recordings and the base speakers to one
embedding. It is a pure function of these and of a generator; the experiment puts the embedding into the model.
To add one: a class in a file beside this one, `@register("strategy", "<name>")`, and `conf/strategy/<name>.yaml`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from vits.common.errors import InputError

ECAPA = "ecapa-voxceleb"  # the encoder of all voiceprints, as `Metric.judge` names it


@dataclass(frozen=True)
class Enrolment:
    """Recordings of one new speaker, as unit voiceprints (one per clip)."""

    voiceprints: Float[Tensor, "clips print"]

    @property
    def mean_voiceprint(self) -> Float[Tensor, "print"]:
        """The unit vector nearest to all clips."""
        return torch.nn.functional.normalize(self.voiceprints.mean(0), dim=0)


@dataclass(frozen=True)
class BaseSpeakers:
    """The speakers that the base model was trained on, with their embeddings and unit mean voiceprints.

    Rows that were never trained are not among them: they are noise. Voiceprints of width 0 mean that the base
    brings none.
    """

    names: tuple[str, ...]
    embeddings: Float[Tensor, "speakers gin"]
    voiceprints: Float[Tensor, "speakers print"]

    def __len__(self) -> int:
        return len(self.names)

    def without(self, index: int) -> BaseSpeakers:
        """All but one of them."""
        kept = [i for i in range(len(self)) if i != index]
        return BaseSpeakers(tuple(self.names[i] for i in kept), self.embeddings[kept], self.voiceprints[kept])

    def require(self, needed: int, initialiser: str) -> None:
        """Check that there are enough of them.

        Raises:
            InputError: there are fewer than `needed`.
        """
        if len(self) < needed:
            raise InputError(
                f"strategy={initialiser} needs {needed} trained base speakers, the base has {len(self)}; "
                "use strategy=random or another base"
            )

    def require_voiceprints(self, initialiser: str) -> None:
        """Check that it is known how they sound.

        Raises:
            InputError: the base brings no voiceprints.
        """
        if not self.voiceprints.shape[1]:
            raise InputError(
                f"strategy={initialiser} compares voices, but the base brings no voiceprints; import it again with "
                "wavs=<its recordings>, or use strategy=mean or strategy=random"
            )


class EmbeddingInit(ABC):
    """Where a new speaker starts in the space of speaker embeddings."""

    teachers: ClassVar[tuple[str, ...]] = ()
    """Pretrained models whose opinion it uses; a metric by the same model (`Metric.judge`) is no neutral judge."""

    @abstractmethod
    def __call__(
        self, enrolment: Enrolment, speakers: BaseSpeakers, generator: torch.Generator
    ) -> Float[Tensor, "gin"]:
        """The new speaker's first embedding.

        Raises:
            InputError: there are too few base speakers.
        """


def leave_one_out_error(initialiser: EmbeddingInit, speakers: BaseSpeakers, generator: torch.Generator) -> float:
    """How far the initialiser misses base speakers that it is not shown, before anything is trained.

    Each base speaker in turn is treated as new: its embedding is guessed from its voiceprint and the others.
    The root mean square of the misses, in units of that of the distances from the mean of the others: 1 is as
    good as the mean, 0 is perfect, a random draw is near 1.4. NaN with fewer than three base speakers, or where
    the others are too few for the initialiser.
    """
    if len(speakers) < 3:
        return float("nan")
    misses, spreads = [], []
    for index, (embedding, voiceprint) in enumerate(zip(speakers.embeddings, speakers.voiceprints, strict=True)):
        others = speakers.without(index)
        try:
            guess = initialiser(Enrolment(voiceprint.unsqueeze(0)), others, generator)
        except InputError:
            return float("nan")
        misses.append((guess - embedding).square().sum())
        spreads.append((others.embeddings.mean(0) - embedding).square().sum())
    return float((torch.stack(misses).sum() / torch.stack(spreads).sum()).sqrt())
