"""Telling the decoder the speaker: nothing changes at first, and then only by the speaker."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import apply_freeze
from vits.model_spec import CONDITIONING, ModelSpec
from vits.synthesizer import Synthesizer

FILM = {"name": "film"}


CONVNEXT = {
    "name": "convnext_istft",
    "latent_channels": 8,
    "channels": 16,
    "hidden_channels": 24,
    "n_blocks": 2,
}


@pytest.fixture(params=["multi_band", "convnext"])
def spec(request: pytest.FixtureRequest, miniature_spec: ModelSpec) -> ModelSpec:
    """A model with each kind of trunk."""
    return miniature_spec if request.param == "multi_band" else ModelSpec({**miniature_spec.parts, "decoder": CONVNEXT})


@pytest.fixture
def conditioned(spec: ModelSpec) -> Synthesizer:
    torch.manual_seed(0)
    return replace(spec, parts={**spec.parts, CONDITIONING: FILM}).synthesizer(2).eval()


def latent(synthesizer: Synthesizer) -> torch.Tensor:
    channels = synthesizer.decoder.trunk.input.in_channels
    return torch.randn(1, channels, 8, generator=torch.Generator().manual_seed(1))


def test_audio_is_the_base_models_when_conditioning_is_untrained(conditioned: Synthesizer, spec: ModelSpec) -> None:
    base = spec.synthesizer(2).eval()
    known = {n: t for n, t in conditioned.state_dict().items() if not n.startswith("decoder.trunk.conditioning.")}
    base.load_state_dict(known)
    z, speaker = latent(base), torch.tensor([1])
    with torch.no_grad():
        expected = base.decoder(z, base.speaker_embedding(speaker)).audio
        assert torch.equal(conditioned.decoder(z, conditioned.speaker_embedding(speaker)).audio, expected)


def test_audio_depends_on_the_speaker_when_conditioning_is_trained(conditioned: Synthesizer) -> None:
    z = latent(conditioned)
    for parameter in conditioned.decoder.trunk.conditioning.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    with torch.no_grad():
        one, other = (conditioned.decoder(z, conditioned.speaker_embedding(torch.tensor([s]))).audio for s in (0, 1))
    assert not torch.allclose(one, other)


def test_conditioning_is_trained_when_all_but_embeddings_are_frozen(conditioned: Synthesizer) -> None:
    conditioned.speaker_embedding.add(torch.zeros(conditioned.speaker_embedding.weight.shape[1]))
    apply_freeze(AllButEmbedding(), conditioned)
    trained = {name.rpartition(".stages")[0] or name for name, p in conditioned.named_parameters() if p.requires_grad}
    assert trained == {"decoder.trunk.conditioning", "speaker_embedding.added.0"}
