"""Multi-head self-attention with windowed relative positions, and the transformer encoder built on it."""

from __future__ import annotations

import math

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vits.batch_rows import RowDropout
from vits.common.errors import InputError
from vits.layers import ChannelNorm, same_padding

MASKED_SCORE = -1e4


class RelativeAttention(nn.Module):
    """Self-attention that also learns what each of the `2 window + 1` nearest offsets means.

    The relative terms are shared by the heads: `q_i . key_offsets[j - i]` joins the score of a pair within
    the window, `p_ij value_offsets[j - i]` its output. With `window=None` there are none.
    Shaw et al., Self-Attention with Relative Position Representations, 2018, equations 3 and 4.
    """

    def __init__(self, channels: int, n_heads: int, *, window: int | None, dropout: float) -> None:
        super().__init__()
        if channels % n_heads:
            raise InputError(f"n_heads={n_heads} must divide the {channels} channels of the attention")
        self.n_heads = n_heads
        self.window = window
        self.head_channels = channels // n_heads
        self.query = nn.Conv1d(channels, channels, 1)
        self.key = nn.Conv1d(channels, channels, 1)
        self.value = nn.Conv1d(channels, channels, 1)
        self.output = nn.Conv1d(channels, channels, 1)
        self.dropout = RowDropout(dropout)
        for projection in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(projection.weight)
        if window is not None:
            offsets = (1, 2 * window + 1, self.head_channels)
            self.key_offsets = nn.Parameter(torch.randn(offsets) * self.head_channels**-0.5)
            self.value_offsets = nn.Parameter(torch.randn(offsets) * self.head_channels**-0.5)

    def forward(
        self, x: Float[Tensor, "batch channels time"], pair_mask: Float[Tensor, "batch 1 time time"]
    ) -> Float[Tensor, "batch channels time"]:
        """Attend among the pairs where `pair_mask` is not 0."""
        heads = "batch (heads channels) time -> batch heads time channels"
        query = rearrange(self.query(x), heads, heads=self.n_heads) / math.sqrt(self.head_channels)
        key = rearrange(self.key(x), heads, heads=self.n_heads)
        value = rearrange(self.value(x), heads, heads=self.n_heads)
        scores = query @ key.mT
        if self.window is not None:
            scores = scores + _from_band(query @ self.key_offsets.mT, self.window)
        weights = self.dropout(torch.softmax(scores.masked_fill(pair_mask == 0, MASKED_SCORE), dim=-1))
        attended = weights @ value
        if self.window is not None:
            attended = attended + _to_band(weights, self.window) @ self.value_offsets
        return self.output(rearrange(attended, "batch heads time channels -> batch (heads channels) time"))


def _band_index(time: int, window: int, device: torch.device) -> Tensor:
    """In rows padded by `window` on both sides, the columns `i .. i + 2 window` of row i."""
    rows = torch.arange(time, device=device).unsqueeze(1)
    return rows + torch.arange(2 * window + 1, device=device)


def _from_band(band: Float[Tensor, "batch heads time offsets"], window: int) -> Float[Tensor, "batch heads time time"]:
    """Spread a value per offset over the pairs (i, i + offset); other pairs get 0."""
    time = band.shape[2]
    index = _band_index(time, window, band.device).expand(band.shape)
    padded = band.new_zeros(*band.shape[:3], time + 2 * window).scatter(-1, index, band)
    return padded[..., window : window + time]


def _to_band(pairs: Float[Tensor, "batch heads time time"], window: int) -> Float[Tensor, "batch heads time offsets"]:
    """Collect the values of the pairs (i, i + offset); offsets that lead outside give 0."""
    padded = nn.functional.pad(pairs, (window, window))
    index = _band_index(pairs.shape[2], window, pairs.device)
    return padded.gather(-1, index.expand(*pairs.shape[:2], *index.shape))


class FeedForward(nn.Module):
    """Two convolutions over time with a rectifier between them, on masked input."""

    def __init__(self, channels: int, filter_channels: int, kernel_size: int, *, dropout: float) -> None:
        super().__init__()
        padding = same_padding(kernel_size)
        self.expand = nn.Conv1d(channels, filter_channels, kernel_size, padding=padding)
        self.contract = nn.Conv1d(filter_channels, channels, kernel_size, padding=padding)
        self.dropout = RowDropout(dropout)

    def forward(
        self, x: Float[Tensor, "batch channels time"], mask: Float[Tensor, "batch 1 time"]
    ) -> Float[Tensor, "batch channels time"]:
        hidden = self.dropout(torch.relu(self.expand(x * mask)))
        return self.contract(hidden * mask) * mask


