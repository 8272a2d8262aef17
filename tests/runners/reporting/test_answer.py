"""The answer to experiments whose truth is known."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from planted_experiment import SENTENCES, planted, taught, with_further

from runners.reporting.analysis import analyse
from runners.reporting.answer import answer
from runners.reporting.results import Experiment
from runners.reporting.settings import ReportSettings

SETTINGS = ReportSettings()
NARROW = replace(SETTINGS, margins={"secs": 0.001})
MEANS = {"nearest · none": 0.6, "nearest · decoder": 0.5, "mean · none": 0.55, "mean · decoder": 0.4}


def lines(experiment: Experiment, settings: ReportSettings = SETTINGS) -> tuple[str, ...]:
    return answer(analyse(experiment, settings))


@pytest.fixture(autouse=True)
def _looks_are_forgotten(experiment: Experiment) -> None:
    (experiment.folder / "looks.json").unlink(missing_ok=True)


def test_best_system_is_recommended_with_its_bounds_and_command_when_seeds_repeat(experiment: Experiment) -> None:
    use, sure, gain, command, surer = lines(planted(experiment, MEANS))
    assert use.startswith("For these voices, use nearest · none: it has the best SECS (SECS 0.6")
    assert sure.startswith("Choosing it costs at most 0.000 SECS (95 % sure); nothing else may be as good.")
    assert "It is the default. Training moved SECS by +0.4" in gain
    folder = next(s for s in experiment.systems if s.label == "nearest · none").cells[0].folder
    assert f"python runners/speak.py run={folder} speaker=anna" in command
    assert surer == "By SECS nothing is left to decide beside it."


def test_only_what_was_trained_is_spoken_of_when_there_is_one_seed(experiment: Experiment) -> None:
    use, *_, surer = lines(planted(experiment, MEANS, seeds=(0,)))
    assert use.startswith("Of these trained voices, use nearest · none")
    assert "as trained, not for the method: seed=1,2" in surer


def test_seeds_that_were_not_run_are_advised_when_the_only_one_is_not_the_first(experiment: Experiment) -> None:
    assert "seed=0,2 more" in lines(planted(experiment, MEANS, seeds=(1,)))[-1]


def test_gain_over_the_default_is_told_when_another_system_is_better(experiment: Experiment) -> None:
    _, _, gain, *_ = lines(planted(experiment, {**MEANS, "mean · none": 0.7}))
    assert gain.startswith("It gains +0.1")
    assert "SECS over the default, nearest · none." in gain


def test_similar_system_is_left_alone_when_its_words_are_lost(experiment: Experiment) -> None:
    found = planted(experiment, {**MEANS, "mean · none": 0.8}, wer={"mean · none": 0.6})
    use, _, *_ = lines(found)
    assert "use nearest · none: it has the best SECS of those that its other scores allow" in use
    assert "use mean · none" in lines(found, replace(SETTINGS, guards=[]))[0]


def test_old_voices_decide_when_the_best_system_forgets_them(experiment: Experiment) -> None:
    found = planted(experiment, MEANS, retained={"nearest · none": 0.5})
    use, sure, gain, *_ = lines(found)
    assert "use mean · none" in use
    assert "Shown: that the base's voices lose at most 0.05." in sure
    assert "The base's own voices" in gain
    assert "use nearest · none" in lines(found, replace(SETTINGS, margins={"retention": 0.5}))[0]


def test_smaller_system_is_taken_when_both_are_equal_enough(experiment: Experiment) -> None:
    found = planted(experiment, {"nearest · none": 0.61, "mean · none": 0.605})
    use, sure, *_ = lines(found, replace(SETTINGS, margins={"secs": 0.05}))
    assert "use mean · none: its SECS is equal enough to the best, and it trains fewer parameters" in use
    assert "as good may be nearest · none" in sure


def test_rivals_are_told_apart_when_they_spoke_further_sentences(experiment: Experiment) -> None:
    close = {**MEANS, "mean · none": 0.6}
    found = planted(experiment, close)
    _, sure, *_, surer = lines(found, NARROW)
    assert "as good may be" in sure
    assert "To tell it from" in surer
    told = with_further(found, {"nearest · none": 0.59, "mean · none": 0.62}, sentences=150)
    use, sure, *_, surer = lines(told, NARROW)
    assert "use mean · none: it has the best SECS" in use
    assert "nothing else may be as good; they are compared on 150 further sentences a voice." in sure
    assert "nothing is left to decide" in surer


def test_nothing_changes_when_one_system_alone_spoke_further_sentences(experiment: Experiment) -> None:
    found = planted(experiment, MEANS)
    alone = with_further(found, {"mean · none": 0.9}, sentences=50)
    assert analyse(alone, SETTINGS).verdicts.recommended.system == "nearest · none"


def test_command_for_further_sentences_is_told_when_they_would_decide(experiment: Experiment) -> None:
    found = planted(experiment, {"nearest · none": 0.6, "mean · none": 0.594}, seeds=(0, 1, 2))
    (surer,) = lines(found, NARROW)[-1:]
    (numbers,) = re.findall(r"(\d+) test sentences a voice .*more_sentences=(\d+)", surer)
    needed, asked = map(int, numbers)
    assert asked == min(200, needed - SENTENCES)


def test_another_judge_is_asked_for_when_the_best_was_taught_by_the_first(experiment: Experiment) -> None:
    found = taught(planted(experiment, MEANS), "nearest", "ecapa-voxceleb")
    from runners.reporting.sections.answer_section import caveats

    said = " ".join(caveats(analyse(found, SETTINGS)))
    assert "is also the teacher of nearest · none and nearest · decoder" in said
    assert "no second judge was asked" in said


def test_training_and_the_next_comparison_are_told_when_there_is_one_system(experiment: Experiment) -> None:
    found = lines(planted(experiment, {"mean · none": 0.7}, retained={"mean · none": 0.6}))
    assert found[0].startswith("mean · none: training moved SECS by +0.5")
    assert any("The base's own voices pay with −0." in line for line in found)
    assert "-m strategy=mean,nearest,ecapa" in found[-1]
    assert len(found) <= 5


def test_system_without_a_value_is_never_recommended(experiment: Experiment) -> None:
    use, *rest = lines(planted(experiment, {"mean · none": 0.5, "nearest · none": math.nan}))
    assert "use mean · none" in use
    assert "nan" not in " ".join([use, *rest])


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_nothing_is_claimed_to_be_better_when_systems_are_the_same(
    experiment: Experiment, seeds: tuple[int, ...]
) -> None:
    found = analyse(planted(experiment, dict.fromkeys(MEANS, 0.5), seeds=seeds), SETTINGS)
    assert len(found.verdicts.recommended.rivals) == 4
    assert all(effect.lower <= 0 for effects in found.verdicts.effects.values() for effect in effects)
    assert {v.outcome.value for v in found.verdicts.beside["secs"]} == {"equal within the margin"}


def test_command_can_be_typed_when_a_folder_has_a_space(experiment: Experiment) -> None:
    (system,) = planted(experiment, {"mean · none": 0.5}).systems
    cell = replace(system.cells[0], folder=Path("my runs/a"))
    found = replace(planted(experiment, {"mean · none": 0.5}), systems=(replace(system, cells=(cell,)),))
    assert "'run=my runs/a'" in " ".join(lines(replace(found, scores=found.scores[found.scores["seed"] == 0])))
