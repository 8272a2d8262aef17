"""Components are what was planted, on average and in cases that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_scores import FLAT, scores_of

from metrics.statistics.planted_grid import PlantedGrid, Spreads
from metrics.statistics.seed_variances import moderated
from metrics.statistics.variance_components import Components, components

SPREADS = Spreads(seed=0.01, seed_by_voice=0.02, voice=0.03, text=0.04, chance=0.05)


def drawn(grid: PlantedGrid, experiments: int = 120) -> list[Components]:
    rng = np.random.default_rng(0)
    return [components(grid.draw(rng)[0]) for _ in range(experiments)]


@pytest.mark.parametrize("shared_texts", [False, True])
def test_planted_variances_are_found_on_average_when_all_sources_matter(shared_texts: bool) -> None:
    grid = replace(FLAT, spreads=SPREADS, seeds=2, speakers=5, sentences=10, shared_texts=shared_texts)
    found = drawn(grid)
    chance, apart = 0.05**2 / 50, 0.02**2 / 5 + 0.05**2 / 50
    seeds = 0.01**2 + apart
    texts = 0.04**2 / (10 if shared_texts else 50)
    assert np.mean([parts.seeds.drawn for parts in found]) == pytest.approx(seeds, rel=0.05)
    assert np.mean([parts.seeds.chance for parts in found]) == pytest.approx(chance, rel=0.05)
    assert np.mean([parts.seeds.apart for parts in found]) == pytest.approx(apart, rel=0.05)
    assert np.mean([parts.typical_pair for parts in found]) == pytest.approx(2 * (texts + chance / 2), rel=0.05)
    shared = np.mean([np.diag(parts.shared_texts).mean() for parts in found])
    assert shared == pytest.approx(0.04**2 / 10 * 0.8 if shared_texts else 0.0, rel=0.1, abs=1e-6)


def test_variance_of_the_mean_is_that_of_repeated_experiments_when_voices_are_fixed() -> None:
    """No source is left out or counted twice: seeds and sentences together give what means really vary by."""
    grid = replace(FLAT, spreads=replace(SPREADS, voice=0.0), seeds=2, sentences=10)
    found = drawn(grid, 250)
    means = np.array([parts.means for parts in found])
    said = np.mean(
        [np.diag(parts.sentences.sum(axis=0)) + (parts.seeds.drawn - parts.seeds.chance) / 2 for parts in found]
    )
    assert means.var(axis=0, ddof=1).mean() == pytest.approx(said, rel=0.1)


def test_components_are_those_worked_out_by_hand_when_there_are_two_sentences() -> None:
    parts = components(scores_of([[[[0.1, 0.3]], [[0.3, 0.5]]], [[[0.0, 0.0]], [[0.0, 0.0]]]]))
    np.testing.assert_allclose(parts.means, [0.3, 0.0])
    assert parts.sentences[0, 0, 0] == pytest.approx(0.01)  # two values 0.2 apart: variance 0.02, of the mean 0.01
    assert parts.sentences_df[0] == pytest.approx(1.0)
    assert parts.seeds.own[0] == pytest.approx(0.02)
    assert parts.seeds.chance[0] == pytest.approx(0.0)  # both trainings say the same of the two sentences


def test_text_counts_once_when_several_voices_speak_it() -> None:
    own, shared = (
        components(replace(FLAT, shared_texts=shared).draw(np.random.default_rng(0))[0]) for shared in (False, True)
    )
    assert own.sentences_df.sum() == pytest.approx(5 * 19)
    assert shared.sentences_df.sum() == pytest.approx(19)


def test_seeds_are_unknown_when_there_is_one() -> None:
    parts = components(replace(FLAT, seeds=1).draw(np.random.default_rng(0))[0])
    assert not parts.knows_seeds
    assert np.isnan(parts.seeds.drawn).all()


def test_untrained_system_has_no_seeds_variance_when_others_have() -> None:
    scores = replace(FLAT.draw(np.random.default_rng(0))[0], untrained=frozenset(["s0 · f0"]))
    parts = components(scores)
    assert parts.seeds.drawn[0] == parts.seeds.chance[0] == 0
    assert (parts.seeds.drawn[1:] > 0).all()
    assert parts.seeds.df_of_all == 11 * 2


def test_variances_are_pooled_when_they_agree_and_kept_apart_when_they_do_not() -> None:
    df = np.full(12, 8)
    same, same_df = moderated(np.full(12, 2.0), df)
    np.testing.assert_allclose(same, 2.0)
    np.testing.assert_allclose(same_df, 96)
    apart, apart_df = moderated(np.array([1.0] * 11 + [100.0]), df)
    assert apart[0] < apart[-1] / 5
    assert (apart_df < 20).all()
