"""Miniature models of other projects, in their own files."""

from __future__ import annotations

import re
from collections.abc import Sequence

import plain_vits
import torch
from plain_vits import Weights
from torch import Tensor

from vits.formats.foreign_model import ForeignModel

TOLERANCE = 1e-4


def check_speaks(model: ForeignModel, w: Weights, tokens: Sequence[int], speaker: int | None) -> None:
    """What the imported model says is what the formulas say with the same weights."""
    expected = plain_vits.speak(w, list(tokens), speaker)
    spoken = said(model, tokens, speaker or 0)
    assert expected.std() > 0.01
    torch.testing.assert_close(spoken, expected, atol=TOLERANCE, rtol=0)


def said(model: ForeignModel, tokens: Sequence[int], speaker: int) -> Tensor:
    speech = model.synthesizer().infer(
        torch.tensor([list(tokens)]),
        torch.tensor([len(tokens)]),
        torch.tensor([speaker]),
        noise_scale=0.0,
        duration_noise_scale=0.0,
    )
    return speech.audio[0, 0]


def theirs(name: str, names: Sequence[tuple[str, str]]) -> str:
    """A name of VITS where flows are counted without the flips between them, by another project's patterns."""
    name = re.sub(r"^(flow.flows.)(\d+)", lambda m: f"{m[1]}{int(m[2]) // 2}", name)
    name = re.sub(r"^(dp.*flows.)([1-7])\.", lambda m: f"{m[1]}{(int(m[2]) + 1) // 2}.", name)
    for pattern, replacement in names:
        name = re.sub(pattern, replacement, name)
    return name
