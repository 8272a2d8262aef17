"""What turns speech into a voiceprint: a unit vector that says who is speaking."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor
from torch.nn.functional import normalize

from metrics.judges.heard_before import Memo
from metrics.judges.judge import Judge
from metrics.metric import JUDGED_RATE, SHORTEST_S
from vits.common.errors import InputError


class SpeakerEncoder(Judge):
    """A network trained to put clips of one speaker near each other.

    A voiceprint is L2-normalised, so that a product of two is their cosine and a mean of several doesn't
    depend on how strongly each was embedded.
    """

    family: ClassVar[str]
    """Of its weights."""
    size: ClassVar[int]
    """Numbers in a voiceprint."""
    version: ClassVar[int] = 1
    """Goes up when voiceprints are computed otherwise; the metrics that it judges for take it as theirs."""

    def __init__(self) -> None:
        self._memo: Memo[Tensor] = Memo()

    def __call__(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> Float[Tensor, "batch print"]:
        """Unit voiceprints of clips at 16 kHz, in their order, on the CPU; a clip heard before is not heard again.

        Raises:
            InputError: a clip is shorter than 0.1 s or has samples that are not finite.
        """
        for position, wave in enumerate(waves):
            _check(wave, position)
        return torch.stack(self._memo(waves, lambda unknown: list(self.embed(unknown)))) if waves else self._none()

    @abstractmethod
    def embed(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> Float[Tensor, "batch print"]:
        """The same, without looking at what was heard before."""

    @abstractmethod
    def listen(self, waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch print"]:
        """Unit voiceprints of audio of one length at 16 kHz, which know how they depend on every sample of it."""

    def _none(self) -> Float[Tensor, "0 print"]:
        return torch.empty(0, self.size)


def mean_voiceprint(voiceprints: Float[Tensor, "clips print"]) -> Float[Tensor, "print"]:
    """The direction of the mean of a speaker's unit voiceprints, of unit length itself.

    Raises:
        InputError: there is none.
    """
    if len(voiceprints) == 0:
        raise InputError("a mean voiceprint needs at least one clip of the speaker; got none")
    return normalize(voiceprints.mean(dim=0), dim=0)


def _check(wave: Float32[np.ndarray, "samples"], position: int) -> None:
    if wave.size < SHORTEST_S * JUDGED_RATE:
        raise InputError(
            f"clip {position} is {wave.size / JUDGED_RATE:.3f} s long; a voiceprint needs {SHORTEST_S} s "
            "of speech or more, leave it out"
        )
    if not np.isfinite(wave).all():
        raise InputError(f"clip {position} has samples that are not finite; leave it out")
