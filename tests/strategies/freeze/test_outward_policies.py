"""Policies that go by a parameter's kind, and those that go outwards from the speaker."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from strategies.freeze.bias_only import BiasOnly
from strategies.freeze.discriminative import Discriminative
from strategies.freeze.distance import DISTANCE, distance
from strategies.freeze.freeze_policy import FreezePolicy, apply_freeze, shared_parameters
from strategies.freeze.gradual import Gradual
from strategies.freeze.norms import Norms
from strategies.freeze.speaker_paths import SpeakerPaths
from vits.bundle import load_bundle
from vits.common.errors import InputError
from vits.model_spec import PARTS
from vits.synthesizer import Synthesizer

DEMO_BASE = Path(__file__).parents[3] / "assets" / "demo_base"


@pytest.fixture(scope="module")
def demo() -> Synthesizer:
    """The embedded base with a new speaker."""
    synthesizer = load_bundle(DEMO_BASE).synthesizer
    synthesizer.speaker_embedding.add(torch.zeros(64))
    return synthesizer


def trained(policy: FreezePolicy, synthesizer: Synthesizer) -> dict[str, int]:
    """The shared parameters that move, and how many numbers each has."""
    schedules = apply_freeze(policy, synthesizer)
    return {n: p.numel() for n, p in shared_parameters(synthesizer).items() if n in schedules}


@pytest.mark.parametrize(("policy", "numbers"), [(BiasOnly(), 27_459), (Norms(), 7_680), (SpeakerPaths(), 189_888)])
def test_as_many_numbers_move_as_are_said(policy: FreezePolicy, numbers: int, demo: Synthesizer) -> None:
    assert sum(trained(policy, demo).values()) == numbers


def test_nothing_is_multiplied_otherwise_when_biases_move(demo: Synthesizer) -> None:
    moved = trained(BiasOnly(), demo)
    assert all(name.endswith((".bias", ".beta")) for name in moved)
    assert all(parameter.dim() == 1 for name, parameter in demo.named_parameters() if name in moved)


def test_every_normalisation_moves_with_both_its_numbers_when_norms_move(demo: Synthesizer) -> None:
    moved = set(trained(Norms(), demo))
    norms = {
        f"{module}.{name}"
        for module, found in demo.named_modules()
        if "norm" in type(found).__name__.lower() and "." in module
        for name, _ in found.named_parameters(recurse=False)
    }
    assert moved == norms


def test_all_paths_of_the_embedding_move_when_paths_do(demo: Synthesizer) -> None:
    parts = {name.split(".", 1)[0] for name in trained(SpeakerPaths(), demo)}
    assert parts == {"text_encoder", "posterior_encoder", "flow", "duration_predictor"}


def test_parts_join_in_order_and_stay_when_they_are_unfrozen_gradually() -> None:
    policy = Gradual(until=0.5)
    names = sorted((f"{part}.x" for part in PARTS), key=distance)
    starts = [policy.schedule(name).starts_at for name in names]
    assert starts == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    for name, start in zip(names, starts, strict=True):
        assert policy.rate(name, start - 0.01) == 0
        assert policy.rate(name, start) == policy.rate(name, 1.0) == 1


def test_all_train_from_the_start_when_nothing_is_waited_for() -> None:
    assert {Gradual(until=0.0).rate(f"{part}.x", 0.0) for part in PARTS} == {1.0}


def test_rate_falls_with_the_distance_when_it_is_discriminative() -> None:
    policy = Discriminative(decay=0.5)
    rates = {part: policy.rate(f"{part}.x", 0.3) for part in PARTS}
    assert rates == {part: 0.5 ** (DISTANCE[part] - 1) for part in PARTS}
    assert not any(policy.schedule(f"{part}.x").is_frozen for part in PARTS)


@pytest.mark.parametrize("wrong", [{"decay": 0.0}, {"decay": 1.1}, {"decay": float("nan")}])
def test_decay_is_refused_when_it_is_none(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"freeze\.decay"):
        Discriminative(**wrong)
