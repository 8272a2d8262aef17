"""SECS by a second judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from metrics.judges.ge2e_encoder import Ge2eEncoder
from metrics.judges.speaker_encoder import SpeakerEncoder
from metrics.secs import SpeakerSimilarity
from vits.common.registry import register


@register("metrics", "secs_ge2e")
@dataclass(frozen=True)
class SecsGe2e(SpeakerSimilarity):
    """Speaker encoder cosine similarity of an utterance with its speaker's mean voiceprint, by GE2E.

    A cosine, higher is better; in [0, 1], as no number of this judge's voiceprints is negative. Real clips of one
    person reach about 0.9 and those of different people about 0.6, so a difference of a hundredth is worth several
    hundredths of ECAPA's. It has seen nothing of what a strategy that looks at ECAPA optimises, and so is the one to
    trust there. NaN for an utterance without sound.

    Jia et al. 2018, https://arxiv.org/abs/1806.04558 (speaker similarity with this kind of encoder); Wan et al. 2018,
    https://arxiv.org/abs/1710.10467 (the encoder).
    """

    name: ClassVar[str] = "secs_ge2e"
    margin: ClassVar[float] = 0.01
    judge: ClassVar[str | None] = "ge2e"
    encoder_type: ClassVar[type[SpeakerEncoder]] = Ge2eEncoder
    version: ClassVar[int] = Ge2eEncoder.version

    encoder: str = "resemblyzer"
