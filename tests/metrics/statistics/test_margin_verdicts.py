"""Verdicts beside the recommended system are true as often as promised, and say what would decide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_scores import FLAT, most_errors

from metrics.statistics.margin_verdicts import MarginVerdict, Outcome, against
from metrics.statistics.planted_grid import README_SPREADS, PlantedGrid, Spreads
from metrics.statistics.variance_components import components
from vits.common.errors import InputError

EXPERIMENTS = 80
MARGIN = 0.02
SMALL = Spreads(seed=0.002, seed_by_voice=0.004, voice=0.0, text=0.02, chance=0.02)
BEYOND = 0.5 - 1.001 * MARGIN


def drawn(grid: PlantedGrid, rng: np.random.Generator) -> tuple[tuple[MarginVerdict, ...], dict[str, float]]:
    """Verdicts beside the system with the best mean, and the true differences from it."""
    scores, truth = grid.draw(rng)
    parts = components(scores)
    best = int(parts.means.argmax())
    return against(parts, parts.systems[best], MARGIN), dict(
        zip(parts.systems, truth.of_voices - truth.of_voices[best], strict=True)
    )


@pytest.mark.parametrize("others", [(BEYOND,) * 11, (0.5,) * 5 + (BEYOND,) * 6, (0.5,) * 10 + (BEYOND,)])
def test_no_system_is_called_equal_when_it_is_just_beyond_the_margin(others: tuple[float, ...]) -> None:
    means = (0.5, *others)
    grid = replace(FLAT, means=tuple(means[i : i + 3] for i in range(0, 12, 3)), spreads=SMALL)
    rng, false = np.random.default_rng(0), 0
    for _ in range(EXPERIMENTS):
        verdicts, true = drawn(grid, rng)
        false += any(v.outcome is Outcome.EQUAL and abs(true[v.system]) > MARGIN for v in verdicts)
    assert false <= most_errors(EXPERIMENTS)


def test_none_is_called_equal_that_is_just_beyond_the_margin_on_either_side() -> None:
    """Tests of systems above and below the reference go against each other, which Simes' inequality doesn't cover."""
    ends = (0.5 + 1.001 * MARGIN, BEYOND)
    grid = replace(FLAT, means=((0.5, *ends), ends + ends[:1], ends[1:] + ends, ends + ends[:1]), spreads=SMALL)
    rng, false = np.random.default_rng(0), 0
    for _ in range(EXPERIMENTS):
        scores, truth = grid.draw(rng)
        parts = components(scores)
        verdicts = against(parts, parts.systems[0], MARGIN, reference_was_chosen=False)
        apart = dict(zip(parts.systems, np.abs(truth.of_voices - truth.of_voices[0]) > MARGIN, strict=True))
        false += any(v.outcome is Outcome.EQUAL and apart[v.system] for v in verdicts)
    assert false <= most_errors(EXPERIMENTS)


def test_one_system_that_is_worse_hardly_hinders_that_the_others_are_called_equal() -> None:
    rng = np.random.default_rng(0)
    grid = replace(FLAT, means=((0.5, 0.5, 0.3), *((0.5, 0.5, 0.5),) * 3), spreads=SMALL)
    equal = [sum(v.outcome is Outcome.EQUAL for v in drawn(grid, rng)[0]) for _ in range(20)]
    assert np.mean(equal) > 0.9 * 10


def test_no_system_is_called_worse_when_all_are_alike_and_the_reference_was_chosen() -> None:
    rng, false, equal = np.random.default_rng(0), 0, 0
    for _ in range(EXPERIMENTS):
        verdicts, _ = drawn(replace(FLAT, spreads=SMALL), rng)
        false += any(v.outcome is Outcome.WORSE and v.by_more_than_margin for v in verdicts)
        false += any(v.outcome in (Outcome.WORSE, Outcome.BETTER) for v in verdicts)
        equal += sum(v.outcome is Outcome.EQUAL for v in verdicts)
    assert false <= most_errors(EXPERIMENTS)
    assert equal > 0.8 * 11 * EXPERIMENTS


def test_bounds_agree_with_the_outcome_whatever_it_is() -> None:
    means = ((0.5, 0.5, 0.495), (0.49, 0.48, 0.47), (0.45, 0.4, 0.3), (0.5, 0.49, 0.485))
    grid = replace(FLAT, means=means, spreads=replace(README_SPREADS["secs"], voice=0.0))
    verdicts, _ = drawn(grid, np.random.default_rng(0))
    for verdict in verdicts:
        inside = verdict.lower >= -MARGIN and verdict.upper <= MARGIN
        assert (verdict.outcome is Outcome.EQUAL) == inside
        assert (verdict.needed is not None) == (verdict.outcome is Outcome.UNDECIDED)
        if verdict.outcome is Outcome.UNDECIDED:
            assert verdict.lower <= 0 <= verdict.upper
    assert {Outcome.WORSE, Outcome.UNDECIDED} <= {verdict.outcome for verdict in verdicts}


def test_what_is_said_to_decide_does_so_in_most_cases_when_it_is_given() -> None:
    """More sentences, as many as named, decide a difference that one seed's scores left open."""
    pair = PlantedGrid(((0.5, 0.485),), Spreads(0.0, 0.0, 0.0, 0.03, 0.03), seeds=1, speakers=2, sentences=6)
    rng, decided, asked = np.random.default_rng(0), 0, 0
    for _ in range(80):
        scores, _ = pair.draw(rng)
        (verdict,) = against(components(scores), scores.systems[0], MARGIN)
        if verdict.needed is None or verdict.needed.sentences_per_voice is None:
            continue
        asked += 1
        assert verdict.needed.sentences_per_voice > 6
        assert verdict.needed.seeds is None
        more, _ = replace(pair, sentences=verdict.needed.sentences_per_voice).draw(rng)
        (again,) = against(components(more), scores.systems[0], MARGIN)
        decided += again.outcome is not Outcome.UNDECIDED
    assert asked > 25
    assert decided / asked > 0.5


def test_reference_is_refused_when_unknown_and_margin_when_not_positive() -> None:
    parts = components(FLAT.draw(np.random.default_rng(0))[0])
    with pytest.raises(InputError, match="no scores of 'nobody'"):
        against(parts, "nobody", MARGIN)
    with pytest.raises(InputError, match="must be positive"):
        against(parts, parts.systems[0], 0.0)
