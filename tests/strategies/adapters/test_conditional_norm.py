from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import torch
from told_speakers import encoded, learn
from torch import Tensor
from torch.nn.functional import layer_norm

from strategies.adapters.conditional_norm import ConditionalNorm, SpeakerScale
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import apply_freeze, shared_parameters
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

AudioOf = Callable[[Synthesizer], Tensor]


def attached(synthesizer: Synthesizer) -> list[SpeakerScale]:
    ConditionalNorm().attach(synthesizer)
    return [module for module in synthesizer.modules() if isinstance(module, SpeakerScale)]


def test_audio_is_the_bases_bit_for_bit_when_nothing_was_trained(miniature: Synthesizer, audio_of: AudioOf) -> None:
    before = audio_of(miniature)
    attached(miniature)
    assert torch.equal(audio_of(miniature), before)


def test_each_normalisation_is_the_formulas_for_each_speaker(miniature: Synthesizer) -> None:
    scales = attached(miniature)
    learn(scales)
    speakers = torch.randn(3, 8)
    for scale in scales:
        scale.speaker = speakers.unsqueeze(2)
    norm = miniature.text_encoder.get_submodule("encoder.layers.0.attention_norm")
    x = torch.randn(3, 16, 5)
    own = norm.get_submodule("speaker_scale")
    weight, bias = own.get_parameter("projection.weight"), own.get_parameter("projection.bias")
    scale, shift = (speakers @ weight.mT + bias).split(16, dim=1)
    normed = layer_norm(x.mT, (16,), norm.get_parameter("gamma"), norm.get_parameter("beta")).mT
    torch.testing.assert_close(norm(x), normed * (1 + scale.unsqueeze(2)) + shift.unsqueeze(2))


def test_a_copy_of_the_model_listens_to_its_own_speakers(miniature: Synthesizer) -> None:
    learn(attached(miniature))
    speakers = torch.randn(2, 8)
    expected = encoded(miniature, speakers[:1])
    copy = deepcopy(miniature)
    learn([module for module in copy.modules() if isinstance(module, SpeakerScale)])
    assert not torch.allclose(encoded(copy, speakers[:1]), expected, atol=1e-3)
    torch.testing.assert_close(encoded(miniature, speakers[:1]), expected)


def test_nothing_of_a_pass_is_kept_when_it_is_over(miniature: Synthesizer) -> None:
    scales = attached(miniature)
    encoded(miniature, torch.randn(2, 8))
    assert all(scale.speaker is None for scale in scales)


def test_only_what_was_added_trains_when_the_base_is_frozen(miniature: Synthesizer) -> None:
    shared = shared_parameters(miniature)
    scales = attached(miniature)
    trained = apply_freeze(AllButEmbedding(), miniature, shared)
    assert len(trained) == 2 * len(scales)
    assert all(".speaker_scale." in name for name in trained)


def test_parameters_are_as_many_as_the_formula_says_when_the_model_is_tiny(tiny_spec: ModelSpec) -> None:
    synthesizer = tiny_spec.synthesizer(1)
    before = sum(p.numel() for p in synthesizer.parameters())
    scales = attached(synthesizer)
    assert sum(p.numel() for p in synthesizer.parameters()) - before == len(scales) * 2 * 96 * (64 + 1) == 99_840
