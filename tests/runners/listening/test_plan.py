"""Trials are balanced over raters, systems, sentences and sides."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from runners.listening.plan import N_REPEATED, plan

SYSTEMS, SENTENCES = 4, 6


def systems_of(stimuli: tuple[int, ...], n_systems: int) -> frozenset[int]:
    return frozenset(number % n_systems for number in stimuli)


@given(n_systems=st.integers(1, 5), n_sentences=st.integers(1, 7), n_raters=st.integers(1, 6), seed=st.integers(0, 9))
def test_every_rater_hears_every_pair_and_every_system_once(
    n_systems: int, n_sentences: int, n_raters: int, seed: int
) -> None:
    for trials in plan(n_systems, n_sentences, n_raters, seed):
        first = [trial for trial in trials if trial.repeats is None]
        pairs = Counter(systems_of(t.stimuli, n_systems) for t in first if t.is_preference)
        assert len(pairs) == n_systems * (n_systems - 1) // 2
        assert set(pairs.values()) <= {1}
        assert sorted(t.stimuli[0] % n_systems for t in first if not t.is_preference) == list(range(n_systems))
        for trial in trials:
            assert {number // n_systems for number in trial.stimuli} == {trial.sentence}


def test_pairs_meet_every_sentence_and_side_as_often_when_raters_are_enough() -> None:
    trials = [t for rater in plan(SYSTEMS, SENTENCES, 4 * SENTENCES, 0) for t in rater if t.repeats is None]
    pairs = [t for t in trials if t.is_preference]
    met = Counter((systems_of(t.stimuli, SYSTEMS), t.sentence) for t in pairs)
    assert set(met.values()) == {4}
    sides = Counter((systems_of(t.stimuli, SYSTEMS), t.stimuli[0] % SYSTEMS) for t in pairs)
    assert set(sides.values()) == {2 * SENTENCES}


def test_repeated_pairs_have_their_sides_exchanged() -> None:
    (trials,) = plan(SYSTEMS, SENTENCES, 1, 3)
    again = [trial for trial in trials if trial.repeats is not None]
    assert len(again) == N_REPEATED
    assert all(trial.stimuli == trials[trial.repeats or 0].stimuli[::-1] for trial in again)


def test_order_is_the_same_when_drawn_with_the_same_seed() -> None:
    assert plan(SYSTEMS, SENTENCES, 3, 1) == plan(SYSTEMS, SENTENCES, 3, 1)
    assert plan(SYSTEMS, SENTENCES, 3, 1) != plan(SYSTEMS, SENTENCES, 3, 2)
