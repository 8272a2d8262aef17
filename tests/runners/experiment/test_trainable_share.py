from __future__ import annotations

import pytest
import torch

from runners.experiment.trainable_share import TrainableShare, bytes_of_a_voice, trainable_shares
from strategies.adapters.lora import LoRA
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import apply_freeze, shared_parameters
from strategies.freeze.frozen_parts import FrozenParts
from vits.model_spec import ModelSpec


def test_shares_add_up_when_a_part_is_frozen(miniature_spec: ModelSpec) -> None:
    synthesizer = miniature_spec.synthesizer(3)
    synthesizer.speaker_embedding.add(torch.zeros(8))
    apply_freeze(FrozenParts(["decoder"]), synthesizer)
    *parts, whole = trainable_shares(synthesizer)
    by_name = {share.part: share for share in parts}
    assert whole.part == "synthesizer"
    assert whole.parameters == sum(share.parameters for share in parts)
    assert whole.trainable == sum(share.trainable for share in parts)
    assert by_name["decoder"].trainable == 0
    assert by_name["flow"].percent == 100.0
    assert by_name["speaker_embedding"] == TrainableShare("speaker_embedding", 4 * 8, 8)
    assert by_name["speaker_embedding"].percent == pytest.approx(25.0)


def test_percent_is_zero_when_a_part_has_no_parameters() -> None:
    assert TrainableShare("identity", 0, 0).percent == 0.0


def test_a_voice_needs_its_own_set_alone_when_each_has_one(miniature_spec: ModelSpec) -> None:
    sizes: dict[bool, tuple[int, int]] = {}
    for per_voice in (False, True):
        synthesizer = miniature_spec.synthesizer(3)
        for _ in range(4):
            synthesizer.speaker_embedding.add(torch.zeros(8))
        shared = shared_parameters(synthesizer)
        LoRA(rank=2, per_voice=per_voice).attach(synthesizer)
        apply_freeze(AllButEmbedding(), synthesizer, shared)
        sizes[per_voice] = trainable_shares(synthesizer)[-1].trainable, bytes_of_a_voice(synthesizer)
    (trained, of_a_voice), (trained_by_voice, of_one) = sizes[False], sizes[True]
    assert of_one == of_a_voice == 4 * (trained - 3 * 8)
    assert trained_by_voice - 4 * 8 == 4 * (trained - 4 * 8)
