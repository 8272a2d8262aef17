"""Looks are counted when data is added to what was seen, and not otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from planted_experiment import planted

from runners.reporting.analysis import analyse
from runners.reporting.cell_result import CellResult
from runners.reporting.looks_taken import LOOKS_JSON, look_at, remember
from runners.reporting.results import Experiment
from runners.reporting.settings import ReportSettings
from vits.common.errors import InputError

MEANS = {"nearest · none": 0.6, "mean · none": 0.5}


@pytest.fixture
def alone(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    return replace(experiment, folder=tmp_path_factory.mktemp("looks"))


def test_look_is_the_same_when_nothing_was_added(alone: Experiment) -> None:
    found = planted(alone, MEANS)
    assert look_at(found) == 1
    remember(found)
    remember(found)
    assert look_at(found) == 1


def test_look_is_the_next_when_a_seed_was_added_to_a_system(alone: Experiment) -> None:
    remember(planted(alone, MEANS, seeds=(0,)))
    more = planted(alone, MEANS, seeds=(0, 1))
    assert look_at(more) == 2
    remember(more)
    assert look_at(planted(alone, MEANS, seeds=(0, 1, 2))) == 3


def test_look_is_the_next_when_a_system_spoke_further_sentences(
    alone: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = planted(alone, MEANS)
    remember(found)
    assert look_at(found) == 1
    monkeypatch.setattr(CellResult, "n_further", 40)
    assert look_at(planted(alone, MEANS)) == 2


def test_look_is_the_same_when_a_system_was_added(alone: Experiment) -> None:
    remember(planted(alone, {"mean · none": 0.5}))
    both = planted(alone, MEANS)
    assert look_at(both) == 1
    remember(both)
    assert look_at(planted(alone, MEANS, seeds=(0, 1, 2))) == 2


def test_intervals_are_wider_when_it_is_a_later_look(alone: Experiment) -> None:
    more = planted(alone, MEANS)
    first = analyse(more, ReportSettings())
    remember(planted(alone, MEANS, seeds=(0,)))
    second = analyse(more, ReportSettings())
    assert second.verdicts.alpha < first.verdicts.alpha < 0.05
    widths = [a.verdicts.levels["secs"][0].upper - a.verdicts.levels["secs"][0].lower for a in (first, second)]
    assert widths[1] > widths[0]


@pytest.mark.parametrize("garbage", ["", "[]", '{"number": 1}', '{"number": "x", "seen": {}}', "\udc00"])
def test_file_is_named_when_it_can_not_be_read(alone: Experiment, garbage: str) -> None:
    (alone.folder / LOOKS_JSON).write_bytes(garbage.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=r"looks\.json can't be read"):
        look_at(planted(alone, MEANS))
