"""Effects are averages over the same company, hold as often as they promise, and own up to changes of sign."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_scores import FLAT, most_errors

from metrics.statistics.axis_effects import balanced_parts, effects
from metrics.statistics.planted_grid import README_SPREADS
from metrics.statistics.variance_components import components
from vits.common.errors import InputError

CALM = replace(README_SPREADS["secs"], voice=0.005)


def test_effects_hold_at_once_when_levels_are_alike() -> None:
    rng, false, experiments = np.random.default_rng(0), 0, 60
    for _ in range(experiments):
        scores, truth = FLAT.draw(rng)
        columns = truth.of_voices.reshape(4, 3).mean(axis=0)
        found = [e for e in effects(components(scores), FLAT.levels, 0.02) if e.axis == "freeze"]
        true = [columns[int(effect.a[1])] - columns[int(effect.b[1])] for effect in found]
        false += any(not e.lower <= value <= e.upper for e, value in zip(found, true, strict=True))
    assert false <= most_errors(experiments)


def test_effect_is_found_with_its_size_when_planted() -> None:
    means = np.add.outer([0.4, 0.45, 0.5, 0.5], [0.1, 0.04, 0.0])
    grid = replace(FLAT, means=tuple(map(tuple, means.tolist())), spreads=CALM)
    found = {
        (e.axis, e.a, e.b): e for e in effects(components(grid.draw(np.random.default_rng(0))[0]), grid.levels, 0.02)
    }
    best = found["strategy", "s2", "s0"]
    assert best.estimate == pytest.approx(0.1, abs=0.02)
    assert 0 < best.lower < best.upper < 0.15
    assert len(best.simple) == 3
    assert not best.changes_sign
    assert len([key for key in found if key[0] == "freeze"]) == 3


def test_change_of_sign_is_flagged_when_the_average_hides_it() -> None:
    means = ((0.6, 0.6, 0.4), (0.4, 0.4, 0.5))
    grid = replace(FLAT, means=means, spreads=CALM)
    parts = components(grid.draw(np.random.default_rng(0))[0])
    effect = next(e for e in effects(parts, grid.levels, 0.02) if e.axis == "strategy")
    assert (effect.a, effect.b) == ("s0", "s1")
    assert effect.differs
    assert effect.changes_sign
    assert [dict(simple.context) for simple in effect.opposite] == [{"freeze": "f2"}]


def test_simple_effects_are_said_to_agree_when_only_chance_parts_them() -> None:
    rng, differs = np.random.default_rng(0), []
    for _ in range(30):
        scores, _ = replace(FLAT, spreads=replace(CALM, voice=0.0)).draw(rng)
        differs += [e.differs for e in effects(components(scores), FLAT.levels, 0.02) if e.axis == "freeze"]
    assert np.mean(differs) <= 0.05


def test_levels_are_compared_in_common_company_when_a_cell_is_missing() -> None:
    levels = {name: level for name, level in FLAT.levels.items() if name != "s3 · f2"}
    strategy, freeze = balanced_parts(list(levels), levels)
    assert strategy.levels == ("s0", "s1", "s2")
    assert len(strategy.contexts) == 3
    assert freeze.levels == ("f0", "f1", "f2")
    assert len(freeze.contexts) == 3


def test_axis_is_passed_over_when_its_levels_share_no_context() -> None:
    levels = {"a": {"x": "1", "y": "1"}, "b": {"x": "2", "y": "2"}}
    assert balanced_parts(["a", "b"], levels) == ()


def test_levels_are_refused_when_a_system_lacks_an_axis() -> None:
    with pytest.raises(InputError, match="give all to both"):
        balanced_parts(["a", "b"], {"a": {"x": "1"}, "b": {"x": "1", "y": "2"}})
    with pytest.raises(InputError, match="aren't given"):
        balanced_parts(["a", "b"], {"a": {"x": "1"}})
