from __future__ import annotations

import pytest
import torch

from strategies.freeze.freeze_policy import BASE_ROWS, FreezePolicy, apply_freeze
from vits.common.registry import registered
from vits.model_spec import PARTS, ModelSpec
from vits.synthesizer import Synthesizer

TRAINED = {
    "none": {"text_encoder", "posterior_encoder", "flow", "duration_predictor", "decoder"},
    "decoder": {"text_encoder", "posterior_encoder", "flow", "duration_predictor"},
    "text_encoder": {"posterior_encoder", "flow", "duration_predictor", "decoder"},
    "posterior_encoder": {"text_encoder", "flow", "duration_predictor", "decoder"},
    "flow": {"text_encoder", "posterior_encoder", "duration_predictor", "decoder"},
    "duration_predictor": {"text_encoder", "posterior_encoder", "flow", "decoder"},
    "encoders": {"flow", "duration_predictor", "decoder"},
    "all_but_embedding": set(),
}
"""The parts that each policy trains, beside the new speakers' embeddings."""


@pytest.fixture
def synthesizer(miniature_spec: ModelSpec) -> Synthesizer:
    """Two base speakers and two new ones."""
    synthesizer = miniature_spec.synthesizer(2)
    for _ in range(2):
        synthesizer.speaker_embedding.add(torch.zeros(8))
    return synthesizer


def policy(name: str) -> FreezePolicy:
    return registered("freeze")[name]()


def test_table_lists_every_policy_when_registered() -> None:
    assert set(TRAINED) == set(registered("freeze"))


@pytest.mark.parametrize("name", TRAINED)
def test_parts_are_trained_as_the_table_says_when_frozen(name: str, synthesizer: Synthesizer) -> None:
    apply_freeze(policy(name), synthesizer)
    for part in PARTS:
        trained = {parameter.requires_grad for parameter in getattr(synthesizer, part).parameters()}
        assert trained == {part in TRAINED[name]}, part


@pytest.mark.parametrize("name", TRAINED)
def test_policy_decides_by_names_alone_when_asked(name: str, synthesizer: Synthesizer) -> None:
    names = [n for n, _ in synthesizer.named_parameters() if not n.startswith("speaker_embedding.")]
    assert {n.split(".")[0] for n in names} == set(PARTS)
    assert {n.split(".")[0] for n in names if policy(name).trainable(n)} == TRAINED[name]
    assert [policy(name).trainable(n) for n in names] == [policy(name).trainable(n) for n in names]


@pytest.mark.parametrize("name", TRAINED)
def test_new_rows_are_trained_and_base_rows_never_when_any_policy_is_applied(
    name: str, synthesizer: Synthesizer
) -> None:
    for parameter in synthesizer.parameters():  # whatever was before
        parameter.requires_grad_(name == "all_but_embedding")
    apply_freeze(policy(name), synthesizer)
    rows = {n: p.requires_grad for n, p in synthesizer.named_parameters() if n.startswith("speaker_embedding.")}
    assert rows == {BASE_ROWS: False, "speaker_embedding.added.0": True, "speaker_embedding.added.1": True}


@pytest.mark.parametrize("name", ["decoder_2.weight", "flow_of_words.weight"])
def test_parameter_is_trained_when_its_part_only_begins_like_a_frozen_one(name: str) -> None:
    assert policy("decoder").trainable(name)
    assert policy("flow").trainable(name)
