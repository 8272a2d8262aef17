"""Differences' intervals hold as often as they promise, for whom they promise, and evidence narrows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_scores import FLAT, PAIR, all_pairs, most_errors, scores_of, word_errors

from metrics.statistics.contrasts import Reach, contrasts, difference, headline
from metrics.statistics.paired_scores import PairedScores
from metrics.statistics.planted_grid import README_SPREADS, PlantedGrid, Spreads
from metrics.statistics.variance_components import Components, components
from vits.common.errors import InputError

EXPERIMENTS = 120
UNEQUAL = (1.0, 3.0, 1.0, 1.0) * 3


def misses(grid: PlantedGrid, reach: Reach) -> int:
    """Experiments in which the first two systems' interval misses their true difference."""
    rng, found = np.random.default_rng(0), 0
    for _ in range(EXPERIMENTS):
        scores, truth = grid.draw(rng)
        of_reach = {
            Reach.TRAINED_VOICES: truth.of_voices_as_trained,
            Reach.THESE_VOICES: truth.of_voices,
            Reach.VOICES_LIKE_THESE: truth.in_general_as_trained if grid.seeds == 1 else truth.in_general,
        }[reach]
        said = difference(components(scores), *scores.systems[:2], reach=reach)
        found += not said.lower <= of_reach[0] - of_reach[1] <= said.upper
    return found


@pytest.mark.parametrize("speakers", [1, 5, 20])
@pytest.mark.parametrize("seeds", [1, 3])
def test_headline_keeps_its_level_when_voices_and_seeds_are_few(speakers: int, seeds: int) -> None:
    reach = Reach.TRAINED_VOICES if seeds == 1 else Reach.THESE_VOICES
    grid = replace(FLAT, seeds=seeds, speakers=speakers, sentences=8)
    assert misses(grid, reach) <= most_errors(EXPERIMENTS)


@pytest.mark.parametrize("grid", [replace(FLAT, unequal=UNEQUAL), replace(PAIR, unequal=(1.0, 3.0))])
def test_headline_keeps_its_level_when_systems_differ_in_variance(grid: PlantedGrid) -> None:
    assert misses(replace(grid, sentences=8), Reach.THESE_VOICES) <= most_errors(EXPERIMENTS)


@pytest.mark.parametrize("speakers", [2, 10])
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("shared_texts", [False, True])
def test_caution_keeps_its_level_when_voices_are_few(speakers: int, seeds: int, shared_texts: bool) -> None:
    grid = replace(FLAT, seeds=seeds, speakers=speakers, sentences=8, shared_texts=shared_texts)
    assert misses(grid, Reach.VOICES_LIKE_THESE) <= most_errors(EXPERIMENTS)


@pytest.mark.parametrize(("voices", "seeds"), [(1, 1), (5, 1), (1, 3), (5, 3)])
def test_headline_keeps_its_level_when_most_sentences_have_no_error(voices: int, seeds: int) -> None:
    rng, missed = np.random.default_rng(0), 0
    for _ in range(EXPERIMENTS):
        scores, _ = word_errors(rng, 4, seeds, voices, 20, by_training=0.0 if seeds == 1 else 0.15)
        said = difference(components(scores), "system 0", "system 1")
        missed += not said.lower <= 0 <= said.upper
    assert missed <= most_errors(EXPERIMENTS)


def test_one_seed_says_nothing_of_other_trainings_when_they_differ() -> None:
    """The simulation can tell an interval that is too narrow, and the scope that one seed has is no formality."""
    grid = replace(FLAT, seeds=1, spreads=replace(README_SPREADS["secs"], seed=0.03))
    rng, missed = np.random.default_rng(0), 0
    for _ in range(EXPERIMENTS):
        scores, truth = grid.draw(rng)
        said = difference(components(scores), *scores.systems[:2], reach=Reach.TRAINED_VOICES)
        missed += not said.lower <= truth.of_voices[0] - truth.of_voices[1] <= said.upper
    assert missed > 3 * most_errors(EXPERIMENTS)
    parts = components(grid.draw(rng)[0])
    assert headline(parts) is Reach.TRAINED_VOICES
    assert np.isinf(contrasts(parts, all_pairs(12), Reach.THESE_VOICES).standard_errors).all()


@pytest.mark.parametrize("metric", ["secs", "wer"])
@pytest.mark.parametrize(
    ("what", "numbers", "reach"),
    [
        ("seeds", (2, 3, 4), Reach.THESE_VOICES),
        ("sentences", (5, 10, 20), Reach.THESE_VOICES),
        ("speakers", (1, 2, 3, 5), Reach.THESE_VOICES),
        ("seeds", (1, 2, 3), Reach.TRAINED_VOICES),
        ("seeds", (2, 3, 4), Reach.VOICES_LIKE_THESE),
        ("speakers", (2, 3, 5), Reach.VOICES_LIKE_THESE),
    ],
)
def test_interval_is_narrower_on_average_when_evidence_is_added(
    metric: str, what: str, numbers: tuple[int, ...], reach: Reach
) -> None:
    rng, widths = np.random.default_rng(0), []
    for number in numbers:
        grid = replace(FLAT, spreads=README_SPREADS[metric], **{what: number})
        found = [contrasts(components(grid.draw(rng)[0]), all_pairs(12), reach) for _ in range(10)]
        widths.append(np.mean([part.half_widths(0.05) for part in found]))
    assert widths == sorted(widths, reverse=True)


