"""How a sweep becomes a race: it is run in rounds, each of them to the next evaluation, as an outermost axis.

Hydra's basic sweeper launches a sweep's cells in batches and waits for each, whatever the launcher. So the rounds are
values of `stop_after`, which change slowest, and a batch is as large as the field.
"""

from __future__ import annotations

from omegaconf import DictConfig, read_write

from runners.config.building import build
from runners.config.cells_of_sweep import cell_of, composed_job, jobs_of
from runners.racing.field import race_of
from runners.results.experiment_folder import experiment_folder
from runners.results.race_record import Race, begin_race
from vits.common.errors import InputError

BASIC = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
STOP_AFTER = "stop_after"


def check_racing_alone(config: DictConfig) -> None:
    """Refuse a race of one.

    Raises:
        InputError: the run is no sweep, and asks for a race.
    """
    if config.racing:
        raise InputError("racing=true compares the cells of a sweep; add -m and name several, or leave racing out")


def race_if_asked(config: DictConfig) -> None:
    """With `racing=true`, write down who takes part and let the sweep run in rounds.

    Raises:
        InputError: a cell can't be composed, or they can't race against each other.
    """
    if not config.racing:
        return
    if config.hydra.sweeper.get("_target_") != BASIC or config.hydra.sweeper.get("max_batch_size") is not None:
        raise InputError(
            "racing=true launches its own batches; leave out hydra/sweeper and hydra.sweeper.max_batch_size"
        )
    jobs = jobs_of(config)
    if any(word.startswith(f"{STOP_AFTER}=") for job in jobs for word in job):
        raise InputError("racing=true stops cells by itself; leave stop_after=... out")
    race = race_of([cell_of(composed_job(config, job)) for job in jobs], build(config.report))
    begin_race(experiment_folder(config), race)
    with read_write(config.hydra):
        config.hydra.sweeper.params = {STOP_AFTER: _rounds(race), **(config.hydra.sweeper.params or {})}
        config.hydra.sweeper.max_batch_size = len(jobs)


def _rounds(race: Race) -> str:
    """After how many evaluations all cells wait, round by round; the first gives the first two."""
    return ",".join(str(n) for n in range(2, len(race.stages) + 1))
