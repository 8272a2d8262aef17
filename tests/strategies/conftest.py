"""Base speakers small enough to compute with by hand, and what a method may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

if TYPE_CHECKING:
    from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
    from vits.corpus.features import PreparedUtterance
    from vits.model_spec import ModelSpec
    from vits.synthesizer import Synthesizer

DrawSpeakers = Callable[..., "BaseSpeakers"]
NewContext = Callable[..., "AdaptationContext"]

N_SYMBOLS = 20  # of the miniature model


@pytest.fixture
def three_speakers() -> BaseSpeakers:
    """Voiceprints along the axes of the plane, so that cosines can be read off."""
    from strategies.context import BaseSpeakers

    return BaseSpeakers(
        names=("east", "north", "west"),
        embeddings=torch.tensor([[1.0, 0.0, 4.0], [3.0, 2.0, 0.0], [5.0, -8.0, 2.0]]),
        voiceprints=torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]),
    )


@pytest.fixture
def draw_speakers() -> DrawSpeakers:
    """Speakers with unit voiceprints; their embeddings are a linear map of these, plus noise."""
    from strategies.context import BaseSpeakers

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
    from strategies.context import BaseSpeakers

    return BaseSpeakers((), torch.zeros(0, 3), torch.zeros(0, 0))


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def enrol() -> Callable[..., Enrolment]:
    """Makes an enrolment of one direction for each clip, with voiceprints at unit length."""
    from strategies.context import Enrolment

    def enrolled(*directions: tuple[float, ...]) -> Enrolment:
        return Enrolment(normalize(torch.tensor(directions), dim=1))

    return enrolled


@pytest.fixture
def miniature(miniature_spec: ModelSpec) -> Synthesizer:
    """A miniature model with four base speakers, none of whose weights is 0 but those of norms and biases."""
    torch.manual_seed(0)
    synthesizer = miniature_spec.synthesizer(4)
    for coupling in synthesizer.flow.couplings:  # pyright: ignore[reportGeneralTypeIssues]
        nn.init.normal_(coupling.shift.projection.weight, std=0.1)
    return synthesizer


@pytest.fixture
def miniature_speakers(miniature: Synthesizer) -> BaseSpeakers:
    """Rows 0, 1 and 3 of the miniature model are trained; nobody trained row 2."""
    from strategies.context import BaseSpeakers

    rows = [0, 1, 3]
    return BaseSpeakers(
        ("anna", "bert", "dora"), miniature.speaker_embedding.weight.detach()[rows], torch.eye(3), tuple(rows)
    )


@pytest.fixture
def new_context(miniature_spec: ModelSpec, miniature: Synthesizer) -> NewContext:
    """What a method may look at: a miniature base with these speakers, and new voices."""
    from strategies.context import AdaptationContext

    def make(
        speakers: BaseSpeakers,
        *,
        seed: int = 0,
        enrolments: Mapping[str, Enrolment] | None = None,
        texts: Sequence[PreparedUtterance] = (),
        parameters: Mapping[str, nn.Parameter] | None = None,
        segment_frames: int = 4,
    ) -> AdaptationContext:
        return AdaptationContext(
            spec=miniature_spec,
            base=miniature,
            base_speakers=speakers,
            enrolments=enrolments or {},
            texts=texts,
            hear=_deaf,
            generator=torch.Generator().manual_seed(seed),
            parameters=parameters or {},
            segment_frames=segment_frames,
        )

    return make


def _deaf(encoder: str, recordings: Sequence[PreparedUtterance]) -> Tensor:
    """No encoder takes part in these tests: voiceprints have no numbers."""
    return torch.zeros(len(recordings), 0)


@pytest.fixture
def hear_spectra() -> Callable[[str, Sequence[PreparedUtterance]], Tensor]:
    """An encoder that knows a voice by its mean spectrum; the other one by that of the recording backwards in pitch."""

    def hear(encoder: str, recordings: Sequence[PreparedUtterance]) -> Tensor:
        spectra = torch.stack([item.spectrogram.mean(1) for item in recordings])
        return normalize(spectra if encoder == "ge2e" else spectra.flip(1) ** 3, dim=1)

    return hear


@pytest.fixture
def utterances() -> list[PreparedUtterance]:
    """Six synthetic utterances of 20 to 40 frames and 5 to 10 tokens, by two speakers."""
    from vits.corpus.clip import Clip
    from vits.corpus.features import PreparedUtterance

    generator = torch.Generator().manual_seed(0)
    return [
        PreparedUtterance(
            Clip(Path(f"{n}.wav"), "new" if n % 2 else "other", f"text {n}", f"clip {n}", phonemes="a"),
            torch.randint(1, N_SYMBOLS, (n // 4,), generator=generator),
            0.1 * torch.randn(n * 256, generator=generator),
            torch.randn(80, n, generator=generator),
        )
        for n in (20, 23, 28, 33, 36, 40)
    ]


@pytest.fixture
def audio_of() -> Callable[[Synthesizer], Tensor]:
    """What a model says: a fixed sentence by its last speaker, without chance."""

    def say(synthesizer: Synthesizer) -> Tensor:
        was_training = synthesizer.training
        synthesizer.eval()
        tokens = torch.arange(1, 13).unsqueeze(0)
        speaker = torch.tensor([synthesizer.speaker_embedding.n_speakers - 1])
        noise = torch.Generator().manual_seed(1)
        audio = synthesizer.infer(tokens, torch.tensor([12]), speaker, generator=noise).audio
        synthesizer.train(was_training)
        return audio

    return say
