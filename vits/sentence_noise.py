"""Noise that a sentence brings along, whichever batch it is spoken in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from vits.batch_rows import BatchNoise, NoiseOfRows

SEED_BYTES = 8

Noise = (
    BatchNoise | Sequence[torch.Generator]
)  # one of a whole batch or of rows of it, one of each item, or torch's own


def sentence_generators(seed: int, identities: Sequence[Sequence[str]]) -> list[torch.Generator]:
    """A source of noise for each sentence, chosen by the seed and by what the sentence is called, nothing else.

    Generators are of the CPU, so that a sentence sounds the same on every device.
    """
    return [torch.Generator().manual_seed(_hashed(seed, identity)) for identity in identities]


def _hashed(seed: int, identity: Sequence[str]) -> int:
    """A seed of 63 bits; lengths keep apart what would be one string after joining."""
    message = "".join(f"{len(part)}:{part}" for part in (str(seed), *identity))
    digest = hashlib.blake2b(message.encode("utf-8", "surrogatepass"), digest_size=SEED_BYTES).digest()
    return int.from_bytes(digest, "big") >> 1


def gaussian_like(mean: Tensor, noise: Noise, mask: Float[Tensor, "batch 1 time"] | None = None) -> Tensor:
    """Standard normal numbers in the shape of `mean`.

    With a generator for each item, an item gets as many as the mask gives it positions, and zeros behind them:
    what it gets doesn't depend on the length of its neighbours.
    """
    if noise is None:  # the only one that can be exported
        return torch.randn_like(mean, memory_format=torch.contiguous_format)
    if isinstance(noise, torch.Generator):
        return torch.randn(mean.shape, generator=noise, device=mean.device, dtype=mean.dtype)
    if isinstance(noise, NoiseOfRows):
        return noise.gaussian(mean)
    batch, channels, longest = mean.shape
    lengths = [longest] * batch if mask is None else [int(length) for length in mask.sum((1, 2)).tolist()]
    drawn = torch.zeros(batch, channels, longest)
    for item, generator, length in zip(drawn, noise, lengths, strict=True):
        item[:, :length] = torch.randn(channels, length, generator=generator)
    return drawn.to(mean)
