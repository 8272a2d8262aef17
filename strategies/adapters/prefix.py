"""Let the text be read after some learned vectors that depend on the voice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from strategies.adapters.adapter import Adapter
from strategies.adapters.told_speaker import ToldSpeaker, tell_speaker
from vits.attention import RelativeAttention
from vits.common.bounds import AtLeast, AtMost, check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.synthesizer import Synthesizer

HEADS = "batch (heads channels) time -> batch heads time channels"
TOGETHER = "batch heads time channels -> batch (heads channels) time"


class PrefixAttention(ToldSpeaker):
    """What each position reads in a prefix, by the queries, keys and values of an attention that is there already.

    The gate of every head is 0 at first, so that nothing is read.
    """

    def __init__(self, channels: int, n_heads: int, length: int, speaker_channels: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(length, channels))
        self.by_voice = nn.Linear(speaker_channels, length * channels, bias=False)
        self.gate = nn.Parameter(torch.zeros(n_heads))
        nn.init.zeros_(self.by_voice.weight)

    def forward(
        self, attention: RelativeAttention, x: Float[Tensor, "batch channels time"]
    ) -> Float[Tensor, "batch channels time"]:
        prefix = self.prefix(x.shape[0])
        query = rearrange(attention.query(x), HEADS, heads=attention.n_heads) / math.sqrt(attention.head_channels)
        key = rearrange(attention.key(prefix), HEADS, heads=attention.n_heads)
        value = rearrange(attention.value(prefix), HEADS, heads=attention.n_heads)
        read = torch.softmax(query @ key.mT, dim=-1) @ value
        gated = rearrange(torch.tanh(self.gate)[:, None, None] * read, TOGETHER)
        return nn.functional.conv1d(gated, attention.output.weight)

    def prefix(self, batch: int) -> Float[Tensor, "batch channels length"]:
        """The vectors before the text of each of the speakers; of nobody in particular where nobody was told."""
        shared = self.vectors.mT.expand(batch, -1, -1)
        if self.speaker is None:
            return shared
        own = self.by_voice(self.speaker.squeeze(2))
        return shared + rearrange(own, "batch (length channels) -> batch channels length", length=len(self.vectors))


@register("adapter", "prefix")
@dataclass(frozen=True)
class Prefix(Adapter):
    """`length` learned vectors stand before the text in every attention of the text encoder, and depend on the voice.

    `P + W g` of a speaker's embedding `g`, with `W = 0` at first. They are read apart from the text, by the same
    queries, keys and values, and what is read joins what the attention gives, times the hyperbolic tangent of a gate of
    each head, which is 0 at first; `length * channels * (gin + 1) + heads` parameters an attention, and of a voice that
    is done `length * channels` numbers and the gates. Li and Liang, Prefix-Tuning, 2021, section 4; Zhang et al.,
    LLaMA-Adapter, 2023, section 3.2 (gated attention from zero).
    """

    length: Annotated[int, AtLeast(1), AtMost(512)] = 4

    def __post_init__(self) -> None:
        check_fields(self, "adapter")

    def attach(self, synthesizer: Synthesizer) -> None:
        part, rows = synthesizer.text_encoder, synthesizer.speaker_embedding.weight
        attentions = [module for module in part.modules() if isinstance(module, RelativeAttention)]
        if not attentions:
            raise InputError("adapter=prefix stands before the text of attentions, and this text encoder has none")
        for attention in attentions:
            channels = attention.n_heads * attention.head_channels
            attention.prefix = PrefixAttention(channels, attention.n_heads, self.length, rows.shape[1]).to(rows)
            attention.register_forward_hook(_read)
        tell_speaker(part)


def _read(attention: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """Add to what an attention gives what is read in its own prefix."""
    return output + attention.get_submodule("prefix")(attention, inputs[0])
