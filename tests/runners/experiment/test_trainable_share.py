from __future__ import annotations

import pytest
import torch

from runners.experiment.trainable_share import TrainableShare, trainable_shares
from strategies.freeze.freeze_policy import apply_freeze
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
