"""Whisper's attention, apart into what is asked and what is heard, so that both can be kept."""

from __future__ import annotations

from typing import Any

from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

KeysAndValues = tuple[Float[Tensor, "batch heads _ channels"], Float[Tensor, "batch heads _ channels"]]


def attend(
    attention: Any,
    queries: Float[Tensor, "batch queries state"],
    heard: KeysAndValues,
    weights: Float[Tensor, "queries keys"] | None = None,
) -> Float[Tensor, "batch queries state"]:
    """One of Whisper's attentions, after the projections of what is heard; `weights` are added to the logits."""
    asked = split_heads(attention.query(queries), attention)
    answer = functional.scaled_dot_product_attention(asked, *heard, attn_mask=weights)
    return attention.out(rearrange(answer, "b h q c -> b q (h c)"))


def keys_and_values(attention: Any, states: Float[Tensor, "batch places state"]) -> KeysAndValues:
    """What is heard of states, apart by attention head."""
    keys, values = attention.key(states), attention.value(states)
    return split_heads(keys, attention).contiguous(), split_heads(values, attention).contiguous()


def split_heads(
    states: Float[Tensor, "batch places state"], attention: Any
) -> Float[Tensor, "batch heads places channels"]:
    """The same numbers, apart by attention head."""
    return rearrange(states, "b p (h c) -> b h p c", h=attention.n_head)
