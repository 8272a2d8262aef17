"""SECS: does it sound like the speaker?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from metrics.ecapa import EcapaEncoder, mean_voiceprint
from metrics.judges import Judges
from metrics.metric import Enrolment, Metric, Score, Scorer, Utterance, score_sound
from metrics.voiceprints import recorded_voiceprints
from metrics.weights import Weights, find_weights
from vits.errors import InputError
from vits.registry import register


@register("metrics", "secs")
@dataclass(frozen=True)
class Secs(Metric):
    """Speaker encoder cosine similarity of an utterance with its speaker's mean voiceprint.

    A cosine in [-1, 1], higher is better. Real clips of one person reach about 0.7
    and those of different people about 0.1; `metrics.reference` gives both for the corpus at hand. NaN for an
    utterance without sound.

    Casanova et al. 2021, "SC-GlowTTS", https://arxiv.org/abs/2104.05557, there with another encoder: only
    values of one encoder compare.
    """

    name: ClassVar[str] = "secs"
    unit: ClassVar[str] = "cosine"
    higher_is_better: ClassVar[bool] = True

    encoder: str = "voxceleb"

    def __post_init__(self) -> None:
        find_weights("ecapa", self.encoder)

    @property
    def weights(self) -> tuple[Weights, ...]:
        return (find_weights("ecapa", self.encoder),)

    def prepare(self, enrolment: Enrolment, judges: Judges) -> Scorer:
        means = {
            speaker: mean_voiceprint(recorded_voiceprints(clips, judges, self.encoder))
            for speaker, clips in enrolment.items()
        }
        encoder = judges.get(EcapaEncoder, self.encoder)

        def score(batch: Sequence[Utterance]) -> list[Score]:
            return [Score({self.name: cosine}) for cosine in cosines(batch, encoder, means)]

        return lambda batch: score_sound(batch, score, self.undefined())


def cosines(
    batch: Sequence[Utterance], encoder: EcapaEncoder, means: Mapping[str, Float[Tensor, "192"]]
) -> list[float]:
    """The cosine of each utterance with the mean voiceprint of its own speaker.

    Raises:
        InputError: an utterance's speaker has no mean voiceprint.
    """
    for utterance in batch:
        if utterance.speaker not in means:
            raise InputError(
                f"utterance {utterance.name!r} is by speaker {utterance.speaker!r}, of whom there is no "
                f"enrolment; there is of: {', '.join(sorted(means))}"
            )
    voiceprints = encoder([utterance.wave_16k for utterance in batch])
    return [float(mine @ means[u.speaker]) for mine, u in zip(voiceprints, batch, strict=True)]
