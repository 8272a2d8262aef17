from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from miniature_passes import passed
from torch import Tensor

from strategies.context import AdaptationContext, BaseSpeakers
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import FreezePolicy, apply_freeze, shared_parameters
from strategies.freeze.frozen_parts import FrozenParts
from strategies.own_losses import OwnLosses
from strategies.penalties.fisher import Fisher, importance
from vits.common.errors import InputError
from vits.corpus.batching import collate
from vits.corpus.features import PreparedUtterance
from vits.spectrogram import MelSpectrogram
from vits.synthesizer import Synthesizer

NewContext = Callable[..., AdaptationContext]


@pytest.fixture
def context(
    miniature: Synthesizer,
    miniature_speakers: BaseSpeakers,
    new_context: NewContext,
    utterances: list[PreparedUtterance],
) -> Callable[[FreezePolicy], AdaptationContext]:
    """What a penalty sees after a freeze policy was applied to the miniature model with a new speaker."""

    def prepared(policy: FreezePolicy) -> AdaptationContext:
        miniature.speaker_embedding.add(torch.zeros(8))
        shared = shared_parameters(miniature)
        apply_freeze(policy, miniature, shared)
        return new_context(miniature_speakers, parameters=shared, texts=utterances)

    return prepared


def squared_gradients(context: AdaptationContext, utterance: PreparedUtterance, row: int) -> dict[str, Tensor]:
    """Of one utterance's losses, by the ordinary way."""
    with context.base_at_rest() as base, torch.enable_grad():
        losses = OwnLosses(base, MelSpectrogram(context.spec.analysis()), mel_weight=45.0)
        losses(utterance, base.speaker_embedding.weight.detach()[[row]]).sum().backward()
    squares = {name: torch.zeros_like(p) if p.grad is None else p.grad.square() for name, p in context.trained.items()}
    context.base.zero_grad()
    return squares


def test_importance_is_the_mean_squared_gradient_in_units_of_its_mean(
    context: Callable[[FreezePolicy], AdaptationContext], utterances: list[PreparedUtterance]
) -> None:
    prepared = context(FrozenParts(["decoder"]))
    spoken = [(utterances[0], 0), (utterances[1], 3)]
    found = importance(prepared, prepared.trained, spoken)
    squares = [squared_gradients(prepared, *one) for one in spoken]
    sums = {name: squares[0][name] + squares[1][name] for name in prepared.trained}
    mean = sum(float(square.sum()) for square in sums.values()) / sum(square.numel() for square in sums.values())
    for name, square in sums.items():
        torch.testing.assert_close(found[name], square / mean, rtol=1e-3, atol=1e-6)
    assert not any(name.startswith("decoder.") for name in found)


def test_value_and_gradient_are_the_formulas_when_weights_have_moved(
    miniature: Synthesizer,
    context: Callable[[FreezePolicy], AdaptationContext],
    utterances: list[PreparedUtterance],
) -> None:
    prepared = context(FrozenParts(["decoder"]))
    before = {name: p.detach().clone() for name, p in prepared.trained.items()}
    terms = Fisher(weight=0.3, utterances=2).prepare(prepared)
    batch = collate(utterances, {"new": 4, "other": 4})
    made = passed(miniature, batch, segment_frames=8)
    assert terms(miniature, batch, made)["fisher"] == 0
    with torch.no_grad():
        for parameter in prepared.trained.values():
            parameter.add_(0.5)
    term = terms(miniature, batch, made)["fisher"]
    term.backward()
    gradients = {name: p.grad for name, p in prepared.trained.items()}
    # every weight is half a unit away: the gradient is weight * F / 2, and F is 1 on average
    total = sum(float(g.sum()) for g in gradients.values() if g is not None)
    count = sum(p.numel() for p in prepared.trained.values())
    assert total / count == pytest.approx(0.3 * 0.5, rel=1e-3)
    assert term.item() == pytest.approx(0.3 / 2 * 0.25 * count, rel=1e-3)
    assert len({round(float(g.mean()), 6) for g in gradients.values() if g is not None}) > 10
    assert set(before) == set(gradients)


def test_penalty_is_refused_when_nothing_of_the_base_is_trained(
    context: Callable[[FreezePolicy], AdaptationContext],
) -> None:
    with pytest.raises(InputError, match="penalty=fisher can change nothing: no weight of the base is trained; use"):
        Fisher().prepare(context(AllButEmbedding()))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight": 0.0}, "penalty.fisher.weight=0.0 must be a finite number above 0"),
        ({"utterances": 0}, "penalty.fisher.utterances=0 must be a whole number of at least 1"),
    ],
)
def test_settings_are_refused_when_they_hold_nothing_back(settings: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Fisher(**settings)  # pyright: ignore[reportArgumentType]
