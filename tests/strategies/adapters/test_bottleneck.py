from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from strategies.adapters.bottleneck import Bottleneck, ResidualBottleneck
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import apply_freeze, shared_parameters
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

AudioOf = Callable[[Synthesizer], Tensor]


def added(synthesizer: Synthesizer) -> list[ResidualBottleneck]:
    return [module for module in synthesizer.modules() if isinstance(module, ResidualBottleneck)]


def test_audio_is_the_bases_bit_for_bit_when_nothing_was_trained(miniature: Synthesizer, audio_of: AudioOf) -> None:
    before = audio_of(miniature)
    Bottleneck(width=4).attach(miniature)
    assert torch.equal(audio_of(miniature), before)


def test_each_layer_gives_what_its_bottleneck_makes_of_it(miniature: Synthesizer) -> None:
    layer = miniature.text_encoder.get_submodule("encoder.layers.0")
    layer.eval()
    x, ones = torch.randn(2, 16, 5), torch.ones(2, 1, 5)
    plain = layer(x, ones, torch.ones(2, 1, 5, 5))
    Bottleneck(width=4).attach(miniature)
    own = layer.get_submodule("bottleneck")
    torch.nn.init.normal_(own.get_parameter("up.weight"))
    changed = layer(x, ones, torch.ones(2, 1, 5, 5))
    down, up = own.get_submodule("down"), own.get_submodule("up")
    torch.testing.assert_close(changed, plain + up(torch.relu(down(plain))))
    assert not torch.allclose(changed, plain)


def test_only_what_was_added_trains_when_the_base_is_frozen(miniature: Synthesizer) -> None:
    shared = shared_parameters(miniature)
    Bottleneck(width=4).attach(miniature)
    trained = apply_freeze(AllButEmbedding(), miniature, shared)
    assert len(trained) == 4 * len(added(miniature)) > 0
    assert all(".bottleneck." in name for name in trained)


def test_parameters_are_as_many_as_the_formula_says_when_the_model_is_tiny(tiny_spec: ModelSpec) -> None:
    synthesizer = tiny_spec.synthesizer(1)
    before = sum(p.numel() for p in synthesizer.parameters())
    Bottleneck().attach(synthesizer)
    channels = [module.up.out_channels for module in added(synthesizer)]
    expected = sum(16 * (2 * c + 1) + c for c in channels)
    assert sum(p.numel() for p in synthesizer.parameters()) - before == expected == 25_472


def test_width_is_refused_when_below_one() -> None:
    with pytest.raises(InputError, match=r"adapter\.width=0 must be a whole number of at least 1"):
        Bottleneck(width=0)
