"""What is known of the base's own voices, of one base and of two."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from small_experiment import STEPS, forget_checksums, write_experiment

from runners.evaluation.evaluation_settings import RETENTION
from runners.reporting.analysis import analyse
from runners.reporting.evidence import gather
from runners.reporting.results import Experiment, load_experiment
from runners.reporting.sections.answer_section import answer_section
from runners.reporting.settings import ReportSettings


def with_base_voices(folder: Path, voice_of: Mapping[str, str]) -> Experiment:
    """Two cells; the base of each strategy speaks two sentences in its own voice."""
    write_experiment(folder, strategies=tuple(voice_of), freezes=("none",))
    for strategy, voice in voice_of.items():
        (scores,) = folder.glob(f"strategy={strategy},*/scores.csv")
        forget_checksums(scores.parent)
        rows = [
            (step, RETENTION, voice, f"{voice}/{sentence}", "secs", 0.7 - 0.01 * step - 0.02 * sentence)
            for step in STEPS
            for sentence in range(2)
        ]
        table = pd.read_csv(scores)
        pd.concat([table, pd.DataFrame(rows, columns=table.columns)]).to_csv(scores, index=False)
    return load_experiment(folder)


def test_base_voices_are_compared_when_all_cells_have_the_same(tmp_path: Path) -> None:
    evidence = gather(with_base_voices(tmp_path / "one", {"mean": "ada", "nearest": "ada"}))
    assert set(evidence.retained) == {"secs"}
    assert evidence.lost["secs"].means == pytest.approx([-0.02, -0.02])


def test_new_voices_are_compared_and_base_voices_not_when_bases_have_different_ones(tmp_path: Path) -> None:
    experiment = with_base_voices(tmp_path / "two", {"mean": "ada", "nearest": "ben"})
    evidence = gather(experiment)
    assert (evidence.retained, evidence.lost) == ({}, {})
    assert set(evidence.new) == {"wer", "secs"}
    section = answer_section(analyse(experiment, ReportSettings()))
    assert "what these lose is not compared" in str(section)
