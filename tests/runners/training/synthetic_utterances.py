"""Utterances of noise by two speakers, to train a miniature model on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from vits.corpus.clip import Clip
from vits.corpus.features import PreparedUtterance

HOP_LENGTH = 256


def synthetic_utterances(lengths: Sequence[int]) -> list[PreparedUtterance]:
    """One of each length, in frames; always the same."""
    generator = torch.Generator().manual_seed(0)
    return [
        PreparedUtterance(
            Clip(Path(f"{n}.wav"), "anna" if n % 2 else "bert", "", "a"),
            torch.randint(1, 20, (n // 4,), generator=generator),
            0.1 * torch.randn(n * HOP_LENGTH, generator=generator),
            torch.randn(80, n, generator=generator),
        )
        for n in lengths
    ]
