"""Differences' intervals hold as often as they promise, for whom they promise, and evidence narrows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_scores import FLAT, PAIR, all_pairs, most_errors, scores_of, word_errors

from metrics.statistics.contrasts import Reach, contrasts, difference, headline
from metrics.statistics.planted_grid import README_SPREADS, PlantedGrid, Spreads
from metrics.statistics.variance_components import components
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
