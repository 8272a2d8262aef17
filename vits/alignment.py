"""Monotonic alignment search: which frames speak which token.

Kim et al., Glow-TTS, 2020, algorithm 1; the decaying noise on the scores is VITS2's (section 2.2).
"""

from __future__ import annotations

import math
from typing import no_type_check

import numba
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from vits.batch_rows import BatchNoise
from vits.common.errors import InputError
from vits.sentence_noise import gaussian_like

INITIAL_NOISE_SCALE = 0.01
NOISE_DECAY_PER_STEP = 2e-6
UNREACHABLE = np.float32(-1e9)


def noise_scale_at(step: int) -> float:
    """How much noise the scores get at a training step: 0.01 at first, 0 after 5,000 steps."""
    return max(INITIAL_NOISE_SCALE - NOISE_DECAY_PER_STEP * step, 0.0)


def alignment_scores(
    z_p: Float[Tensor, "batch latent frames"],
    mean: Float[Tensor, "batch latent tokens"],
    log_deviation: Float[Tensor, "batch latent tokens"],
) -> Float[Tensor, "batch frames tokens"]:
    """Log-likelihood of every frame of `z_p` under the prior of every token."""
    precision = torch.exp(-2 * log_deviation)
    constant = (-0.5 * math.log(2 * math.pi) - log_deviation - 0.5 * mean.square() * precision).sum(1, keepdim=True)
    quadratic = (-0.5 * z_p.square()).mT @ precision
    return quadratic + z_p.mT @ (mean * precision) + constant


@torch.no_grad()
def search_alignment(
    scores: Float[Tensor, "batch frames tokens"],
    text_mask: Float[Tensor, "batch 1 tokens"],
    frame_mask: Float[Tensor, "batch 1 frames"],
    *,
    noise_scale: float = 0.0,
    generator: BatchNoise = None,
) -> Float[Tensor, "batch frames tokens"]:
    """The best monotonic path that gives every frame one token and every token at least one frame.

    The noise is in units of the scores' standard deviation.

    Raises:
        InputError: an item has no tokens, or more of them than frames.
    """
    if noise_scale:
        scores = scores + scores.std() * gaussian_like(scores, generator) * noise_scale
    frames = frame_mask.sum((1, 2)).int().cpu().numpy()
    tokens = text_mask.sum((1, 2)).int().cpu().numpy()
    if not ((tokens >= 1) & (tokens <= frames)).all():
        raise InputError(
            f"no alignment gives {tokens.tolist()} tokens at least one of {frames.tolist()} frames each; leave out "
            "utterances with more tokens than frames"
        )
    path = _best_paths(scores.detach().float().cpu().numpy(), frames, tokens)
    return torch.from_numpy(path).to(scores.device)


@numba.njit(cache=True, nogil=True)
@no_type_check  # numba can't compile the wrapper that the tests' import hook would make of it
def _best_paths(scores: np.ndarray, frames: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Dynamic programme over frames; `best[j, i]` is the score of the best path that ends at frame j, token i."""
    paths = np.zeros(scores.shape, dtype=np.float32)
    for item in range(scores.shape[0]):
        n_frames, n_tokens = frames[item], tokens[item]
        best = np.full((n_frames, n_tokens), UNREACHABLE, dtype=np.float32)
        best[0, 0] = scores[item, 0, 0]
        for j in range(1, n_frames):
            for i in range(max(0, n_tokens + j - n_frames), min(n_tokens, j + 1)):
                stay = best[j - 1, i] if i < j else UNREACHABLE
                step = best[j - 1, i - 1] if i > 0 else UNREACHABLE
                best[j, i] = scores[item, j, i] + max(stay, step)
        i = n_tokens - 1
        for j in range(n_frames - 1, -1, -1):
            paths[item, j, i] = 1.0
            if i > 0 and (i == j or best[j - 1, i] < best[j - 1, i - 1]):
                i -= 1
    return paths


def expand_durations(
    durations: Float[Tensor, "batch 1 tokens"], frame_mask: Float[Tensor, "batch 1 frames"]
) -> Float[Tensor, "batch frames tokens"]:
    """The path in which every token holds its whole number of frames."""
    ends = durations.squeeze(1).cumsum(1)
    starts = ends - durations.squeeze(1)
    positions = torch.arange(frame_mask.shape[2], device=durations.device).view(1, -1, 1)
    inside = (positions >= starts.unsqueeze(1)) & (positions < ends.unsqueeze(1))
    return inside.float() * frame_mask.mT
