"""Where a new speaker's embedding starts.

An initialiser is a frozen dataclass. `prepare` looks at the base and at all new voices once, and gives the function
that maps one voice to its first embedding; the experiment puts the embedding into the model. To add one: a class in
a file beside this one, `@register("strategy", "<name>")`, and `conf/strategy/<name>.yaml`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.context import AdaptationContext, Enrolment
from vits.common.errors import InputError

MOST_LEFT_OUT = 100  # base speakers, evenly chosen, that an initialiser's error is measured on


@dataclass(frozen=True)
class InitialEmbedding:
    """A new speaker's first embedding, and the base speaker whose row it is a copy of, if it is one's."""

    row: Float[Tensor, "gin"]
    taken_from: str | None = None


Initialise = Callable[[Enrolment], InitialEmbedding]


class EmbeddingInit(ABC):
    """Where a new speaker starts in the space of speaker embeddings."""

    teachers: ClassVar[tuple[str, ...]] = ()
    """Pretrained models whose opinion it uses; a metric by the same model (`Metric.judge`) is no neutral judge."""

    @abstractmethod
    def prepare(self, context: AdaptationContext) -> Initialise:
        """Look at the base, once before many voices.

        Raises:
            InputError: there are too few base speakers.
        """


def leave_one_out_error(initialiser: EmbeddingInit, context: AdaptationContext) -> float:
    """How far the initialiser misses base speakers that it is not shown, before anything is trained.

    Each base speaker in turn, or each of a hundred of many, is treated as new: its embedding is guessed from its
    voiceprint and all others.
    The root mean square of the misses, in units of that of the distances from the mean of the others: 1 is as
    good as the mean, 0 is perfect, a random draw is near 1.4. NaN with fewer than three base speakers, and where
    the initialiser needs more of them, or their recordings, which a base doesn't bring.
    """
    speakers = context.base_speakers
    if len(speakers) < 3:
        return float("nan")
    misses, spreads = [], []
    for index in range(0, len(speakers), math.ceil(len(speakers) / MOST_LEFT_OUT)):
        name, embedding = speakers.names[index], speakers.embeddings[index]
        left = context.without_base_speaker(index)
        try:
            new = Enrolment(speakers.voiceprints[index].unsqueeze(0), speaker=name)
            guess = initialiser.prepare(left)(new).row
        except InputError:
            return float("nan")
        misses.append((guess - embedding).square().sum())
        spreads.append((left.base_speakers.embeddings.mean(0) - embedding).square().sum())
    return float((torch.stack(misses).sum() / torch.stack(spreads).sum()).sqrt())
