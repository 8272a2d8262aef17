"""Sets of weights that each new voice has for itself, beside the same adapter when it is shared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from miniature_passes import train_on
from torch import Tensor

from strategies.adapters.bottleneck import Bottleneck
from strategies.adapters.dora import DoRA
from strategies.adapters.lora import LoRA
from strategies.adapters.per_voice import VoiceAdapter, VoiceSets, place_among_sets
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import apply_freeze, shared_parameters
from vits.checkpoint import load_weights, save_weights
from vits.common.errors import InputError
from vits.corpus.batching import collate
from vits.corpus.features import PreparedUtterance
from vits.model_spec import PARTS, ModelSpec
from vits.synthesizer import Synthesizer

AudioOf = Callable[[Synthesizer], Tensor]
EVERY = [
    LoRA(rank=2, per_voice=True),
    LoRA(rank=2, targets=list(PARTS), layers="all", per_voice=True),
    DoRA(rank=2, per_voice=True),
    Bottleneck(width=3, per_voice=True),
]
by_method = pytest.mark.parametrize("adapter", EVERY, ids=["lora", "lora everywhere", "dora", "bottleneck"])


@pytest.fixture
def two_new(miniature: Synthesizer) -> Synthesizer:
    """Rows 0 to 3 are the base's, 4 and 5 new, and these two are equal."""
    for _ in range(2):
        miniature.speaker_embedding.add(torch.ones(8))
    return miniature


def sets_of(synthesizer: Synthesizer, place: int) -> dict[str, Tensor]:
    return {
        name: parameter.detach().clone()
        for name, parameter in synthesizer.named_parameters()
        if place_among_sets(name) == place
    }


@torch.no_grad()
def learn(synthesizer: Synthesizer) -> None:
    """Let every set have learned something, whatever it is."""
    for name, parameter in synthesizer.named_parameters():
        if place_among_sets(name) is not None:
            parameter.add_(0.1 * torch.randn_like(parameter))


def said(synthesizer: Synthesizer, *speakers: int) -> Tensor:
    """The same sentence by each of them, with the same noise, in one batch."""
    synthesizer.eval()
    tokens = torch.arange(1, 13).expand(len(speakers), -1)
    noise = [torch.Generator().manual_seed(1) for _ in speakers]
    lengths = torch.full((len(speakers),), 12)
    return synthesizer.infer(tokens, lengths, torch.tensor(speakers), generator=noise).audio


def train(synthesizer: Synthesizer, utterances: list[PreparedUtterance], ids: dict[str, int]) -> None:
    torch.manual_seed(0)
    train_on(synthesizer, collate([item for item in utterances if item.clip.speaker in ids], ids))


@by_method
def test_audio_is_the_bases_bit_for_bit_when_nothing_was_trained(two_new: Synthesizer, adapter: VoiceAdapter) -> None:
    before = said(two_new, 0, 4, 5)
    adapter.attach(two_new)
    assert torch.equal(said(two_new, 0, 4, 5), before)


@by_method
def test_voices_alone_move_when_the_base_is_frozen(
    two_new: Synthesizer, adapter: VoiceAdapter, utterances: list[PreparedUtterance]
) -> None:
    shared = shared_parameters(two_new)
    adapter.attach(two_new)
    apply_freeze(AllButEmbedding(), two_new, shared)
    frozen = {name: tensor.clone() for name, tensor in shared.items()}
    base_voices, mine, others = said(two_new, 0, 1), sets_of(two_new, 0), sets_of(two_new, 1)
    train(two_new.train(), utterances, {"new": 4})
    assert all(torch.equal(parameter, frozen[name]) for name, parameter in shared.items())
    assert torch.equal(said(two_new, 0, 1), base_voices)
    assert any(not torch.equal(tensor, mine[name]) for name, tensor in sets_of(two_new, 0).items())
    assert all(torch.equal(tensor, others[name]) for name, tensor in sets_of(two_new, 1).items())


@by_method
def test_a_single_new_voice_learns_what_it_would_if_weights_were_shared(
    miniature: Synthesizer, adapter: VoiceAdapter, utterances: list[PreparedUtterance], audio_of: AudioOf
) -> None:
    miniature.speaker_embedding.add(torch.ones(8))
    start = {name: tensor.clone() for name, tensor in miniature.state_dict().items()}
    shared = shared_parameters(miniature)
    torch.manual_seed(5)
    adapter.attach(miniature)
    apply_freeze(AllButEmbedding(), miniature, shared)
    train(miniature.train(), utterances, {"new": 4, "other": 4})
    spoken = audio_of(miniature)
    adapter.settled(miniature).remove(miniature)
    miniature.load_state_dict(start)
    torch.manual_seed(5)
    replace(adapter, per_voice=False).attach(miniature)
    apply_freeze(AllButEmbedding(), miniature, shared)
    train(miniature.train(), utterances, {"new": 4, "other": 4})
    assert torch.equal(audio_of(miniature), spoken)


def test_each_item_is_computed_with_its_own_voices_weights(two_new: Synthesizer) -> None:
    layer = two_new.text_encoder.get_submodule("encoder.layers.0.attention.query")
    x, ids = torch.randn(4, 16, 5), torch.tensor([5, 0, 4, 5])
    assert isinstance(layer, torch.nn.Conv1d)
    LoRA(rank=2, alpha=3.0, per_voice=True).attach(two_new)
    learn(two_new)
    sets = layer.get_submodule("by_voice.0.sets")
    changes = {
        row: 3.0 / 2 * sets.get_parameter(f"{place}.up") @ sets.get_parameter(f"{place}.down")
        for place, row in enumerate((4, 5))
    }
    weights = [layer.weight[:, :, 0] + changes.get(row, 0.0) for row in ids.tolist()]
    assert layer.bias is not None
    expected = torch.stack([weight @ item + layer.bias[:, None] for weight, item in zip(weights, x, strict=True)])
    with two_new.who_speaks.told(ids):
        torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(layer(x), layer.weight[:, :, 0] @ x + layer.bias[:, None], atol=1e-5, rtol=1e-5)


