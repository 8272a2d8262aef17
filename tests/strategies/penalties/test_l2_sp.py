from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from miniature_passes import passed

from strategies.context import AdaptationContext, BaseSpeakers
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import FreezePolicy, apply_freeze, shared_parameters
from strategies.freeze.frozen_parts import FrozenParts
from strategies.penalties.l2_sp import L2SP
from vits.common.errors import InputError
from vits.corpus.batching import Batch, collate
from vits.corpus.features import PreparedUtterance
from vits.synthesizer import Synthesizer

NewContext = Callable[..., AdaptationContext]


@pytest.fixture
def context(miniature: Synthesizer, miniature_speakers: BaseSpeakers, new_context: NewContext) -> NewContext:
    """What a penalty sees after a freeze policy was applied to the miniature model with a new speaker."""

    def prepared(policy: FreezePolicy) -> AdaptationContext:
        miniature.speaker_embedding.add(torch.zeros(8))
        shared = shared_parameters(miniature)
        apply_freeze(policy, miniature, shared)
        return new_context(miniature_speakers, parameters=shared)

    return prepared


@pytest.fixture
def batch(utterances: list[PreparedUtterance]) -> Batch:
    return collate(utterances, {"new": 4, "other": 4})


def test_value_and_gradient_are_the_formulas_when_weights_have_moved(
    miniature: Synthesizer, context: NewContext, batch: Batch
) -> None:
    prepared = context(FrozenParts(["decoder"]))
    terms = L2SP(weight=0.3).prepare(prepared)
    made = passed(miniature, batch, segment_frames=8, generator=torch.Generator().manual_seed(0))
    assert terms(miniature, batch, made)["l2_sp"] == 0
    starts = {name: p.detach().clone() for name, p in prepared.parameters.items()}
    with torch.no_grad():
        for parameter in miniature.parameters():
            parameter.add_(torch.randn_like(parameter))
    term = terms(miniature, batch, made)["l2_sp"]
    distances = {n: p.detach() - starts[n] for n, p in prepared.trained.items()}
    expected = 0.3 / 2 * sum(float(d.double().square().sum()) for d in distances.values())
    assert term.item() == pytest.approx(expected, rel=1e-4)
    term.backward()
    for name, parameter in miniature.named_parameters():
        if name in distances:
            assert parameter.grad is not None
            assert torch.allclose(parameter.grad, 0.3 * distances[name], atol=1e-6)
        else:
            assert parameter.grad is None, name  # the decoder, and all rows
    assert not any(name.startswith(("decoder.", "speaker_embedding.")) for name in distances)


def moved(weight: float, miniature: Synthesizer, context: AdaptationContext, batch: Batch) -> float:
    """The largest change of a shared weight in ten steps, after which the weights are put back."""
    start = {name: tensor.clone() for name, tensor in miniature.state_dict().items()}
    terms = L2SP(weight=weight).prepare(context)
    optimizer = torch.optim.SGD([p for p in miniature.parameters() if p.requires_grad], lr=1e-3)
    for _ in range(10):
        made = passed(miniature, batch, segment_frames=8, generator=torch.Generator().manual_seed(0))
        loss = (made.z_p - made.prior_mean).square().mean() + made.decoded.audio.square().mean()
        optimizer.zero_grad()
        (loss + terms(miniature, batch, made)["l2_sp"]).backward()
        optimizer.step()
    largest = max(float((p.detach() - start[n]).abs().max()) for n, p in shared_parameters(miniature).items())
    miniature.load_state_dict(start)
    return largest


def test_weights_stay_one_step_from_the_base_when_the_penalty_is_large(
    miniature: Synthesizer, context: NewContext, batch: Batch
) -> None:
    miniature.eval()  # without dropout the gradient is nearly the same in all steps
    prepared = context(FrozenParts())
    free, held = (moved(weight, miniature, prepared, batch) for weight in (1e-9, 1e3))
    assert held == pytest.approx(free / 10, rel=0.2)  # every step goes back to the base and takes its own way from it


def test_penalty_is_refused_when_nothing_of_the_base_is_trained(context: NewContext) -> None:
    with pytest.raises(InputError, match="penalty=l2_sp can change nothing: no weight of the base is trained; use"):
        L2SP().prepare(context(AllButEmbedding()))


@pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), float("nan")])
def test_weight_is_refused_when_it_holds_nothing_back(weight: float) -> None:
    with pytest.raises(InputError, match=f"penalty.l2_sp.weight={weight} must be a finite number above 0"):
        L2SP(weight=weight)
