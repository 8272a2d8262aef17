from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from strategies.adapters.decoder_film import DecoderFilm
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import (
    BASE_ROWS,
    FROZEN,
    TRAINED,
    FreezePolicy,
    RateSchedule,
    apply_freeze,
    shared_parameters,
)
from strategies.freeze.frozen_parts import FrozenParts
from vits.common.errors import InputError
from vits.model_spec import PARTS
from vits.synthesizer import Synthesizer

CONF = Path(__file__).parents[3] / "conf"

TRAINED_PARTS = {
    "none": {"text_encoder", "posterior_encoder", "flow", "duration_predictor", "decoder"},
    "parts": {"text_encoder", "posterior_encoder", "flow", "duration_predictor", "decoder"},
    "decoder": {"text_encoder", "posterior_encoder", "flow", "duration_predictor"},
    "text_encoder": {"posterior_encoder", "flow", "duration_predictor", "decoder"},
    "posterior_encoder": {"text_encoder", "flow", "duration_predictor", "decoder"},
    "flow": {"text_encoder", "posterior_encoder", "duration_predictor", "decoder"},
    "duration_predictor": {"text_encoder", "posterior_encoder", "flow", "decoder"},
    "encoders": {"flow", "duration_predictor", "decoder"},
    "all_but_embedding": set(),
}
"""The parts that each option of `conf/freeze` trains, beside the new speakers' embeddings."""


@pytest.fixture
def synthesizer(miniature: Synthesizer) -> Synthesizer:
    """Four base speakers and two new ones."""
    for _ in range(2):
        miniature.speaker_embedding.add(torch.zeros(8))
    return miniature


def policy(option: str) -> FreezePolicy:
    """What an option of the configuration stands for."""
    with initialize_config_dir(version_base=None, config_dir=str(CONF)):
        return instantiate(compose(f"freeze/{option}").freeze, _convert_="all")


@pytest.mark.parametrize("option", TRAINED_PARTS)
def test_parts_are_trained_as_the_table_says_when_frozen(option: str, synthesizer: Synthesizer) -> None:
    schedules = apply_freeze(policy(option), synthesizer)
    for part in PARTS:
        trained = {parameter.requires_grad for parameter in synthesizer.get_submodule(part).parameters()}
        assert trained == {part in TRAINED_PARTS[option]}, part
    assert set(schedules) == {name for name, p in synthesizer.named_parameters() if p.requires_grad}
    assert set(schedules.values()) == {TRAINED}


@pytest.mark.parametrize("option", TRAINED_PARTS)
def test_policy_decides_by_names_alone_when_asked(option: str, synthesizer: Synthesizer) -> None:
    names, chosen = shared_parameters(synthesizer), policy(option)
    assert {n.split(".")[0] for n in names} == set(PARTS)
    assert {n.split(".")[0] for n in names if chosen.rate(n, 0.0) > 0} == TRAINED_PARTS[option]


@pytest.mark.parametrize("option", TRAINED_PARTS)
def test_new_rows_are_trained_and_base_rows_never_when_any_policy_is_applied(
    option: str, synthesizer: Synthesizer
) -> None:
    for parameter in synthesizer.parameters():  # whatever was before
        parameter.requires_grad_(option == "all_but_embedding")
    apply_freeze(policy(option), synthesizer)
    rows = {n: p.requires_grad for n, p in synthesizer.named_parameters() if n.startswith("speaker_embedding.")}
    assert rows == {BASE_ROWS: False, "speaker_embedding.added.0": True, "speaker_embedding.added.1": True}


@pytest.mark.parametrize("name", ["decoder_2.weight", "flow_of_words.weight"])
def test_parameter_is_trained_when_its_part_only_begins_like_a_frozen_one(name: str) -> None:
    assert FrozenParts(["decoder", "flow"]).schedule(name) == TRAINED


def test_parts_are_refused_when_the_model_has_none_of_that_name() -> None:
    with pytest.raises(InputError, match=r"freeze.parts names no part decodr, flows; choose of text_encoder, "):
        FrozenParts(["flows", "decoder", "decodr"])


def test_adapter_is_trained_by_identity_when_all_the_base_is_frozen(synthesizer: Synthesizer) -> None:
    shared = shared_parameters(synthesizer)
    DecoderFilm().attach(synthesizer)
    added = {n for n, p in synthesizer.named_parameters() if not any(p is known for known in shared.values())}
    schedules = apply_freeze(AllButEmbedding(), synthesizer, shared)
    assert set(schedules) == added - {BASE_ROWS}
    assert any(name.startswith("decoder.trunk.conditioning.") for name in schedules)
    assert not any(parameter.requires_grad for parameter in shared.values())


class Halved(FreezePolicy):
    """Half the rate for the flow and all the rest from the middle on, to see that schedules reach their parameters."""

    def schedule(self, parameter_name: str) -> RateSchedule:
        return RateSchedule(0.5) if parameter_name.startswith("flow.") else RateSchedule(1.0, starts_at=0.5)


def test_every_trained_parameter_has_its_policys_schedule_when_frozen(synthesizer: Synthesizer) -> None:
    schedules = apply_freeze(Halved(), synthesizer)
    assert {name for name, schedule in schedules.items() if schedule == RateSchedule(0.5)} == {
        name for name in schedules if name.startswith("flow.")
    }
    assert schedules["speaker_embedding.added.0"] == TRAINED
    assert all(parameter.requires_grad for name, parameter in synthesizer.named_parameters() if name != BASE_ROWS)


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        (TRAINED, [1.0, 1.0, 1.0]),
        (FROZEN, [0.0, 0.0, 0.0]),
        (RateSchedule(0.25), [0.25, 0.25, 0.25]),
        (RateSchedule(0.5, starts_at=0.5), [0.0, 0.5, 0.5]),
        (RateSchedule(2.0, starts_at=1.0), [0.0, 0.0, 2.0]),
    ],
)
def test_rate_follows_the_schedule_when_training_advances(schedule: RateSchedule, factors: list[float]) -> None:
    assert [schedule(progress) for progress in (0.0, 0.5, 1.0)] == factors
    assert schedule.is_frozen == (not any(factors))
    assert schedule.is_constant == (len(set(factors)) == 1)


@pytest.mark.parametrize("factor", [-0.1, float("inf"), float("nan")])
def test_schedule_is_refused_when_its_factor_is_no_rate(factor: float) -> None:
    with pytest.raises(InputError, match=r"factor=.* must be a finite number of at least 0"):
        RateSchedule(factor)


@pytest.mark.parametrize("starts_at", [-0.1, 1.1, float("nan")])
def test_schedule_is_refused_when_it_starts_outside_the_training(starts_at: float) -> None:
    with pytest.raises(InputError, match=r"starts_at=.* must be a finite number of at least 0 and of at most 1"):
        RateSchedule(1.0, starts_at)
