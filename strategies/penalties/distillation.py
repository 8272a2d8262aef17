"""Let the base's voices go on speaking as the base spoke."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import mse_loss

from strategies.context import AdaptationContext
from strategies.penalties.penalty import Penalty, PenaltyTerms
from vits.common.bounds import Above, check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.corpus.batching import Batch, BatchPart, whole_of
from vits.spectrogram import MelSpectrogram
from vits.synthesizer import FramePrior, Synthesizer, TrainingPass


@register("penalty", "distillation")
@dataclass(frozen=True)
class Distillation(Penalty):
    """How far base voices have come from what the base made of the same text.

    Base voices speak the batch's text in the untouched base, without noise: the prior's mean of every token, the
    latent behind the flow, and the decoder's log-mel spectrogram of the first frames are the teacher's, and
    `weight` times the mean squared distance from each is added. Which base voice speaks is counted out by the
    batch's tokens, so that nothing is drawn. It adds no parameters; the base's weights are kept once more while
    training. Hinton et al., Distilling the Knowledge in a Neural Network, 2015; against forgetting, Li and Hoiem,
    Learning without Forgetting, 2016, equation 2.
    """

    weight: Annotated[float, Above(0)] = 1.0

    def __post_init__(self) -> None:
        check_fields(self, "penalty.distillation")

    def prepare(self, context: AdaptationContext) -> PenaltyTerms:
        context.require_trained("distillation")
        if not context.base_speakers.rows:
            raise InputError(
                "penalty=distillation lets the base's voices speak, but the base has none; use penalty=l2_sp"
            )
        teacher = deepcopy(context.base).eval().requires_grad_(False)
        rows = torch.tensor(context.base_speakers.rows)
        mel = MelSpectrogram(context.spec.analysis()).to(teacher.speaker_embedding.weight.device)

        def terms(synthesizer: Synthesizer, batch: Batch, made: TrainingPass) -> dict[str, Tensor]:
            said = _Said(batch, rows, mel, made.decoded.audio.shape[2] // synthesizer.samples_per_frame)
            return {name: self.weight * distance for name, distance in said.distances(teacher, synthesizer).items()}

        return terms


@dataclass(frozen=True)
class _Said:
    """What both models are asked to speak."""

    batch: Batch
    base_rows: Int64[Tensor, "voices"]
    mel: MelSpectrogram
    segment_frames: int

    def distances(self, teacher: Synthesizer, student: Synthesizer) -> dict[str, Tensor]:
        """Mean squared distances of what the student makes of the text from what the teacher does."""
        voices = self._voices(self.batch)
        with torch.no_grad(), teacher.who_speaks.told(voices):
            g = teacher.speaker_embedding(voices)
            prior = self._prior(teacher)
            latent, target = self._spoken(teacher, prior, g)
        g = student.speaker_embedding(voices)
        with student.who_speaks.told(voices):
            text = student.text_encoder(self.batch.tokens, self.batch.token_lengths, g)
            now, audio = self._spoken(student, prior, g)
        return {
            "distilled_prior": mse_loss(text.mean @ prior.alignment.mT, prior.mean),
            "distilled_latent": mse_loss(now, latent),
            "distilled_mel": mse_loss(audio, target),
        }

    def _voices(self, batch: Batch) -> Int64[Tensor, "batch"]:
        """The base voice that speaks each text."""
        return self.base_rows.to(batch.tokens)[(batch.tokens.sum(1) + batch.token_lengths) % len(self.base_rows)]

    def _prior(self, teacher: Synthesizer) -> FramePrior:
        """The teacher's prior, as long as the longest of the whole batch, of which this may be a part."""
        whole = whole_of(self.batch)
        g = teacher.speaker_embedding(self._voices(whole))
        prior = teacher.frame_prior(whole.tokens, whole.token_lengths, g, duration_noise_scale=0.0, length_scale=1.0)
        return (
            FramePrior(*(part[self.batch.place.rows] for part in prior)) if isinstance(self.batch, BatchPart) else prior
        )

    def _spoken(
        self, model: Synthesizer, prior: FramePrior, g: Float[Tensor, "batch gin 1"]
    ) -> tuple[Float[Tensor, "batch latent frames"], Float[Tensor, "batch mels segment"]]:
        """The latent of the teacher's prior behind the model's flow, and the log-mel spectrogram of its beginning."""
        z = model.latent(prior, torch.zeros_like(prior.mean), g)
        return z, self.mel(model.decoder(z[:, :, : self.segment_frames], g).audio.squeeze(1))
