from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from miniature_passes import passed

from strategies.context import AdaptationContext, BaseSpeakers
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import FreezePolicy, apply_freeze, shared_parameters
from strategies.freeze.frozen_parts import FrozenParts
from strategies.penalties.distillation import Distillation
from strategies.penalties.penalty import PenaltyTerms
from vits.batch_rows import BatchRows
from vits.common.errors import InputError
from vits.corpus.batching import Batch, collate
from vits.corpus.features import PreparedUtterance
from vits.synthesizer import Synthesizer

NewContext = Callable[..., AdaptationContext]
TERMS = {"distilled_prior", "distilled_latent", "distilled_mel"}


@pytest.fixture
def context(
    miniature: Synthesizer, miniature_speakers: BaseSpeakers, new_context: NewContext
) -> Callable[[FreezePolicy], AdaptationContext]:
    def prepared(policy: FreezePolicy) -> AdaptationContext:
        miniature.speaker_embedding.add(torch.zeros(8))
        miniature.eval()  # without dropout, base and student compute the same
        shared = shared_parameters(miniature)
        apply_freeze(policy, miniature, shared)
        return new_context(miniature_speakers, parameters=shared)

    return prepared


@pytest.fixture
def batch(utterances: list[PreparedUtterance]) -> Batch:
    return collate(utterances, {"new": 4, "other": 4})


def asked(terms: PenaltyTerms, synthesizer: Synthesizer, batch: Batch) -> dict[str, torch.Tensor]:
    made = passed(synthesizer, batch, segment_frames=4)
    return terms(synthesizer, batch, made)


def test_nothing_is_lost_while_the_base_is_what_it_was(
    miniature: Synthesizer, context: Callable[[FreezePolicy], AdaptationContext], batch: Batch
) -> None:
    terms = Distillation().prepare(context(FrozenParts()))
    found = asked(terms, miniature, batch)
    assert set(found) == TERMS
    assert all(term.item() == pytest.approx(0, abs=1e-9) for term in found.values())


@pytest.mark.parametrize(
    ("part", "moved"),
    [
        ("text_encoder", {"distilled_prior"}),
        ("flow", {"distilled_latent", "distilled_mel"}),
        ("decoder", {"distilled_mel"}),
    ],
)
def test_each_term_sees_its_part_of_the_model_move(
    part: str,
    moved: set[str],
    miniature: Synthesizer,
    context: Callable[[FreezePolicy], AdaptationContext],
    batch: Batch,
) -> None:
    terms = Distillation().prepare(context(FrozenParts()))
    with torch.no_grad():
        for parameter in miniature.get_submodule(part).parameters():
            parameter.mul_(1.2)
    found = asked(terms, miniature, batch)
    assert {name for name, term in found.items() if term > 1e-6} == moved


def test_gradient_leads_back_to_the_base(
    miniature: Synthesizer, context: Callable[[FreezePolicy], AdaptationContext], batch: Batch
) -> None:
    terms = Distillation(weight=1.0).prepare(context(FrozenParts()))
    with torch.no_grad():
        for parameter in miniature.parameters():
            if parameter.requires_grad:
                parameter.add_(0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    optimizer = torch.optim.Adam([p for p in miniature.parameters() if p.requires_grad], lr=1e-3)
    reached = []
    for _ in range(12):
        loss = torch.stack(list(asked(terms, miniature, batch).values())).sum()
        reached.append(float(loss))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert reached[-1] < 0.8 * reached[0]
    assert miniature.speaker_embedding.weight.grad is None


def test_weight_multiplies_every_term(
    miniature: Synthesizer, context: Callable[[FreezePolicy], AdaptationContext], batch: Batch
) -> None:
    prepared = context(FrozenParts())
    once, thrice = (Distillation(weight).prepare(prepared) for weight in (1.0, 3.0))
    with torch.no_grad():
        for parameter in miniature.parameters():
            parameter.mul_(1.1)
    plain, tripled = asked(once, miniature, batch), asked(thrice, miniature, batch)
    for name, term in plain.items():
        torch.testing.assert_close(tripled[name], 3 * term)


def test_penalty_is_refused_when_nothing_of_the_base_is_trained(
    context: Callable[[FreezePolicy], AdaptationContext],
) -> None:
    with pytest.raises(InputError, match="penalty=distillation can change nothing: no weight of the base is trained"):
        Distillation().prepare(context(AllButEmbedding()))


def test_parts_of_a_batch_add_up_to_its_distances(
    miniature: Synthesizer, context: Callable[[FreezePolicy], AdaptationContext], utterances: list[PreparedUtterance]
) -> None:
    terms = Distillation().prepare(context(FrozenParts()))
    with torch.no_grad():
        for parameter in miniature.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    batch = collate(utterances, {"new": 4, "other": 4})
    whole = asked(terms, miniature, batch)
    size, sums = len(batch), dict.fromkeys(TERMS, 0.0)
    for place in (BatchRows(0, 1, size), BatchRows(1, size, size)):
        part = batch.part(place)
        for name, term in asked(terms, miniature, part).items():
            sums[name] += term.item() * len(part) / size
    assert sums == pytest.approx({name: term.item() for name, term in whole.items()}, rel=1e-4)
