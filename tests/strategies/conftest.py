"""Base speakers small enough to compute with by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from strategies.initialisers.embedding_init import BaseSpeakers, Enrolment

DrawSpeakers = Callable[..., BaseSpeakers]


@pytest.fixture
def three_speakers() -> BaseSpeakers:
    """Voiceprints along the axes of the plane, so that cosines can be read off."""
    return BaseSpeakers(
        names=("east", "north", "west"),
        embeddings=torch.tensor([[1.0, 0.0, 4.0], [3.0, 2.0, 0.0], [5.0, -8.0, 2.0]]),
        voiceprints=torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]),
    )


@pytest.fixture
def draw_speakers() -> DrawSpeakers:
    """Speakers with unit voiceprints; their embeddings are a linear map of these, plus noise."""

    def draw(n: int, *, prints: int = 6, width: int = 3, noise: float = 0.0, seed: int = 0) -> BaseSpeakers:
        generator = torch.Generator().manual_seed(seed)
        voiceprints = normalize(torch.randn(n, prints, generator=generator), dim=1)
        mapping = torch.randn(prints, width, generator=generator)
        embeddings = voiceprints @ mapping + 2.0 + noise * torch.randn(n, width, generator=generator)
        return BaseSpeakers(tuple(f"s{i}" for i in range(n)), embeddings, voiceprints)

    return draw


@pytest.fixture
def no_speakers() -> BaseSpeakers:
    """What `base=scratch` knows: the width of an embedding, and nobody."""
    return BaseSpeakers((), torch.zeros(0, 3), torch.zeros(0, 0))


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def enrolled(*directions: tuple[float, ...]) -> Enrolment:
    """Clips with voiceprints of these directions, at unit length."""
    rows: Tensor = torch.tensor(directions)
    return Enrolment(normalize(rows, dim=1))


@pytest.fixture
def enrol() -> Callable[..., Enrolment]:
    """Makes an enrolment of one direction for each clip."""
    return enrolled
