"""Passes of a miniature model over a batch, and a few steps that learn from them."""

from __future__ import annotations

import torch

from vits.corpus.batching import Batch
from vits.synthesizer import Synthesizer, TrainingPass


def passed(
    synthesizer: Synthesizer, batch: Batch, *, segment_frames: int, generator: torch.Generator | None = None
) -> TrainingPass:
    """What training makes of the batch."""
    return synthesizer(
        batch.tokens,
        batch.token_lengths,
        batch.spectrogram,
        batch.spectrogram_lengths,
        batch.speaker,
        segment_frames=segment_frames,
        generator=generator,
    )


def train_on(synthesizer: Synthesizer, batch: Batch) -> None:
    """Two steps on whatever gets gradients, by losses that every part of the model has a share in."""
    optimizer = torch.optim.AdamW([p for p in synthesizer.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(2):
        optimizer.zero_grad()
        made = passed(synthesizer, batch, segment_frames=8)
        latent_loss = (made.z_p - made.prior_mean).square().mean()
        (made.decoded.audio.square().mean() + latent_loss + made.duration_loss).backward()
        optimizer.step()