class CausalFeedForward(nn.Module):
    """A feed-forward in which a position sees only those before it."""

    def __init__(self, channels: int, filter_channels: int, kernel_size: int, *, dropout: float) -> None:
        super().__init__()
        self.past = kernel_size - 1
        self.expand = nn.Conv1d(channels, filter_channels, kernel_size)
        self.contract = nn.Conv1d(filter_channels, channels, kernel_size)
        self.dropout = RowDropout(dropout)

    def forward(
        self, x: Float[Tensor, "batch channels time"], mask: Float[Tensor, "batch 1 time"]
    ) -> Float[Tensor, "batch channels time"]:
        hidden = torch.relu(self.expand(nn.functional.pad(x * mask, (self.past, 0))))
        return self.contract(nn.functional.pad(self.dropout(hidden) * mask, (self.past, 0))) * mask


class TransformerLayer(nn.Module):
    """Attention and feed-forward, each added to its input and then normalised."""

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        *,
        n_heads: int,
        kernel_size: int,
        window: int | None,
        dropout: float,
        feed_forward: type[FeedForward | CausalFeedForward] = FeedForward,
    ) -> None:
        super().__init__()
        self.attention = RelativeAttention(channels, n_heads, window=window, dropout=dropout)
        self.attention_norm = ChannelNorm(channels)
        self.feed_forward = feed_forward(channels, filter_channels, kernel_size, dropout=dropout)
        self.feed_forward_norm = ChannelNorm(channels)
        self.dropout = RowDropout(dropout)

    def forward(
        self,
        x: Float[Tensor, "batch channels time"],
        mask: Float[Tensor, "batch 1 time"],
        pair_mask: Float[Tensor, "batch 1 time time"],
    ) -> Float[Tensor, "batch channels time"]:
        x = self.attention_norm(x + self.dropout(self.attention(x, pair_mask)))
        return self.feed_forward_norm(x + self.dropout(self.feed_forward(x, mask)))


class TransformerEncoder(nn.Module):
    """A stack of transformer layers over [batch, channels, time]; input and output are masked."""

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        *,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        window: int | None = 4,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            TransformerLayer(
                channels,
                filter_channels,
                n_heads=n_heads,
                kernel_size=kernel_size,
                window=window,
                dropout=dropout,
            )
            for _ in range(n_layers)
        )

    def forward(
        self, x: Float[Tensor, "batch channels time"], mask: Float[Tensor, "batch 1 time"]
    ) -> Float[Tensor, "batch channels time"]:
        x = x * mask
        pairs = pair_mask(mask)
        for layer in self.layers:
            x = layer(x, mask, pairs)
        return x * mask


class SpeakerConditionedEncoder(TransformerEncoder):
    """A transformer encoder that is told the speaker before its third layer.

    Kong et al., VITS2, 2023, section 2.4: an utterance's style depends on who speaks it.
    """

    SPEAKER_LAYER = 2

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        *,
        n_heads: int,
        n_layers: int,
        kernel_size: int,
        speaker_channels: int,
        window: int | None = 4,
        dropout: float = 0.0,
    ) -> None:
        if n_layers <= self.SPEAKER_LAYER:
            raise InputError(
                f"n_layers={n_layers} leaves no layer to condition on the speaker; give at least "
                f"{self.SPEAKER_LAYER + 1} layers"
            )
        super().__init__(
            channels,
            filter_channels,
            n_heads=n_heads,
            n_layers=n_layers,
            kernel_size=kernel_size,
            window=window,
            dropout=dropout,
        )
        self.speaker_projection = nn.Linear(speaker_channels, channels)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        x: Float[Tensor, "batch channels time"],
        mask: Float[Tensor, "batch 1 time"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> Float[Tensor, "batch channels time"]:
        x = x * mask
        pairs = pair_mask(mask)
        for index, layer in enumerate(self.layers):
            if index == self.SPEAKER_LAYER and speaker.shape[1]:  # a model of one voice may have no embedding
                x = (x + self.speaker_projection(speaker.mT).mT) * mask
            x = layer(x, mask, pairs)
        return x * mask


def pair_mask(mask: Float[Tensor, "batch 1 time"]) -> Float[Tensor, "batch 1 time time"]:
    """1 where both positions are valid."""
    return mask.unsqueeze(2) * mask.unsqueeze(3)
