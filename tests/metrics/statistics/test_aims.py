"""A recommendation heeds its guards, loses no more than it says, and says what is merely not refuted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated_scores import FLAT, WER_SCALE, most_errors, scores_of

from metrics.statistics.aims import Aim, Guard, Recommendation, Standing, recommend
from metrics.statistics.planted_grid import README_SPREADS, PlantedGrid, Spreads
from metrics.statistics.variance_components import Components, components
from metrics.statistics.voice_choices import better_for_one_voice
from vits.common.errors import InputError

CALM = Spreads(seed=0.002, seed_by_voice=0.002, voice=0.0, text=0.01, chance=0.01)
AIM = Aim("secs", 0.02, (Guard("wer", 0.05),), second_judge="ge2e")


def parts_of(means: tuple[float, ...], wer: bool = False, seed: int = 0) -> Components:
    grid = PlantedGrid((means,), CALM, scale=WER_SCALE if wer else FLAT.scale)
    return components(grid.draw(np.random.default_rng(seed))[0])


def advice(
    secs: tuple[float, ...],
    wer: tuple[float, ...],
    ge2e: tuple[float, ...],
    taught: tuple[str, ...] = (),
    trained: tuple[int, ...] = (9, 9, 9),
) -> Recommendation:
    metrics = {"secs": parts_of(secs), "wer": parts_of(wer, True, 1), "ge2e": parts_of(ge2e, seed=2)}
    systems = metrics["secs"].systems
    return recommend(metrics, AIM, dict(zip(systems, trained, strict=True)), taught_by_judge=taught)


def test_best_similarity_is_recommended_when_its_words_are_fine() -> None:
    found = advice((0.6, 0.5, 0.4), (0.1, 0.1, 0.1), (0.8, 0.7, 0.6))
    assert found.system == "s0 · f0"
    assert [clause.standing for clause in found.clauses] == [Standing.SHOWN, Standing.SHOWN]
    assert not found.excluded


def test_system_is_passed_over_when_its_words_are_shown_to_be_worse() -> None:
    found = advice((0.6, 0.5, 0.4), (0.3, 0.1, 0.1), (0.8, 0.7, 0.6))
    assert found.system == "s0 · f1"
    assert found.excluded == {"s0 · f0": "wer"}


def test_clause_is_not_refuted_when_scores_are_too_few_to_show_it() -> None:
    few = PlantedGrid(((0.1, 0.1, 0.1),), README_SPREADS["wer"], scale=WER_SCALE, sentences=4)
    metrics = {"secs": parts_of((0.6, 0.5, 0.4)), "wer": components(few.draw(np.random.default_rng(0))[0])}
    found = recommend(metrics, replace(AIM, second_judge=None), dict.fromkeys(metrics["secs"].systems, 1))
    assert found.clauses[1].standing is Standing.NOT_REFUTED
    assert found.clauses[1].costs_at_most > 0.05


def test_fewest_parameters_are_taken_when_similarity_is_equal_enough() -> None:
    found = advice((0.6, 0.592, 0.4), (0.1, 0.1, 0.1), (0.8, 0.8, 0.6), trained=(100, 10, 1))
    assert found.system == "s0 · f1"
    assert found.took_the_smaller


def test_second_judge_decides_when_the_first_taught_a_candidate() -> None:
    similarity = ((0.6, 0.6, 0.4), (0.1, 0.1, 0.1), (0.7, 0.8, 0.6))
    assert advice(*similarity, taught=("s0 · f0",)).decided_by == "ge2e"
    assert advice(*similarity, taught=("s0 · f0",)).system == "s0 · f1"
    assert advice(*similarity, taught=("s0 · f2",)).decided_by == "secs"


def with_base(retained: tuple[float, ...]) -> Recommendation:
    grid = PlantedGrid(((*retained, 0.9),), CALM)
    scores = grid.draw(np.random.default_rng(3))[0]
    systems = ("s0 · f0", "s0 · f1", "s0 · f2", "base")
    retention = components(replace(scores, systems=systems, untrained=frozenset(["base"])))
    aim = Aim("secs", 0.02, (Guard("retention", 0.05, reference="base"),))
    metrics = {"secs": parts_of((0.6, 0.5, 0.4)), "retention": retention}
    return recommend(metrics, aim, dict.fromkeys(systems, 1))


def test_old_voices_are_guarded_when_the_base_is_the_reference() -> None:
    found = with_base((0.6, 0.89, 0.9))
    assert found.system == "s0 · f1"
    assert found.excluded == {"s0 · f0": "retention"}
    assert found.clauses[1].beside == "base"
    assert found.clauses[1].standing is Standing.SHOWN


def test_guard_is_dropped_and_said_to_be_refuted_when_no_system_meets_it() -> None:
    found = with_base((0.6, 0.6, 0.6))
    assert found.system == "s0 · f0"
    assert found.clauses[1].standing is Standing.REFUTED
    assert found.clauses[1].costs_at_most > 0.25


def test_recommendation_loses_more_than_it_says_as_rarely_as_promised() -> None:
    rng, experiments, false, said = np.random.default_rng(0), 60, 0, []
    secs = tuple(tuple(row) for row in np.add.outer([0.0, 0.05, 0.1, 0.102], [0.47, 0.34, 0.28]).tolist())
    for _ in range(experiments):
        metrics, truth = {}, {}
        for name, scale in (("secs", FLAT.scale), ("ge2e", FLAT.scale), ("wer", WER_SCALE)):
            means = secs if name != "wer" else ((0.1, 0.1, 0.1),) * 4
            grid = replace(FLAT, means=means, spreads=README_SPREADS[name], scale=scale, seeds=2)
            scores, truth[name] = grid.draw(rng)
            metrics[name] = components(scores)
        systems = metrics["secs"].systems
        found = recommend(metrics, AIM, dict(zip(systems, range(12), strict=True)))
        true = truth["secs"].of_voices
        said.append(found.clauses[0].costs_at_most)
        false += true.max() - true[systems.index(found.system)] > said[-1]
    assert false <= most_errors(experiments)
    assert np.median(said) <= 0.03


def test_aim_is_refused_when_its_metric_or_sizes_are_missing() -> None:
    metrics = {"secs": parts_of((0.6, 0.5, 0.4))}
    with pytest.raises(InputError, match="asks for wer"):
        recommend(metrics, AIM, {})
    with pytest.raises(InputError, match="trained parameters"):
        recommend(metrics, Aim("secs", 0.02), {})


def test_voice_gets_its_own_choice_when_it_surely_gains() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, size=(2, 2, 3, 20))
    values = 0.5 + noise
    values[1, :, 2] += 0.1  # only the third voice is better with b
    found = better_for_one_voice(scores_of(values.tolist()), "a")
    assert [(choice.speaker, choice.system) for choice in found] == [("v2", "b")]
    assert 0 < found[0].at_least < found[0].estimate == pytest.approx(0.1, abs=0.02)


def test_voice_rarely_gets_its_own_choice_when_none_gains() -> None:
    rng, experiments = np.random.default_rng(0), 60
    grid = replace(FLAT, spreads=replace(README_SPREADS["secs"], voice=0.0))
    advised = sum(bool(better_for_one_voice(grid.draw(rng)[0], "s0 · f0")) for _ in range(experiments))
    assert advised <= most_errors(experiments)
