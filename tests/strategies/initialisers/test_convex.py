from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from strategies.context import AdaptationContext, BaseSpeakers, Enrolment
from strategies.initialisers.convex import Convex, shares
from vits.common.errors import InputError

NewContext = Callable[..., AdaptationContext]


@given(parts=st.lists(st.floats(0.05, 1), min_size=2, max_size=6), seed=st.integers(0, 99))
def test_planted_shares_are_found_when_the_voice_is_a_mixture(parts: list[float], seed: int) -> None:
    voiceprints = torch.nn.functional.normalize(
        torch.randn(len(parts), 32, generator=torch.Generator().manual_seed(seed))
    )
    planted = torch.tensor(parts, dtype=torch.float64) / sum(parts)
    found = shares(voiceprints, planted.float() @ voiceprints)
    torch.testing.assert_close(found, planted, atol=1e-4, rtol=0)


@given(seed=st.integers(0, 99))
def test_shares_are_convex_and_better_than_any_single_voice(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    voiceprints = torch.nn.functional.normalize(torch.randn(8, 16, generator=generator))
    wanted = torch.nn.functional.normalize(torch.randn(16, generator=generator), dim=0)
    found = shares(voiceprints, wanted)
    assert found.min() >= 0
    assert float(found.sum()) == pytest.approx(1)
    distances = (voiceprints - wanted).norm(dim=1)
    assert (found.float() @ voiceprints - wanted).norm() <= distances.min() + 1e-3


def test_row_is_the_speakers_own_when_the_voice_is_theirs(
    three_speakers: BaseSpeakers, enrol: Callable[..., Enrolment], new_context: NewContext
) -> None:
    start = Convex().prepare(new_context(three_speakers))
    row = start(enrol((0.0, 1.0))).row
    torch.testing.assert_close(row, torch.tensor([3.0, 2.0, 0.0]), atol=1e-3, rtol=0)


def test_base_without_voiceprints_is_refused(three_speakers: BaseSpeakers, new_context: NewContext) -> None:
    silent = BaseSpeakers(three_speakers.names, three_speakers.embeddings, torch.zeros(3, 0))
    with pytest.raises(InputError, match="strategy=convex compares voices"):
        Convex().prepare(new_context(silent))
