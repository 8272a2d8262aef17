"""The cells of a sweep are those that its jobs will run, though jobs of other seeds aren't composed anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hydra import compose, initialize_config_dir
from miniature_material import ROOT
from omegaconf import DictConfig

from runners.config.cells_of_sweep import CellsOfSweep, cell_of, composed_job, jobs_of
from runners.config.registration import register_options
from runners.experiment.cell import Cell


@pytest.fixture
def config() -> Iterator[DictConfig]:
    """A sweep of two policies, two lengths and three seeds."""
    register_options()
    swept = ["freeze=decoder,none", "steps=10,20", "seed=0,7,3", "device=cpu"]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        master = compose("grid", [], return_hydra_config=True)
        master.hydra.overrides.task = swept
        yield master


def as_it_is_run(config: DictConfig, job: list[str]) -> Cell:
    return replace(cell_of(composed_job(config, job)), config_yaml="")


def test_each_job_is_a_cell_of_its_own(config: DictConfig) -> None:
    jobs = jobs_of(config)
    cells = CellsOfSweep(config)
    found = [replace(cells.cell(job), config_yaml="") for job in jobs]
    assert len({cell.name for cell in found}) == len(jobs) == 12
    for place in (0, 4, 11):  # of the first seed, of the second, and of another system
        assert found[place] == as_it_is_run(config, jobs[place])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["seed=2", "steps=${seed}"], ["seed=3", "steps=${seed}"]),  # what follows from the seed
        (["seed=2"], ["seed=0_3"]),  # a number that isn't written as one usually is
        (["seed=2"], ["++seed=3"]),
        (["seed=2"], []),
    ],
)
def test_a_seed_is_more_than_a_number_when_it_is_written_or_used_otherwise(
    config: DictConfig, one: list[str], other: list[str]
) -> None:
    cells = CellsOfSweep(config)
    for job in (one, other):
        assert replace(cells.cell(job), config_yaml="") == as_it_is_run(config, job)
