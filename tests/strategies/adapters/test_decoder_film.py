"""Telling the decoder the speaker: nothing changes at first, and then only by the speaker."""

from __future__ import annotations

import pytest
import torch

from strategies.adapters.decoder_film import DecoderFilm
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import apply_freeze, shared_parameters
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

CONVNEXT = {
    "_target_": "vits.decoder.ConvNeXtISTFTDecoder",
    "latent_channels": 8,
    "channels": 16,
    "hidden_channels": 24,
    "n_blocks": 2,
}


@pytest.fixture(params=["multi_band", "convnext"])
def synthesizer(request: pytest.FixtureRequest, miniature_spec: ModelSpec) -> Synthesizer:
    """A model with each kind of trunk."""
    torch.manual_seed(0)
    parts = miniature_spec.parts
    spec = miniature_spec if request.param == "multi_band" else ModelSpec({**parts, "decoder": CONVNEXT})
    return spec.synthesizer(2).eval()


@torch.no_grad()
def decoded(synthesizer: Synthesizer, speaker: int) -> torch.Tensor:
    """What the decoder makes of a fixed latent for a speaker."""
    channels = synthesizer.decoder.get_submodule("trunk.input").in_channels
    latent = torch.randn(1, channels, 8, generator=torch.Generator().manual_seed(1))  # pyright: ignore
    return synthesizer.decoder(latent, synthesizer.speaker_embedding(torch.tensor([speaker]))).audio


def test_audio_is_the_base_models_when_the_adapter_is_untrained(synthesizer: Synthesizer) -> None:
    before = decoded(synthesizer, 1)
    DecoderFilm().attach(synthesizer)
    assert torch.equal(decoded(synthesizer, 1), before)


def test_audio_depends_on_the_speaker_when_the_adapter_is_trained(synthesizer: Synthesizer) -> None:
    assert torch.equal(decoded(synthesizer, 0), decoded(synthesizer, 1))
    DecoderFilm().attach(synthesizer)
    for parameter in synthesizer.decoder.get_submodule("trunk.conditioning").parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    assert not torch.allclose(decoded(synthesizer, 0), decoded(synthesizer, 1))


def test_adapter_is_trained_when_all_but_embeddings_are_frozen(synthesizer: Synthesizer) -> None:
    synthesizer.speaker_embedding.add(torch.zeros(synthesizer.speaker_embedding.weight.shape[1]))
    shared = shared_parameters(synthesizer)
    DecoderFilm().attach(synthesizer)
    schedules = apply_freeze(AllButEmbedding(), synthesizer, shared)
    trained = {name for name, parameter in synthesizer.named_parameters() if parameter.requires_grad}
    assert set(schedules) == trained
    assert {name.rpartition(".stages")[0] or name for name in trained} == {
        "decoder.trunk.conditioning",
        "speaker_embedding.added.0",
    }
