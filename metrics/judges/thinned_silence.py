"""Whisper's encoder on what is shorter than its 30 s: a few positions stand for the silence behind a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, Float32, Int64
from torch import Tensor
from torch.nn import functional

EDGE = 50  # positions of silence right behind a clip that are all kept, 1 s
STAND_FOR = 1  # positions of further silence that one stands for
SILENT_SAMPLES, SILENT_FRAMES = 960, 8  # behind a clip, so that what is computed last is of silence alone


@dataclass(frozen=True)
class Encoding:
    """What the encoder makes of a window: features at some positions, and the log of how many each stands for."""

    features: Float[Tensor, "positions state"]
    log_counts: Float[Tensor, "positions"]


def encode(encoder: Any, window: Float32[np.ndarray, "samples"], stand_for: int = STAND_FOR) -> Encoding:
    """A window of at most 30 s, as if silence followed up to 30 s.

    Behind a short clip nearly all positions are silence: alike but for where they are. One in `stand_for` is
    computed, where it is, and weighs as that many in every softmax over positions (proportional attention: Bolya
    et al. 2023, "Token Merging", https://arxiv.org/abs/2210.09461, section 3). With 1 it is Whisper's own encoder.
    The very last position hears the end of the window, unlike any other; it stays.
    """
    positions = encoder.positional_embedding
    front = _front(encoder, _log_mel(window, positions.device, 2 * len(positions)))
    places, counts = thinned(len(front), len(positions), stand_for)
    sources = places
    if len(front) < len(positions):
        sources = places.clamp(max=len(front) - 3)  # from there on all is silence
        sources[-1] = len(front) - 1
    log_counts = counts.log().to(front.device)
    hidden = (front[sources] + positions[places]).unsqueeze(0)
    for block in encoder.blocks:
        given = block.attn_ln(hidden)
        keys, values = split_heads(block.attn.key(given), block.attn), split_heads(block.attn.value(given), block.attn)
        hidden = hidden + attend(block.attn, given, keys, values, log_counts[None, None, None])
        hidden = hidden + block.mlp(block.mlp_ln(hidden))
    return Encoding(encoder.ln_post(hidden)[0], log_counts)


def thinned(n_front: int, n_positions: int, stand_for: int) -> tuple[Int64[Tensor, "kept"], Float[Tensor, "kept"]]:
    """Which positions are kept of a clip whose own, and three of silence, are the first `n_front`; and for how many.

    The counts add up to `n_positions`.
    """
    if n_front >= n_positions:
        return torch.arange(n_positions), torch.ones(n_positions)
    last = n_positions - 1
    dense = torch.arange(min(n_front - 3 + EDGE, last))
    starts = torch.arange(len(dense), last, stand_for)
    counts = (last - starts).clamp(max=stand_for)
    places = torch.cat([dense, starts + counts // 2, torch.tensor([last])])
    return places, torch.cat([torch.ones(len(dense)), counts.float(), torch.ones(1)])


def attend(
    attention: Any,
    queries: Float[Tensor, "batch queries state"],
    keys: Float[Tensor, "batch heads keys channels"],
    values: Float[Tensor, "batch heads keys channels"],
    weights: Float[Tensor, "..."] | None = None,
) -> Float[Tensor, "batch queries state"]:
    """One of Whisper's attentions; `weights` are added to the logits and broadcast against them."""
    asked = split_heads(attention.query(queries), attention)
    heard = functional.scaled_dot_product_attention(asked, keys, values, attn_mask=weights)
    return attention.out(rearrange(heard, "b h q c -> b q (h c)"))


def split_heads(
    states: Float[Tensor, "batch places state"], attention: Any
) -> Float[Tensor, "batch heads places channels"]:
    """The same numbers, apart by attention head."""
    return rearrange(states, "b p (h c) -> b h p c", h=attention.n_head)


def _log_mel(window: Float32[np.ndarray, "samples"], device: torch.device, most: int) -> Float[Tensor, "mels frames"]:
    """Whisper's input, without most of the silence behind a short window; an even number of frames."""
    import whisper

    mel = whisper.log_mel_spectrogram(torch.from_numpy(window), padding=SILENT_SAMPLES, device=device)
    silence = SILENT_FRAMES + mel.shape[1] % 2
    if mel.shape[1] + silence > most:
        return whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(window)), device=device)
    return torch.cat([mel, mel[:, -1:].expand(-1, silence)], dim=1)


def _front(encoder: Any, mel: Float[Tensor, "mels frames"]) -> Float[Tensor, "positions state"]:
    """The two convolutions before the positions are told."""
    hidden = functional.gelu(encoder.conv1(mel.unsqueeze(0)))
    return functional.gelu(encoder.conv2(hidden))[0].T
