"""Start from the base speaker whose row explains the recordings best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.context import AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from vits.alignment import alignment_scores, search_alignment
from vits.common.errors import InputError
from vits.common.registry import register
from vits.corpus.features import PreparedUtterance
from vits.layers import length_mask
from vits.losses import kl_loss
from vits.spectrogram import MelSpectrogram
from vits.synthesizer import Synthesizer

ROWS_AT_ONCE = 8  # as many as fit into a small memory with a long recording


@register("strategy", "likeliest")
@dataclass(frozen=True)
class Likeliest(EmbeddingInit):
    """The base row under which the model's own losses on the enrolment recordings are lowest; nobody judges.

    The losses are those of VITS without discriminators and durations: the divergence from the prior (Kim et al.,
    VITS, 2021, equations 3 and 4) and `mel_weight` times the distance of log-mel spectrograms (equation 2), at the
    mean of the posterior, so that nothing is drawn. `recordings` of each voice are listened to, at even distances.
    One row of the table a voice, as for every initialiser; no other parameters.
    """

    recordings: int = 4
    mel_weight: float = 45.0

    def __post_init__(self) -> None:
        if self.recordings < 1:
            raise InputError(f"strategy.recordings={self.recordings} must be 1 or more")
        if not 0 <= self.mel_weight < float("inf"):
            raise InputError(f"strategy.mel_weight={self.mel_weight} must be 0 or more and finite")

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers
        speakers.require(1, "likeliest")
        mel = MelSpectrogram(context.spec.analysis()).to(speakers.embeddings.device)

        def start(enrolment: Enrolment) -> InitialEmbedding:
            enrolment.require_recordings("strategy=likeliest")
            with context.base_at_rest() as base:
                heard = self._chosen(enrolment.recordings)
                losses = torch.stack([self.losses(base, mel, one, speakers.embeddings) for one in heard]).mean(0)
            best = int(losses.argmin())
            return InitialEmbedding(speakers.embeddings[best].clone(), speakers.names[best])

        return start

    def _chosen(self, recordings: Sequence[PreparedUtterance]) -> list[PreparedUtterance]:
        count = min(self.recordings, len(recordings))
        return [recordings[place * len(recordings) // count] for place in range(count)]

    def losses(
        self,
        base: Synthesizer,
        mel: MelSpectrogram,
        recording: PreparedUtterance,
        embeddings: Float[Tensor, "rows gin"],
    ) -> Float[Tensor, "rows"]:
        """The losses of a recording as if each row spoke it."""
        return torch.cat([self._losses(base, mel, recording, rows) for rows in embeddings.split(ROWS_AT_ONCE)])

    def _losses(
        self,
        base: Synthesizer,
        mel: MelSpectrogram,
        recording: PreparedUtterance,
        embeddings: Float[Tensor, "rows gin"],
    ) -> Float[Tensor, "rows"]:
        n_rows, g = len(embeddings), embeddings.unsqueeze(2)
        tokens = recording.tokens.to(g.device).expand(n_rows, -1)
        text = base.text_encoder(tokens, torch.full((n_rows,), tokens.shape[1], device=g.device), g)
        spectrogram = recording.spectrogram.to(g.device).expand(n_rows, -1, -1)
        mask = length_mask(torch.full((n_rows,), spectrogram.shape[2], device=g.device))
        unheard = torch.Generator(g.device)  # noise of no scale is drawn from it, and nobody else's draws change
        posterior = base.posterior_encoder(spectrogram, mask, g, noise_scale=0.0, generator=unheard)
        z_p = base.flow(posterior.z, mask, g)
        path = search_alignment(alignment_scores(z_p, text.mean, text.log_deviation), text.mask, mask)
        prior = (posterior.log_deviation, text.mean @ path.mT, text.log_deviation @ path.mT, mask)
        divergence = [kl_loss(z_p[[i]], *(part[[i]] for part in prior)) for i in range(n_rows)]
        spoken = mel(base.decoder(posterior.z, g).audio.squeeze(1))
        distance = (spoken - mel(recording.wave.to(g.device).unsqueeze(0))).abs().mean((1, 2))
        return torch.stack(divergence) + self.mel_weight * distance
