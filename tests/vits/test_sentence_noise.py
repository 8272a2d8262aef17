from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from vits.layers import length_mask
from vits.sentence_noise import gaussian_like, sentence_generators

Names = st.lists(st.text(), min_size=1, max_size=3)


@given(seed=st.integers(-(2**70), 2**70), name=Names, longer=st.integers(0, 40))
def test_noise_is_the_same_when_the_batch_is_longer(seed: int, name: list[str], longer: int) -> None:
    mask = length_mask(torch.tensor([17, 17 + longer]))
    batch = torch.zeros(2, 3, 17 + longer)
    together = gaussian_like(batch, sentence_generators(seed, [name, ["beside"]]), mask)
    alone = gaussian_like(batch[:1, :, :17], sentence_generators(seed, [name]), mask[:1, :, :17])
    assert torch.equal(together[:1, :, :17], alone)
    assert not together[0, :, 17:].any()


@given(one=st.tuples(st.integers(), Names), other=st.tuples(st.integers(), Names))
def test_noise_differs_when_seed_or_name_does(one: tuple[int, list[str]], other: tuple[int, list[str]]) -> None:
    first, second = (sentence_generators(seed, [name])[0].initial_seed() for seed, name in (one, other))
    assert (first == second) == (one == other)


def test_noise_differs_when_a_letter_moves_from_one_name_to_the_next() -> None:
    first, second = sentence_generators(0, [("ab", "c"), ("a", "bc")])
    assert first.initial_seed() != second.initial_seed()


def test_noise_is_standard_normal_when_much_is_drawn() -> None:
    noise = gaussian_like(torch.zeros(1, 100, 1000), sentence_generators(0, [("a",)]))
    assert abs(float(noise.mean())) < 0.01
    assert abs(float(noise.std()) - 1) < 0.01
