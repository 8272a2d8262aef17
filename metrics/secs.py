"""SECS: does it sound like the speaker?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.judge import Judges
from metrics.judges.judge_weights import Weights, find_weights
from metrics.judges.recorded_voiceprints import recorded_voiceprints
from metrics.judges.speaker_encoder import SpeakerEncoder, mean_voiceprint
from metrics.metric import EnrolmentRecordings, KnownVoices, Metric, Score, Scorer, Utterance, score_sound
from vits.common.errors import InputError
from vits.common.registry import register


@dataclass(frozen=True)
class SpeakerSimilarity(Metric):
    """Cosine similarity of an utterance with its speaker's mean voiceprint, by a speaker encoder.

    A cosine in [-1, 1], higher is better; NaN for an utterance without sound.
    """

    encoder_type: ClassVar[type[SpeakerEncoder]]
    unit: ClassVar[str] = "cosine"
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    margin: ClassVar[float] = 0.02

    encoder: str

    def __post_init__(self) -> None:
        find_weights(self.encoder_type.family, self.encoder)

    @property
    def weights(self) -> tuple[Weights, ...]:
        return (find_weights(self.encoder_type.family, self.encoder),)

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        means = self.known_means(known, judges)
        encoder = judges.get(self.encoder_type, self.encoder)

        def score(batch: Sequence[Utterance]) -> list[Score]:
            return [Score({self.name: cosine}) for cosine in cosines(batch, encoder, means)]

        return lambda batch: score_sound(batch, score, self.undefined())

    def voiceprints(self, recordings: Sequence[Utterance], judges: Judges) -> Float[Tensor, "clips print"]:
        """Its judge's unit voiceprints of recordings, in their order.

        Raises:
            InputError: a recording holds no sound.
        """
        return recorded_voiceprints(recordings, judges, self.encoder_type, self.encoder)

    def means(self, enrolment: EnrolmentRecordings, judges: Judges) -> dict[str, Float[Tensor, "print"]]:
        """The mean voiceprint of each enrolled speaker, with which utterances are compared."""
        return {speaker: mean_voiceprint(self.voiceprints(clips, judges)) for speaker, clips in enrolment.items()}

    def known_means(self, known: KnownVoices, judges: Judges) -> dict[str, Float[Tensor, "print"]]:
        """The mean voiceprint of every voice that it can judge."""
        return self.means(known.enrolment, judges)


@register("metrics", "secs")
@dataclass(frozen=True)
class Secs(SpeakerSimilarity):
    """Speaker encoder cosine similarity of an utterance with its speaker's mean voiceprint, by ECAPA.

    A cosine in [-1, 1], higher is better. Real clips of one person reach about 0.7
    and those of different people about 0.1; `metrics.reference` gives both for the corpus at hand. NaN for an
    utterance without sound.

    Casanova et al. 2021, "SC-GlowTTS", https://arxiv.org/abs/2104.05557, there with another encoder: only
    values of one encoder compare.
    """

    name: ClassVar[str] = "secs"
    judge: ClassVar[str | None] = "ecapa-voxceleb"
    judges_base_voices: ClassVar[bool] = True
    encoder_type: ClassVar[type[SpeakerEncoder]] = EcapaEncoder
    version: ClassVar[int] = EcapaEncoder.version

    encoder: str = "voxceleb"

    def known_means(self, known: KnownVoices, judges: Judges) -> dict[str, Float[Tensor, "print"]]:
        """Those of the base's voices too: they are of the same encoder."""
        return {**known.base_voiceprints, **super().known_means(known, judges)}


def cosines(
    batch: Sequence[Utterance], encoder: SpeakerEncoder, means: Mapping[str, Float[Tensor, "_"]]
) -> list[float]:
    """The cosine of each utterance with the mean voiceprint of its own speaker.

    Raises:
        InputError: an utterance's speaker has no mean voiceprint.
    """
    require_enrolled(batch, means)
    voiceprints = encoder([utterance.wave_16k for utterance in batch])
    return [float(mine @ means[u.speaker]) for mine, u in zip(voiceprints, batch, strict=True)]


def require_enrolled(batch: Sequence[Utterance], enrolled: Mapping[str, object]) -> None:
    """Check that every utterance is by a known speaker.

    Raises:
        InputError: one isn't.
    """
    for utterance in batch:
        if utterance.speaker not in enrolled:
            raise InputError(
                f"utterance {utterance.name!r} is by speaker {utterance.speaker!r}, of whom there is no "
                f"enrolment; there is of: {', '.join(sorted(enrolled))}"
            )
