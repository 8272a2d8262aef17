"""Verdicts against numbers worked out by hand, and what must not change them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.statistics import Comparison, Observations, Scope, Verdict, compare
from metrics.statistics.simulation import Planted
from metrics.statistics.t_test import Uncertainty, holm_factors
from vits.common.errors import InputError


def seen(values: np.ndarray, higher_is_better: bool = True, weights: np.ndarray | None = None) -> Observations:
    """Observations of systems named a, b, ... on speakers s0, s1, ..."""
    systems, _, speakers, utterances = values.shape
    return Observations(
        "secs",
        "cosine",
        higher_is_better,
        tuple("abcdefghijkl"[:systems]),
        tuple(f"s{n}" for n in range(speakers)),
        values,
        np.ones((speakers, utterances)) if weights is None else weights,
    )


def verdicts(observations: Observations, resamples: int = 200, scope: Scope = Scope.SPEAKERS_LIKE_THESE) -> Comparison:
    return compare(observations, resamples=resamples, rng=np.random.default_rng(0), scope=scope)


def of_speakers(differences: list[float], utterances: int = 2) -> np.ndarray:
    """Two systems whose difference is constant within each speaker."""
    second = np.random.default_rng(0).normal(size=(1, 1, len(differences), utterances))
    return np.concatenate([second + np.array(differences)[:, None], second])


def test_interval_is_students_when_worked_out_by_hand() -> None:
    (verdict,) = verdicts(seen(of_speakers([0.1, 0.2, 0.3, 0.4])), resamples=100_000).pairs
    assert (verdict.a, verdict.b) == ("a", "b")
    assert verdict.difference == pytest.approx(0.25)
    error = math.sqrt(0.05 / 3 / 4)  # standard deviation over speakers, by the root of their number
    assert verdict.upper - verdict.difference == pytest.approx(3.182446 * error, rel=0.01)  # t of 3 degrees, 97.5 %
    assert verdict.p == pytest.approx(0.0304662, rel=0.03)  # two-sided t of 3.87298
    assert verdict.p == verdict.p_adjusted
    assert verdict.distinguishable
    assert verdict.sentence() == f"a is better than b by 0.25 cosine [{verdict.lower:.3g}, {verdict.upper:.3g}]"


def test_caveat_names_the_better_system_when_it_is_far_more_erratic() -> None:
    steady = np.array([0.10, 0.11, 0.12, 0.13, 0.14])[:, None] + np.zeros((1, 1, 5, 2))
    erratic = steady + np.array([0.4, 0.5, 0.6, 0.7, 0.8])[:, None]
    comparison = verdicts(seen(np.concatenate([erratic, steady])))
    assert comparison.pairs[0].distinguishable
    assert any(
        caveat.startswith("secs: a differs 11.0 times as much between speakers as b; ") for caveat in comparison.caveats
    )
    for other in (np.concatenate([steady + 0.5, steady]), np.concatenate([steady, erratic - 2])):
        calm = verdicts(seen(other + np.random.default_rng(0).normal(0, 1e-3, other.shape)))
        assert calm.pairs[0].distinguishable
        assert not any("times as much between speakers" in caveat for caveat in calm.caveats)


def test_smaller_is_better_when_the_metric_says_so() -> None:
    (verdict,) = verdicts(seen(of_speakers([0.1, 0.2, 0.3, 0.4]), higher_is_better=False)).pairs
    assert (verdict.a, verdict.b) == ("b", "a")
    assert verdict.difference == pytest.approx(0.25)


def test_p_is_one_when_systems_are_identical() -> None:
    values = np.random.default_rng(0).normal(size=(1, 2, 5, 8)).repeat(2, axis=0)
    (verdict,) = verdicts(seen(values)).pairs
    assert (verdict.difference, verdict.lower, verdict.upper, verdict.p) == (0, 0, 0, 1)
    assert verdict.sentence() == "a and b are not distinguishable; they have the same value on every utterance"


def test_nothing_is_claimed_when_a_difference_never_varies() -> None:
    (verdict,) = verdicts(seen(of_speakers([0.1, 0.1, 0.1]))).pairs
    assert not verdict.distinguishable
    assert verdict.p == 1
    assert math.isinf(verdict.upper)
    assert verdict.sentence() == "a and b are not distinguishable; this test has too little in it to see any difference"


def test_the_smallest_visible_difference_is_named_when_not_distinguishable() -> None:
    (verdict,) = verdicts(seen(of_speakers([0.1, -0.2, 0.3, -0.1]))).pairs
    assert not verdict.distinguishable
    assert verdict.lower < 0 < verdict.upper
    assert verdict.sentence() == (
        "a and b are not distinguishable; the smallest difference this test could see is "
        f"{verdict.smallest_detectable:.3g} cosine"
    )
    assert verdict.smallest_detectable > verdict.upper - verdict.difference


def test_only_its_sentences_speak_when_there_is_one_speaker() -> None:
    differences = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    values = np.stack([differences, np.zeros(5)])[:, None, None, :]
    comparison = verdicts(seen(values), resamples=100_000)
    (verdict,) = comparison.pairs
    assert comparison.scope is Scope.THESE_SPEAKERS
    assert "The only speaker is s0: nothing is said of other speakers." in comparison.caveats
    error = math.sqrt(0.025 / 5)
    assert verdict.upper - verdict.difference == pytest.approx(2.776445 * error, rel=0.01)  # t of 4 degrees


def test_speakers_count_for_less_when_only_these_are_meant() -> None:
    drawn = Planted(rates=(0.2, 0.6), by_speaker=(0.6, 0.6), sentences=40).draw(np.random.default_rng(0))
    like, these = (verdicts(drawn, scope=scope) for scope in Scope)
    assert these.pairs[0].upper < like.pairs[0].upper
    assert any("these 5 speakers" in caveat for caveat in these.caveats)


def test_pair_alone_loses_an_utterance_when_a_value_is_undefined() -> None:
    values = np.random.default_rng(0).normal(size=(3, 1, 4, 5))
    values[1, 0, 2, 3] = np.nan
    comparison = verdicts(seen(values))
    without = values[[0, 1]][..., :]
    expected = np.nanmean(np.where(np.isnan(without[1]), np.nan, without[0] - without[1]), axis=-1).mean()
    assert comparison.between("a", "b").difference == pytest.approx(abs(expected))
    assert [v.n_utterances for v in comparison.pairs] == [19, 20, 19]
    assert [v.n_dropped for v in comparison.pairs] == [1, 0, 1]
    assert [e.n_undefined for e in comparison.estimates] == [0, 1, 0]
    complete = verdicts(seen(values[[0, 2]])).pairs[0]
    assert comparison.between("a", "c").p == pytest.approx(complete.p, rel=1e-3)


def test_pair_is_not_compared_when_it_has_nothing_in_common() -> None:
    values = np.random.default_rng(0).normal(size=(2, 1, 3, 4))
    values[0, ..., :2], values[1, ..., 2:] = np.nan, np.nan
    (verdict,) = verdicts(seen(values)).pairs
    assert math.isnan(verdict.difference)
    assert verdict.p == 1
    assert verdict.sentence() == "a and b are not distinguishable; they have no utterance in common"


def test_intervals_agree_with_holm_when_there_are_many_pairs() -> None:
    planted = Planted(rates=(0.1, 0.1, 0.2, 0.4, 0.8), by_speaker=(0.1,) * 5, speakers=10, sentences=20)
    pairs = verdicts(planted.draw(np.random.default_rng(0)), resamples=1000).pairs
    assert 0 < sum(v.distinguishable for v in pairs) < len(pairs)
    for verdict in pairs:
        assert verdict.distinguishable == (verdict.p_adjusted <= 0.05) == (verdict.lower > 0)
        assert verdict.p_adjusted >= verdict.p


def test_holm_multiplies_as_in_his_paper_when_worked_out_by_hand() -> None:
    p = np.array([0.04, 0.01, 0.03, 0.005])
    np.testing.assert_allclose(p * holm_factors(p), [0.06, 0.03, 0.06, 0.02])
    np.testing.assert_array_equal(holm_factors(np.array([0.0, 0.0, 0.5])), [3, 2, 1])


def test_seeds_widen_the_interval_when_they_disagree() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 1, 6, 10)).repeat(3, axis=1)
    values[0] += 0.5
    alike = verdicts(seen(values))
    values[0] += np.array([-1.0, 0.0, 1.0])[:, None, None]
    apart = verdicts(seen(values))
    assert apart.pairs[0].difference == pytest.approx(alike.pairs[0].difference)
    assert apart.pairs[0].upper > 1.5 * alike.pairs[0].upper
    assert not any("one seed" in caveat for caveat in apart.caveats)
    assert any("one seed" in caveat for caveat in verdicts(seen(values[:, :1])).caveats)


def test_several_sources_never_claim_more_than_one_when_each_is_known_from_few() -> None:
    one = Uncertainty(np.array([[0.04]]), np.array([[4.0]]))
    both = Uncertainty(np.array([[0.04], [0.01]]), np.array([[4.0], [2.0]]))
    alpha = np.array([0.05])
    assert both.half_width(alpha)[0] == pytest.approx(math.sqrt(2.776445**2 * 0.04 + 4.302653**2 * 0.01), rel=1e-6)
    assert both.half_width(both.p(np.array([0.7])))[0] == pytest.approx(0.7)  # the p value inverts the interval
    assert one.half_width(one.p(np.array([0.7])))[0] == pytest.approx(0.7)


def test_pairing_narrows_the_interval_when_systems_share_their_difficulties() -> None:
    rng = np.random.default_rng(0)
    difficulty, noise = rng.normal(size=(1, 1, 6, 20)), 0.1 * rng.normal(size=(2, 1, 6, 20))
    paired = verdicts(seen(difficulty + noise)).pairs[0]
    alone = verdicts(seen(rng.normal(size=(2, 1, 6, 20)) + noise)).pairs[0]  # each on sentences of its own
    assert 5 * (paired.upper - paired.difference) < alone.upper - alone.difference


def facts(verdict: Verdict) -> tuple[float, ...]:
    return verdict.difference, verdict.lower, verdict.upper, verdict.p, verdict.smallest_detectable


WHICH = st.integers(min_value=0, max_value=10_000)


@settings(max_examples=15)
@given(draw=WHICH, order=st.permutations(range(4)))
def test_verdicts_stay_when_systems_change_places(draw: int, order: list[int]) -> None:
    observed = Planted((0.2, 0.3, 0.4, 0.5), (0.2,) * 4, speakers=4).draw(np.random.default_rng(draw))
    names = tuple(observed.systems[k] for k in order)
    here, there = verdicts(observed), verdicts(replace(observed, systems=names, values=observed.values[order]))
    for verdict in here.pairs:
        same = there.between(verdict.b, verdict.a)
        if verdict.difference:
            assert (same.a, same.b) == (verdict.a, verdict.b)
        assert facts(same) == pytest.approx(facts(verdict), rel=1e-4)


@settings(max_examples=15)
@given(draw=WHICH, order=st.permutations(range(5)))
def test_verdicts_stay_when_speakers_change_places(draw: int, order: list[int]) -> None:
    observed = Planted(rates=(0.2, 0.4)).draw(np.random.default_rng(draw))
    moved = replace(observed, values=observed.values[:, :, order], weights=observed.weights[order])
    (here,), (there,) = verdicts(observed, resamples=4000).pairs, verdicts(moved, resamples=4000).pairs
    assert there.difference == pytest.approx(here.difference)
    assert there.upper - there.difference == pytest.approx(here.upper - here.difference, rel=0.1)  # of resampling


@settings(max_examples=15)
@given(draw=WHICH, constant=st.floats(min_value=-10, max_value=10))
def test_verdicts_stay_when_a_constant_is_added_to_all(draw: int, constant: float) -> None:
    observed = Planted(rates=(0.2, 0.4)).draw(np.random.default_rng(draw))
    moved = replace(observed, values=observed.values + constant)
    assert facts(verdicts(moved).pairs[0]) == pytest.approx(facts(verdicts(observed).pairs[0]), rel=1e-3, abs=1e-6)


@settings(max_examples=15)
@given(draw=WHICH, constant=st.floats(min_value=1, max_value=10))
def test_difference_moves_along_when_one_system_gains_a_constant(draw: int, constant: float) -> None:
    observed = Planted(rates=(0.2, 0.2), words=(30, 40), shape=5.0).draw(np.random.default_rng(draw))
    before = verdicts(observed).pairs[0]
    signed = before.difference if before.a == "system 0" else -before.difference
    after = verdicts(replace(observed, values=observed.values + np.array([-constant, 0])[:, None, None, None])).pairs[0]
    assert after.a == "system 0"
    assert after.difference == pytest.approx(signed + constant)


@settings(max_examples=15)
@given(draw=WHICH)
def test_sides_change_when_values_change_sign(draw: int) -> None:
    observed = Planted(rates=(0.2, 0.4)).draw(np.random.default_rng(draw))
    here, there = (verdicts(o).pairs[0] for o in (observed, replace(observed, values=-observed.values)))
    if here.difference:
        assert (there.a, there.b) == (here.b, here.a)
    assert facts(there) == pytest.approx(facts(here), rel=1e-4)


@pytest.mark.parametrize(
    ("level", "resamples", "message"), [(95.0, 200, "level=95"), (0.95, 10, "resamples=10 are too few")]
)
def test_settings_are_refused_when_they_make_no_test(level: float, resamples: int, message: str) -> None:
    observed = Planted().draw(np.random.default_rng(0))
    with pytest.raises(InputError, match=message):
        compare(observed, level=level, resamples=resamples, rng=np.random.default_rng(0))


def test_no_verdict_is_found_when_a_system_is_unknown() -> None:
    with pytest.raises(InputError, match="no verdict between 'a' and 'z'; take two of: a; b"):
        verdicts(seen(np.zeros((2, 1, 2, 2)))).between("a", "z")


def test_only_an_estimate_is_given_when_there_is_one_system() -> None:
    comparison = verdicts(seen(np.random.default_rng(0).normal(size=(1, 1, 3, 4))))
    assert comparison.pairs == ()
    assert comparison.estimates[0].lower < comparison.estimates[0].mean < comparison.estimates[0].upper
