"""The text encoder: from symbols to the prior distribution of the latent."""

from __future__ import annotations

import math
from typing import NamedTuple

from jaxtyping import Float, Int64
from torch import Tensor, nn

from vits.attention import SpeakerConditionedEncoder, TransformerEncoder
from vits.common.sizes import Channels, Count, Dropout, Heads, KernelSize, LatentChannels, SpeakerChannels, Symbols
from vits.layers import length_mask


class TextEncoding(NamedTuple):
    """What the text says: a hidden vector, and the prior's mean and log deviation, for every token."""

    hidden: Float[Tensor, "batch hidden tokens"]
    mean: Float[Tensor, "batch latent tokens"]
    log_deviation: Float[Tensor, "batch latent tokens"]
    mask: Float[Tensor, "batch 1 tokens"]


class _TokenEncoder(nn.Module):
    """Token embeddings, an encoder over them, and the prior that a projection makes of its output."""

    def __init__(self, n_symbols: int, latent_channels: int, hidden_channels: int, encoder: nn.Module) -> None:
        super().__init__()
        self.symbols = nn.Embedding(n_symbols, hidden_channels)
        nn.init.normal_(self.symbols.weight, 0.0, hidden_channels**-0.5)
        self.encoder = encoder
        self.projection = nn.Conv1d(hidden_channels, 2 * latent_channels, 1)

    def embed(self, tokens: Int64[Tensor, "batch tokens"]) -> Float[Tensor, "batch hidden tokens"]:
        return (self.symbols(tokens) * math.sqrt(self.symbols.embedding_dim)).mT

    def encoding(
        self, hidden: Float[Tensor, "batch hidden tokens"], mask: Float[Tensor, "batch 1 tokens"]
    ) -> TextEncoding:
        mean, log_deviation = (self.projection(hidden) * mask).chunk(2, dim=1)
        return TextEncoding(hidden, mean, log_deviation, mask)


class TextEncoder(_TokenEncoder):
    """Transformer over token embeddings that is the same for all speakers (VITS, section 2.5.2)."""

    def __init__(
        self,
        n_symbols: Symbols,
        latent_channels: LatentChannels,
        hidden_channels: Channels,
        filter_channels: Channels,
        n_heads: Heads,
        n_layers: Count,
        kernel_size: KernelSize,
        dropout: Dropout,
    ) -> None:
        encoder = TransformerEncoder(
            hidden_channels,
            filter_channels,
            n_heads=n_heads,
            n_layers=n_layers,
            kernel_size=kernel_size,
            dropout=dropout,
        )
        super().__init__(n_symbols, latent_channels, hidden_channels, encoder)

    def forward(
        self,
        tokens: Int64[Tensor, "batch tokens"],
        token_lengths: Int64[Tensor, "batch"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> TextEncoding:
        mask = length_mask(token_lengths, tokens.shape[1])
        return self.encoding(self.encoder(self.embed(tokens), mask), mask)


class SpeakerConditionedTextEncoder(_TokenEncoder):
    """Transformer over token embeddings, told the speaker before its third layer (VITS2, section 2.4)."""

    def __init__(
        self,
        n_symbols: Symbols,
        latent_channels: LatentChannels,
        hidden_channels: Channels,
        filter_channels: Channels,
        n_heads: Heads,
        n_layers: Count,
        kernel_size: KernelSize,
        dropout: Dropout,
        speaker_channels: SpeakerChannels,
    ) -> None:
        encoder = SpeakerConditionedEncoder(
            hidden_channels,
            filter_channels,
            n_heads=n_heads,
            n_layers=n_layers,
            kernel_size=kernel_size,
            speaker_channels=speaker_channels,
            dropout=dropout,
        )
        super().__init__(n_symbols, latent_channels, hidden_channels, encoder)

    def forward(
        self,
        tokens: Int64[Tensor, "batch tokens"],
        token_lengths: Int64[Tensor, "batch"],
        speaker: Float[Tensor, "batch gin 1"],
    ) -> TextEncoding:
        mask = length_mask(token_lengths, tokens.shape[1])
        return self.encoding(self.encoder(self.embed(tokens), mask, speaker), mask)
