"""How well rows of the speaker table explain a recording, by the model's own losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vits.alignment import alignment_scores, search_alignment
from vits.corpus.features import PreparedUtterance
from vits.layers import length_mask
from vits.losses import kl_loss
from vits.spectrogram import MelSpectrogram
from vits.synthesizer import Synthesizer

ROWS_AT_ONCE = 8  # as many as fit into a small memory with a long recording


@dataclass(frozen=True)
class OwnLosses:
    """The losses of VITS without discriminators and durations, at the mean of the posterior: nothing is drawn.

    The divergence from the prior (Kim et al., VITS, 2021, equations 3 and 4) and `mel_weight` times the distance of
    log-mel spectrograms (equation 2).
    """

    base: Synthesizer
    mel: MelSpectrogram
    mel_weight: float

    def __call__(self, recording: PreparedUtterance, embeddings: Float[Tensor, "rows gin"]) -> Float[Tensor, "rows"]:
        """The losses of a recording as if each row spoke it."""
        return torch.cat([self._losses(recording, rows) for rows in embeddings.split(ROWS_AT_ONCE)])

    def _losses(self, recording: PreparedUtterance, embeddings: Float[Tensor, "rows gin"]) -> Float[Tensor, "rows"]:
        base, n_rows, g = self.base, len(embeddings), embeddings.unsqueeze(2)
        tokens = recording.tokens.to(g.device).expand(n_rows, -1)
        text = base.text_encoder(tokens, torch.full((n_rows,), tokens.shape[1], device=g.device), g)
        spectrogram = recording.spectrogram.to(g.device).expand(n_rows, -1, -1)
        mask = length_mask(torch.full((n_rows,), spectrogram.shape[2], device=g.device))
        unheard = torch.Generator(g.device)  # noise of no scale is drawn from it, and nobody else's draws change
        posterior = base.posterior_encoder(spectrogram, mask, g, noise_scale=0.0, generator=unheard)
        z_p = base.flow(posterior.z, mask, g)
        with torch.no_grad():
            path = search_alignment(alignment_scores(z_p, text.mean, text.log_deviation), text.mask, mask)
        prior = (posterior.log_deviation, text.mean @ path.mT, text.log_deviation @ path.mT, mask)
        divergence = [kl_loss(z_p[[i]], *(part[[i]] for part in prior)) for i in range(n_rows)]
        spoken = self.mel(base.decoder(posterior.z, g).audio.squeeze(1))
        distance = (spoken - self.mel(recording.wave.to(g.device).unsqueeze(0))).abs().mean((1, 2))
        return torch.stack(divergence) + self.mel_weight * distance


def evenly_chosen(recordings: Sequence[PreparedUtterance], most: int) -> list[PreparedUtterance]:
    """So many of the recordings, at even distances; all of them if there are fewer."""
    count = min(most, len(recordings))
    return [recordings[place * len(recordings) // count] for place in range(count)]
