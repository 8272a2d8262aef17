from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.inversion import Inversion
from strategies.initialisers.mean import Mean
from strategies.own_losses import OwnLosses
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance
from vits.spectrogram import MelSpectrogram

NewContext = Callable[..., AdaptationContext]
FROM_THE_MEAN = Inversion(start="mean", steps=12, recordings=2)


@pytest.fixture
def new(utterances: list[PreparedUtterance]) -> Enrolment:
    return Enrolment(torch.eye(3)[:1], "new", utterances[:2])


def own_loss(context: AdaptationContext, new: Enrolment, row: torch.Tensor) -> float:
    with context.base_at_rest() as base:
        losses = OwnLosses(base, MelSpectrogram(context.spec.analysis()), mel_weight=45.0)
        return float(sum(losses(recording, row.unsqueeze(0)) for recording in new.recordings))


def test_found_row_explains_the_recordings_better_than_its_start(
    miniature_speakers: BaseSpeakers, new_context: NewContext, new: Enrolment
) -> None:
    context = new_context(miniature_speakers)
    before = {name: tensor.clone() for name, tensor in context.base.state_dict().items()}
    found = FROM_THE_MEAN.prepare(context)(new).row
    assert own_loss(context, new, found) < own_loss(context, new, Mean().prepare(context)(new).row)
    assert all(torch.equal(tensor, before[name]) for name, tensor in context.base.state_dict().items())
    assert all(parameter.grad is None for parameter in context.base.parameters())


@pytest.mark.parametrize("learning_rate", [1e-3, 3.0, 1e3, 1e5])
def test_found_row_is_never_worse_than_its_start(
    learning_rate: float, miniature_speakers: BaseSpeakers, new_context: NewContext, new: Enrolment
) -> None:
    context = new_context(miniature_speakers)
    found = Inversion(start="mean", steps=4, recordings=2, learning_rate=learning_rate).prepare(context)(new).row
    start = Mean().prepare(context)(new).row
    assert own_loss(context, new, found) <= own_loss(context, new, start) * (1 + 1e-6)


def test_search_is_the_same_when_it_is_made_twice(
    miniature_speakers: BaseSpeakers, new_context: NewContext, new: Enrolment
) -> None:
    first, second = (FROM_THE_MEAN.prepare(new_context(miniature_speakers))(new).row for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize(
    ("start", "teachers"),
    [("mean", ()), ("ecapa", ("ecapa-voxceleb",)), ("nearest", ("ecapa-voxceleb",)), ("ridge", ("ge2e",))],
)
def test_teachers_are_those_of_the_start(start: str, teachers: tuple[str, ...]) -> None:
    assert Inversion(start=start).teachers == teachers


def test_search_is_refused_when_no_recording_is_known(
    miniature_speakers: BaseSpeakers, new_context: NewContext
) -> None:
    initialise = FROM_THE_MEAN.prepare(new_context(miniature_speakers))
    with pytest.raises(InputError, match="strategy=inversion listens to recordings, but of speaker 'new' only"):
        initialise(Enrolment(torch.eye(3)[:1], "new"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": "inversion"}, "strategy.start='inversion' must be text that is one of convex, ecapa, likeliest, "),
        ({"steps": 0}, "strategy.steps=0 must be a whole number of at least 1"),
        ({"learning_rate": float("nan")}, "strategy.learning_rate=nan must be a finite number above 0"),
    ],
)
def test_settings_are_refused_when_they_search_nothing(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Inversion(**settings)  # pyright: ignore[reportArgumentType]
