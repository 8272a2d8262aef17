"""Rows as a linear map of voiceprints: where it begins, what it gives, and that ridge regression finds it again."""

from __future__ import annotations

import torch
from torch.nn.functional import normalize

from runners.pretraining.predicted_rows import PredictedSpeakerEmbedding, equally_many
from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.ecapa import Ecapa
from strategies.initialisers.embedding_init import leave_one_out_error
from vits.model_spec import ModelSpec


def _embedding(n_speakers: int) -> tuple[PredictedSpeakerEmbedding, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    clips = normalize(torch.randn(n_speakers, 3, 8, generator=generator), dim=-1)
    known = normalize(clips.mean(1), dim=-1)
    rows = known @ torch.randn(8, 4, generator=generator) + 1
    return PredictedSpeakerEmbedding(clips, known, rows), known, rows


def test_rows_are_nearly_those_of_the_base_when_the_map_begins() -> None:
    embedding, _, rows = _embedding(40)
    error = (embedding.rows() - rows).square().sum() / (rows - rows.mean(0)).square().sum()
    assert error < 0.01


def test_a_row_varies_in_training_alone_when_it_is_asked_for() -> None:
    embedding, known, _ = _embedding(5)
    speaker = torch.tensor([2, 2])
    one, other = embedding(speaker)[:, :, 0]
    assert not torch.equal(one, other)
    one, other = embedding.eval()(speaker)[:, :, 0]
    torch.testing.assert_close(one, other)
    torch.testing.assert_close(one, embedding.as_table(known).weight[2])


def test_ridge_regression_finds_the_map_when_it_sees_the_finished_rows(miniature_spec: ModelSpec) -> None:
    embedding, known, _ = _embedding(40)
    table = embedding.as_table(known).weight.detach()
    speakers = BaseSpeakers(tuple(map(str, range(40))), table, known)
    context = AdaptationContext.of_base(miniature_spec, miniature_spec.synthesizer(1), speakers, torch.Generator())
    assert leave_one_out_error(Ecapa(), context) < 0.05
    new = normalize(torch.randn(1, 8), dim=-1)
    guess = Ecapa().prepare(context)(Enrolment(new)).row
    torch.testing.assert_close(guess, embedding.projection(new[0]), atol=0.05, rtol=0.05)


def test_voiceprints_are_repeated_when_a_speaker_has_fewer() -> None:
    first, second = torch.rand(3, 8), torch.rand(2, 8)
    joined = equally_many([first, second])
    torch.testing.assert_close(joined[1], second[[0, 1, 0]])
