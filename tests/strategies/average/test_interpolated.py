"""Mixtures of the base's and the adapted weights, against what validation was told to like."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from strategies.average.interpolated import Interpolated
from strategies.context import AdaptationContext, BaseSpeakers
from strategies.freeze.freeze_policy import apply_freeze
from strategies.freeze.frozen_parts import FrozenParts
from vits.common.errors import InputError
from vits.synthesizer import Synthesizer

SHARES = [0.0, 0.5, 1.0]
LIKED = {"text_encoder": 0.0, "flow": 0.5, "posterior_encoder": 1.0, "duration_predictor": 0.5}


@pytest.fixture
def context(miniature_speakers: BaseSpeakers, new_context: Callable[..., AdaptationContext]) -> AdaptationContext:
    return new_context(miniature_speakers)


@pytest.fixture
def frozen(miniature: Synthesizer) -> Synthesizer:
    """A miniature model with a new speaker whose decoder stays."""
    miniature.speaker_embedding.add(torch.zeros(8))
    apply_freeze(FrozenParts(["decoder"]), miniature)
    return miniature


def weights(synthesizer: Synthesizer) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in synthesizer.named_parameters()}


@torch.no_grad()
def train(synthesizer: Synthesizer) -> None:
    """Every trained number moves by 1."""
    for parameter in synthesizer.parameters():
        if parameter.requires_grad:
            parameter.add_(1.0)


def likes(base: dict[str, Tensor], liked: dict[str, float]) -> Callable[[Synthesizer], float]:
    """Validation that likes each part at a share of its own."""

    def merit(synthesizer: Synthesizer) -> float:
        now = weights(synthesizer)
        of_part = {name.split(".", 1)[0]: float((now[name] - base[name]).mean()) for name in base}
        return -sum(abs(of_part[part] - share) for part, share in liked.items())

    return merit


def test_share_that_validation_likes_is_kept_when_all_parts_share_one(
    frozen: Synthesizer, context: AdaptationContext
) -> None:
    base = weights(frozen)
    averaging = Interpolated(SHARES).prepare(context, frozen)
    train(frozen)
    adapted = weights(frozen)
    averaging.finish(frozen, likes(base, dict.fromkeys(LIKED, 0.5)))
    assert all(torch.equal(weights(frozen)[name], adapted[name]) for name in adapted)
    assert not any(name.startswith(("decoder.", "speaker_embedding.")) for name in averaging.weights())
    with averaging.applied(frozen):
        now = weights(frozen)
        for name in averaging.weights():
            torch.testing.assert_close(now[name], base[name] + 0.5)
        assert torch.equal(now["speaker_embedding.added.0"], adapted["speaker_embedding.added.0"])


def test_each_part_has_its_own_share_when_asked_for(frozen: Synthesizer, context: AdaptationContext) -> None:
    base = weights(frozen)
    averaging = Interpolated(SHARES, by_part=True).prepare(context, frozen)
    train(frozen)
    averaging.finish(frozen, likes(base, LIKED))
    with averaging.applied(frozen):
        now = weights(frozen)
    for name in averaging.weights():
        torch.testing.assert_close(now[name], base[name] + LIKED[name.split(".", 1)[0]])


def test_nothing_changes_when_training_is_not_over(frozen: Synthesizer, context: AdaptationContext) -> None:
    averaging = Interpolated(SHARES).prepare(context, frozen)
    train(frozen)
    averaging.update(0, frozen)
    assert averaging.weights() == {}


def test_mixture_is_the_same_when_it_was_saved_and_loaded(frozen: Synthesizer, context: AdaptationContext) -> None:
    base = weights(frozen)
    averaging = Interpolated(SHARES).prepare(context, frozen)
    again = Interpolated(SHARES).prepare(context, frozen)
    train(frozen)
    averaging.finish(frozen, likes(base, LIKED))
    again.load(averaging.weights())
    assert all(torch.equal(again.weights()[name], tensor) for name, tensor in averaging.weights().items())
    with pytest.raises(InputError, match="has a parameter nobody"):
        again.load({"nobody": torch.zeros(1)})


@pytest.mark.parametrize("shares", [[], [1.5], [float("nan")]])
def test_shares_are_refused_when_they_are_none_or_no_shares(shares: list[float]) -> None:
    with pytest.raises(InputError, match=r"average\.shares"):
        Interpolated(shares)
