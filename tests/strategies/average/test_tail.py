from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from strategies.average.tail import Tail
from strategies.context import AdaptationContext, BaseSpeakers
from strategies.freeze.freeze_policy import apply_freeze
from strategies.freeze.frozen_parts import FrozenParts
from vits.common.errors import InputError
from vits.synthesizer import Synthesizer

NewContext = Callable[..., AdaptationContext]


@torch.no_grad()
def set_all(synthesizer: Synthesizer, value: float) -> None:
    for parameter in synthesizer.parameters():
        if parameter.requires_grad:
            parameter.fill_(value)


def averaged(share: float, values: list[float], miniature: Synthesizer, context: AdaptationContext) -> float:
    """What the average of a row is after it had these values, one a step."""
    average = Tail(share).prepare(context, miniature)
    for step, value in enumerate(values):
        set_all(miniature, value)
        average.update(step, miniature)
    return float(average.weights()["speaker_embedding.added.0"][0])


@pytest.fixture
def context(miniature: Synthesizer, miniature_speakers: BaseSpeakers, new_context: NewContext) -> AdaptationContext:
    """A miniature model with a new speaker and a frozen decoder."""
    miniature.speaker_embedding.add(torch.zeros(8))
    apply_freeze(FrozenParts(["decoder"]), miniature)
    return new_context(miniature_speakers)


def test_average_is_the_plain_mean_when_the_share_is_all(miniature: Synthesizer, context: AdaptationContext) -> None:
    assert averaged(1.0, [3.0, 5.0, 1.0, 11.0], miniature, context) == pytest.approx(5.0)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("steps", [200, 400])
def test_average_looks_back_over_the_same_share_however_long_the_training(
    share: float, steps: int, miniature: Synthesizer, context: AdaptationContext
) -> None:
    values = [step / steps for step in range(1, steps + 1)]  # a straight line: its average is the mean place looked at
    mean_place = averaged(share, values, miniature, context)
    assert 1 - mean_place == pytest.approx(share / (1 + share), abs=0.01)


def test_average_goes_on_bit_for_bit_when_it_was_saved_and_loaded(
    miniature: Synthesizer, context: AdaptationContext
) -> None:
    whole, resumed = (Tail(0.25).prepare(context, miniature) for _ in range(2))
    for step, value in enumerate((1.0, 4.0, 2.0)):
        set_all(miniature, value)
        whole.update(step, miniature)
    resumed.load({name: tensor.clone() for name, tensor in whole.weights().items()})
    set_all(miniature, 9.0)
    for average in (whole, resumed):
        average.update(3, miniature)
    assert all(torch.equal(tensor, whole.weights()[name]) for name, tensor in resumed.weights().items())
    assert not any(name.startswith("decoder.") for name in whole.weights())


@pytest.mark.parametrize("share", [0.0, 1.1, float("nan")])
def test_share_is_refused_when_it_is_none(share: float) -> None:
    with pytest.raises(InputError, match=f"average.share={share} must be a finite number above 0 and of at most 1"):
        Tail(share)
