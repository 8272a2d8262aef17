from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.hearing import Hearing
from strategies.initialisers.ecapa import Ecapa
from strategies.initialisers.embedding_init import leave_one_out_error
from strategies.initialisers.ridge import Ridge
from strategies.ridge_regression import fit_ridge
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance

NewContext = Callable[..., AdaptationContext]
Hear = Callable[[str, Sequence[PreparedUtterance]], Tensor]


@pytest.fixture
def context(
    miniature_speakers: BaseSpeakers, new_context: NewContext, utterances: list[PreparedUtterance], hear_spectra: Hear
) -> AdaptationContext:
    return replace(new_context(miniature_speakers, texts=utterances), hear=hear_spectra)


@pytest.fixture
def new(utterances: list[PreparedUtterance]) -> Enrolment:
    return Enrolment(torch.eye(3)[1:2], "new", utterances[:2])


def again(context: AdaptationContext) -> AdaptationContext:
    """The same, from which nothing has been drawn."""
    return replace(context, generator=torch.Generator().manual_seed(0))


def test_row_is_that_of_ecapa_when_ecapa_hears(
    draw_speakers: Callable[..., BaseSpeakers], new_context: NewContext
) -> None:
    speakers = draw_speakers(9, noise=0.5)
    enrolment = Enrolment(draw_speakers(3, seed=1).voiceprints)
    rows = [method.prepare(new_context(speakers))(enrolment).row for method in (Ridge(encoder="ecapa"), Ecapa())]
    assert torch.equal(*rows)
    assert leave_one_out_error(Ridge(encoder="ecapa"), new_context(speakers)) == leave_one_out_error(
        Ecapa(), new_context(speakers)
    )


@pytest.mark.parametrize("encoder", ["ge2e", "both"])
def test_row_is_the_regression_on_what_the_base_says(encoder: str, context: AdaptationContext, new: Enrolment) -> None:
    row = Ridge(encoder=encoder, sentences=2, strengths=[0.1]).prepare(again(context))(new).row
    hearing = Hearing(again(context), encoder, 2, "ridge")
    (way,) = hearing.ways
    x, y = hearing.base(way).double(), context.base_speakers.embeddings.double()
    centred = x - x.mean(0)
    inverse = torch.linalg.inv(centred.T @ centred + 0.1 * torch.eye(x.shape[1], dtype=x.dtype))
    at = hearing.new(way, new).double() - x.mean(0)
    expected = y.mean(0) + at @ inverse @ centred.T @ (y - y.mean(0))
    torch.testing.assert_close(row.double(), expected, atol=1e-5, rtol=1e-5)


def test_chosen_way_is_the_one_that_guesses_left_out_speakers_best(context: AdaptationContext, new: Enrolment) -> None:
    strengths = Ridge().strengths
    hearing = Hearing(again(context), "chosen", 2, "ridge")
    errors = {
        way: fit_ridge(hearing.base(way), context.base_speakers.embeddings, strengths).error for way in hearing.ways
    }
    assert len(set(errors.values())) == 3
    best = min(errors, key=lambda way: errors[way])
    expected = fit_ridge(hearing.base(best), context.base_speakers.embeddings, strengths)(hearing.new(best, new))
    row = Ridge(encoder="chosen", sentences=2).prepare(again(context))(new).row
    torch.testing.assert_close(row.double(), expected, atol=1e-6, rtol=1e-6)


def test_nothing_is_spoken_when_only_voiceprints_are_known(context: AdaptationContext) -> None:
    deaf = replace(context, hear=lambda encoder, recordings: pytest.fail("it was heard"))
    assert math.isnan(leave_one_out_error(Ridge(), deaf))


def test_ridge_is_refused_when_base_speakers_are_too_few(context: AdaptationContext) -> None:
    with pytest.raises(InputError, match="strategy=ridge needs 3 trained base speakers, the base has 2; use"):
        Ridge().prepare(context.without_base_speaker(0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoder": "wavlm"}, "strategy.encoder='wavlm' must be text that is one of ecapa, ge2e, both, chosen"),
        ({"sentences": 0}, "strategy.sentences=0 must be a whole number of at least 1 and of at most 100"),
        ({"sentences": 101}, "strategy.sentences=101 must be a whole number of at least 1 and of at most 100"),
        ({"strengths": [0.0]}, "strategy.strengths"),
    ],
)
def test_settings_are_refused_when_out_of_range(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Ridge(**settings)  # pyright: ignore[reportArgumentType]
