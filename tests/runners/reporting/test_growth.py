"""What a part of the data gives, where it was planted."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from planted_experiment import planted

from runners.reporting.analysis import Analysis, analyse
from runners.reporting.cell_result import CellResult
from runners.reporting.growth import AMOUNT, growths, shares_of_gain
from runners.reporting.results import Experiment, System
from runners.reporting.sections.growth_section import growth_section
from runners.reporting.settings import ReportSettings

REACHED = {"nearest · none": 0.5, "nearest · decoder": 0.6}  # of 0.2 without training: 75 % of the gain
AMOUNTS = {"nearest · none": 20, "nearest · decoder": 60}


class _Cell(CellResult):
    """A cell whose list of clips is given."""

    @property
    def clips(self) -> pd.DataFrame:  # pyright: ignore[reportIncompatibleVariableOverride]
        n = self.record["n_clips"]
        return pd.DataFrame({"split": ["train"] * n, "speaker": ["anna"] * n, "text": [""] * n, "path": [""] * n})


def with_amount(system: System) -> System:
    amount = AMOUNTS[system.label]
    axes = {**system.cells[0].record["axes"], "freeze": "none"}
    facets = {**system.facets, "freeze": "none", AMOUNT: str(amount)}
    cells = tuple(
        _Cell(cell.folder, {**cell.record, "axes": axes, "settings": {AMOUNT: str(amount)}, "n_clips": amount})
        for cell in system.cells
    )
    return System(facets, cells)


@pytest.fixture(scope="module")
def grown(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """One adaptation with 20 and with 60 utterances a voice."""
    found = planted(replace(experiment, folder=tmp_path_factory.mktemp("growth")), REACHED)
    renamed = {system.label: with_amount(system) for system in found.systems}
    scores = found.scores.assign(system=found.scores["system"].map({old: new.label for old, new in renamed.items()}))
    return analyse(replace(found, systems=tuple(renamed.values()), scores=scores), ReportSettings())


def test_amounts_are_one_growth_when_nothing_else_differs(grown: Analysis) -> None:
    (found,) = growths(grown)
    assert found.name == "nearest · none"
    assert [amount for amount, _ in found.points] == [20, 60]


def test_share_of_the_gain_is_the_planted_one(grown: Analysis) -> None:
    (share,) = shares_of_gain(grown, grown.verdicts.aim)
    assert share.share == pytest.approx(0.75, abs=0.03)
    assert (share.amount, share.largest) == (20, 60)
    assert share.lacks.lower < 0.1 < share.lacks.upper


def test_sentence_and_figures_are_in_the_report_when_amounts_were_compared(grown: Analysis, analysis: Analysis) -> None:
    section = growth_section(grown)
    assert section is not None
    points, *pictures = section.blocks
    (sentence,) = points.sentences  # pyright: ignore[reportAttributeAccessIssue]
    assert sentence.startswith("nearest · none: 20 utterances a voice give 7")
    assert "that 60 give" in sentence
    assert len(pictures) == len(grown.headline)
    assert growth_section(analysis) is None
