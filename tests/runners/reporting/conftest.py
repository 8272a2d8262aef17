"""A small experiment with recordings that can be found, read once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from small_experiment import forget_checksums, write_experiment, write_recordings

from runners.config.registration import register_options
from runners.reporting.analysis import Analysis, analyse
from runners.reporting.results import Experiment, load_experiment
from runners.reporting.settings import ReportSettings

SETTINGS = ReportSettings()
SCRIPT = "<script>document.title = 'taken over'</script>"


@pytest.fixture(scope="session", autouse=True)
def _registered() -> None:
    register_options()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which the commands are typed: `runs/small` and the recordings that it was made from."""
    folder = tmp_path_factory.mktemp("here")
    write_recordings(folder, 0.5, 22_050)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def small(here: Path) -> Path:
    """Two strategies under two policies with two seeds; one transcript is a script, and one has a `|`."""
    folder = write_experiment(here / "runs" / "small", seeds=(0, 1))
    for cell in folder.glob("*/transcripts.csv"):
        table = pd.read_csv(cell, dtype=str)
        table["text"] = [SCRIPT, "one | two", *table["text"][2:]]
        table.loc[table["step"] == "2", "text"] = SCRIPT
        table.to_csv(cell, index=False)
        forget_checksums(cell.parent)
    return folder


@pytest.fixture(scope="module")
def experiment(small: Path) -> Experiment:
    return load_experiment(small)


@pytest.fixture(scope="module")
def analysis(experiment: Experiment) -> Analysis:
    return analyse(experiment, SETTINGS)