def test_each_item_passes_its_own_voices_bottleneck(two_new: Synthesizer) -> None:
    layer = two_new.text_encoder.get_submodule("encoder.layers.0").eval()
    arguments = torch.randn(3, 16, 5), torch.ones(3, 1, 5), torch.ones(3, 1, 5, 5)
    plain = layer(*arguments)
    Bottleneck(width=3, per_voice=True).attach(two_new)
    learn(two_new)
    first, second = (layer.get_submodule(f"by_voice.0.sets.{place}") for place in (0, 1))
    with two_new.who_speaks.told(torch.tensor([5, 4, 2])):
        now = layer(*arguments)
    torch.testing.assert_close(now, torch.cat([second(plain[:1]), first(plain[1:2]), plain[2:]]))
    assert torch.equal(now[2], plain[2])
    assert not torch.allclose(now[0], plain[0])


@by_method
def test_a_voice_says_the_same_alone_and_beside_others(two_new: Synthesizer, adapter: VoiceAdapter) -> None:
    adapter.attach(two_new)
    learn(two_new)
    together = said(two_new, 5, 0, 4)
    for place, speaker in enumerate((5, 0, 4)):
        alone = said(two_new, speaker)
        torch.testing.assert_close(together[place, :, : alone.shape[2]], alone[0], atol=1e-4, rtol=1e-3)
    assert not torch.allclose(together[0], together[2], atol=1e-3), "both have the same embedding"


def test_conversion_uses_the_weights_of_source_and_target(two_new: Synthesizer) -> None:
    LoRA(rank=2, targets=["flow"], layers="all", per_voice=True).attach(two_new)
    learn(two_new)
    two_new.eval()
    spectrogram, lengths = torch.randn(1, 80, 20), torch.tensor([20])

    def converted(source: int, target: int) -> Tensor:
        return two_new.convert(spectrogram, lengths, torch.tensor([source]), torch.tensor([target])).audio

    there_and_back, other = converted(4, 4), converted(4, 5)
    torch.testing.assert_close(there_and_back, converted(5, 5), atol=1e-4, rtol=1e-3)  # a flow undoes itself
    assert not torch.allclose(other, there_and_back, atol=1e-3)


@by_method
def test_saved_weights_speak_the_same_when_the_new_voices_are_base_voices(
    two_new: Synthesizer, adapter: VoiceAdapter, tmp_path: Path, miniature_spec: ModelSpec
) -> None:
    adapter.attach(two_new)
    learn(two_new)
    settled = adapter.settled(two_new)
    assert settled.rows == [4, 5]
    assert not settled.merge(two_new)
    two_new.speaker_embedding.absorb()
    before = said(two_new, 0, 4, 5)
    save_weights(two_new, tmp_path / "weights.safetensors")
    other = miniature_spec.synthesizer(6)
    settled.attach(other)
    load_weights(other, tmp_path / "weights.safetensors")
    assert torch.equal(said(other, 0, 4, 5), before)


@by_method
@pytest.mark.parametrize("speaker", [4, 5])
def test_one_voices_set_is_everybodys_when_it_is_left_alone(
    two_new: Synthesizer, adapter: VoiceAdapter, speaker: int
) -> None:
    adapter.attach(two_new)
    learn(two_new)
    before = said(two_new, speaker)
    settled = adapter.settled(two_new)
    shared = settled.of_one(two_new, speaker)
    merged = shared.merge(two_new)
    assert merged == (not isinstance(adapter, Bottleneck))
    assert not any(isinstance(module, VoiceSets) for module in two_new.modules())
    torch.testing.assert_close(said(two_new, speaker), before, atol=1e-5, rtol=1e-4)
    assert torch.equal(said(two_new, 4), said(two_new, 5)), "both have the same embedding, and now the same weights"


def test_later_voices_get_sets_beside_those_that_are_there(two_new: Synthesizer) -> None:
    first = LoRA(rank=2, per_voice=True)
    first.attach(two_new)
    learn(two_new)
    first = first.settled(two_new)
    two_new.speaker_embedding.absorb()
    before = said(two_new, 0, 4, 5)
    two_new.speaker_embedding.add(torch.ones(8))
    later = LoRA(rank=3, per_voice=True)
    later.attach(two_new)
    assert later.settled(two_new).rows == [6]
    assert torch.equal(said(two_new, 0, 4, 5), before)
    layer = two_new.text_encoder.get_submodule("encoder.layers.0.attention.query")
    assert [sets.rows for sets in layer.get_submodule("by_voice").children()] == [(4, 5), (6,)]  # pyright: ignore


@pytest.mark.parametrize(
    ("settings", "n_new", "message"),
    [
        ({"per_voice": True}, 0, r"adapter.rows=\[\] name no voices with weights of their own"),
        ({"rows": [1]}, 1, r"adapter.rows=\[1\] name no voices with weights of their own; leave them out"),
        ({"per_voice": True, "rows": [9]}, 1, r"adapter.rows=\[9\] .* table of 5"),
    ],
)
def test_sets_are_refused_when_nobody_could_have_them(
    settings: dict[str, object], n_new: int, message: str, miniature: Synthesizer
) -> None:
    for _ in range(n_new):
        miniature.speaker_embedding.add(torch.ones(8))
    with pytest.raises(InputError, match=message):
        LoRA(**settings).attach(miniature)  # pyright: ignore[reportArgumentType]