def test_difference_is_that_of_students_paired_test_when_one_voice_was_trained_once() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(0.5, 0.1, size=(2, 12))
    said = difference(components(scores_of([[[one.tolist()]], [[other.tolist()]]])), "a", "b")
    error = (one - other).std(ddof=1) / np.sqrt(12)
    assert said.reach is Reach.TRAINED_VOICES
    assert said.estimate == pytest.approx((one - other).mean())
    assert said.standard_error == pytest.approx(error)
    assert said.df == pytest.approx(11)
    assert said.upper - said.estimate == pytest.approx(2.200985 * error)


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.sampled_from(list(Reach)))
def test_no_bound_leaves_the_range_when_scores_are_few(
    seed: int, seeds: int, speakers: int, sentences: int, reach: Reach
) -> None:
    spreads = Spreads(seed=0.3, seed_by_voice=0.1, voice=0.3, text=0.3, chance=0.3)
    grid = replace(PAIR, spreads=spreads, seeds=seeds, speakers=speakers, sentences=sentences)
    scores, _ = grid.draw(np.random.default_rng(seed))
    scores = replace(scores, values=np.clip(scores.values, -1, 1))
    said = difference(components(scores), *scores.systems, reach=reach)
    back = difference(components(scores), *scores.systems[::-1], reach=reach)
    assert -2 <= said.lower <= said.estimate <= said.upper <= 2
    assert (back.lower, back.upper) == pytest.approx((-said.upper, -said.lower))


def test_unknown_system_is_refused_when_named() -> None:
    with pytest.raises(InputError, match="no scores of nobody"):
        difference(components(FLAT.draw(np.random.default_rng(0))[0]), "nobody", "s0 · f0")


def with_further(scores: PairedScores, common: int) -> Components:
    """The first two systems spoke all sentences, the others only the first `common` of each voice."""
    place = np.concatenate([np.arange(np.count_nonzero(scores.speaker_of == k)) for k in range(len(scores.speakers))])
    of_all = _of_utterances(scores, scores.systems, place < common)
    return replace(components(of_all), further=components(_of_utterances(scores, scores.systems[:2], place >= 0)))


def _of_utterances(scores: PairedScores, systems: tuple[str, ...], kept: np.ndarray) -> PairedScores:
    return replace(
        scores,
        systems=systems,
        values=scores.values[: len(systems), :, kept],
        weights=scores.weights[kept],
        speaker_of=scores.speaker_of[kept],
        text_of=np.unique(scores.text_of[kept], return_inverse=True)[1],
    )


@pytest.mark.parametrize("seeds", [1, 2])
@pytest.mark.parametrize("reach", [None, Reach.VOICES_LIKE_THESE])
def test_level_is_kept_and_intervals_narrow_when_some_systems_spoke_further_sentences(
    seeds: int, reach: Reach | None
) -> None:
    grid = replace(FLAT, seeds=seeds, sentences=40, shared_texts=True)
    rng, missed, narrower = np.random.default_rng(3), 0, []
    for _ in range(EXPERIMENTS):
        scores, truth = grid.draw(rng)
        parts = with_further(scores, common=8)
        found = difference(parts, *scores.systems[:2], reach=reach)
        before = difference(replace(parts, further=None), *scores.systems[:2], reach=reach)
        if reach is None:
            true = truth.of_voices_as_trained if seeds == 1 else truth.of_voices
        else:
            true = truth.in_general_as_trained if seeds == 1 else truth.in_general
        missed += not found.lower <= true[0] - true[1] <= found.upper
        narrower.append((found.upper - found.lower) / (before.upper - before.lower))
    assert missed <= most_errors(EXPERIMENTS)
    assert np.mean(narrower) < (0.75 if reach is None and seeds == 1 else 1.0)


def test_only_differences_between_systems_that_spoke_further_sentences_use_them() -> None:
    scores, _ = replace(FLAT, seeds=2, sentences=12).draw(np.random.default_rng(0))
    parts = with_further(scores, common=4)
    n = len(scores.systems)
    weights = np.stack([np.eye(n)[0] - np.eye(n)[1], np.eye(n)[0] - np.eye(n)[2], np.eye(n)[0]])
    found, without = (contrasts(p, weights, headline(parts)) for p in (parts, replace(parts, further=None)))
    assert found.estimates[0] != without.estimates[0]
    assert found.standard_errors[0] != without.standard_errors[0]
    assert np.array_equal(found.estimates[1:], without.estimates[1:])
    assert np.array_equal(found.standard_errors[1:], without.standard_errors[1:])


def test_nothing_changes_when_the_further_sentences_are_those_that_all_spoke() -> None:
    scores, _ = replace(FLAT, seeds=1, sentences=12).draw(np.random.default_rng(0))
    parts = with_further(scores, common=12)
    found, without = (difference(p, *scores.systems[:2]) for p in (parts, replace(parts, further=None)))
    assert found.estimate == pytest.approx(without.estimate, abs=1e-12)
    assert found.standard_error == pytest.approx(without.standard_error, rel=0.5), "AGREEMENT is of fewer pairs"
