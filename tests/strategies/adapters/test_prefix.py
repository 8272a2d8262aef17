from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from told_speakers import encoded, learn
from torch import Tensor

from strategies.adapters.prefix import Prefix, PrefixAttention
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import apply_freeze, shared_parameters
from vits.attention import RelativeAttention
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

AudioOf = Callable[[Synthesizer], Tensor]


def attached(synthesizer: Synthesizer, length: int = 3) -> list[PrefixAttention]:
    Prefix(length).attach(synthesizer)
    return [module for module in synthesizer.modules() if isinstance(module, PrefixAttention)]


def test_audio_is_the_bases_bit_for_bit_when_nothing_was_trained(miniature: Synthesizer, audio_of: AudioOf) -> None:
    before = audio_of(miniature)
    attached(miniature)
    assert torch.equal(audio_of(miniature), before)


def test_attention_gains_what_is_read_in_the_prefix(miniature: Synthesizer) -> None:
    attention = miniature.text_encoder.get_submodule("encoder.layers.0.attention")
    assert isinstance(attention, RelativeAttention)
    attention.eval()
    x, ones, speakers = torch.randn(2, 16, 5), torch.ones(2, 1, 5, 5), torch.randn(2, 8)
    plain = attention(x, ones)
    prefixes = attached(miniature)
    learn(prefixes)
    own = prefixes[0]
    own.speaker = speakers.unsqueeze(2)
    vectors = own.vectors + (speakers @ own.by_voice.weight.mT).reshape(2, 3, 16)
    project = {
        name: (getattr(attention, name).weight.squeeze(2), getattr(attention, name).bias)
        for name in ("query", "key", "value", "output")
    }
    expected = plain.clone()
    for item in range(2):
        read = []
        for head in range(2):
            rows = slice(8 * head, 8 * head + 8)
            query, key, value = (
                given @ project[name][0][rows].mT + project[name][1][rows]
                for name, given in (("query", x[item].mT), ("key", vectors[item]), ("value", vectors[item]))
            )
            shares = torch.softmax(query @ key.mT / math.sqrt(8), dim=1)
            read.append(torch.tanh(own.gate[head]) * shares @ value)
        expected[item] += project["output"][0] @ torch.cat(read, dim=1).mT
    torch.testing.assert_close(attention(x, ones), expected, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(expected, plain, atol=1e-3)


def test_gates_learn_first_and_what_is_read_once_they_are_open(miniature: Synthesizer) -> None:
    prefixes = attached(miniature)
    speakers = torch.randn(2, 8)
    encoded(miniature, speakers).square().sum().backward()
    assert all(prefix.gate.grad is not None and prefix.gate.grad.any() for prefix in prefixes)
    assert all(prefix.vectors.grad is not None and not prefix.vectors.grad.any() for prefix in prefixes)
    learn(prefixes)
    encoded(miniature, speakers).square().sum().backward()
    for prefix in prefixes:
        assert prefix.vectors.grad is not None
        assert prefix.vectors.grad.any()
        assert prefix.by_voice.weight.grad is not None
        assert prefix.by_voice.weight.grad.any()


def test_only_what_was_added_trains_when_the_base_is_frozen(miniature: Synthesizer) -> None:
    shared = shared_parameters(miniature)
    prefixes = attached(miniature)
    trained = apply_freeze(AllButEmbedding(), miniature, shared)
    assert len(trained) == 3 * len(prefixes) > 0
    assert all(".prefix." in name for name in trained)


def test_parameters_are_as_many_as_the_formula_says_when_the_model_is_tiny(tiny_spec: ModelSpec) -> None:
    synthesizer = tiny_spec.synthesizer(1)
    before = sum(p.numel() for p in synthesizer.parameters())
    Prefix().attach(synthesizer)
    assert sum(p.numel() for p in synthesizer.parameters()) - before == 4 * (4 * 96 * (64 + 1) + 2) == 99_848


@pytest.mark.parametrize("length", [0, 513])
def test_length_is_refused_when_out_of_range(length: int) -> None:
    with pytest.raises(InputError, match=rf"adapter\.length={length} must be a whole number of at least 1"):
        Prefix(length)
