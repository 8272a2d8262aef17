"""Let a judge of voices hear what is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from strategies.context import AdaptationContext
from strategies.hearing import ENCODERS
from strategies.penalties.penalty import Penalty, PenaltyTerms
from vits.common.bounds import Above, OneOf, check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.corpus.batching import Batch, whole_of
from vits.synthesizer import Synthesizer, TrainingPass

JUDGED_RATE = 16000  # Hz


@register("penalty", "speaker_consistency")
@dataclass(frozen=True)
class SpeakerConsistency(Penalty):
    """`weight` times one minus the cosine of each decoded segment's voiceprint with its speaker's mean voiceprint.

    Of new voices alone: base voices that are rehearsed count nothing. The encoder is a judge, and what is trained
    against it is its pupil: it is named among the teachers, and its scores prove little. Segments are short (half a
    second), so that their cosines are far below those of sentences. No parameters. Casanova et al., YourTTS, 2022,
    section 2.2 (speaker consistency loss); Xin et al., Cross-lingual text-to-speech using multi-task learning and
    speaker classifier joint training, 2021.
    """

    weight: Annotated[float, Above(0)] = 9.0
    encoder: Annotated[str, OneOf(*ENCODERS)] = "ge2e"

    def __post_init__(self) -> None:
        check_fields(self, "penalty.speaker_consistency")

    @property
    def teachers(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The judge that it is trained against."""
        return (ENCODERS[self.encoder],)

    def prepare(self, context: AdaptationContext) -> PenaltyTerms:
        if not context.enrolments:
            raise InputError("penalty=speaker_consistency can change nothing without new voices; use penalty=none")
        name = ENCODERS[self.encoder]
        listen = context.listener(name)
        own = [context.hear(name, enrolment.recordings).mean(0) for enrolment in context.enrolments.values()]
        wanted = normalize(torch.stack(own), dim=1)
        first = len(context.base.speaker_embedding.weight)  # new voices stand behind the base's, in their order
        rate = context.spec.analysis().sample_rate

        def inconsistency(synthesizer: Synthesizer, batch: Batch, made: TrainingPass) -> dict[str, Tensor]:
            new = batch.speaker >= first
            if not bool(new.any()):
                return {"speaker_consistency": made.decoded.audio.new_zeros(())}
            heard = listen(resampled(made.decoded.audio[new].squeeze(1).float(), rate))
            cosines = (heard * wanted.to(heard)[batch.speaker[new] - first]).sum(1)
            return {"speaker_consistency": self.weight * _mean_of_new(1 - cosines, batch, first)}

        return inconsistency


def _mean_of_new(values: Float[Tensor, "new"], batch: Batch, first: int) -> Float[Tensor, ""]:
    """The mean over the batch's new voices; of a part of a batch, what has that of the whole as its mean over parts."""
    whole = whole_of(batch)
    if whole is batch:
        return values.mean()
    return values.sum() / (whole.speaker >= first).sum() * len(whole) / len(batch)


def resampled(waves: Float[Tensor, "batch samples"], rate: int) -> Float[Tensor, "batch judged"]:
    """The audio at 16 kHz: its spectrum cut, or continued with zeros, so that gradients flow."""
    samples = round(waves.shape[1] * JUDGED_RATE / rate)
    if samples == waves.shape[1]:
        return waves
    return torch.fft.irfft(torch.fft.rfft(waves), n=samples) * (samples / waves.shape[1])
