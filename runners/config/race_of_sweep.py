"""How a sweep becomes a race: it is run in rounds, each of them to the next evaluation, as an outermost axis.

Hydra's basic sweeper launches a sweep's cells in batches and waits for each, whatever the launcher. So the rounds are
values of `stop_after`, which change slowest, and a batch is as large as the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, read_write

from runners.config.building import build
from runners.config.composed_cell import cell_from
from runners.experiment.cell import Cell
from runners.racing.field import race_of
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
    jobs = _jobs(config)
    race = race_of([_cell(config, job) for job in jobs], build(config.report))
    begin_race(Path(config.results) / config.name, race)
    with read_write(config.hydra):
        config.hydra.sweeper.params = {STOP_AFTER: _rounds(race), **(config.hydra.sweeper.params or {})}
        config.hydra.sweeper.max_batch_size = len(jobs)


def _rounds(race: Race) -> str:
    """After how many evaluations all cells wait, round by round; the first gives the first two."""
    return ",".join(str(n) for n in range(2, len(race.stages) + 1))


def _jobs(config: DictConfig) -> list[list[str]]:
    """The overrides of each job of the sweep, as the sweeper will make them."""
    params = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    by_key: dict[str, Sequence[str]] = {}
    for override in parser.parse_overrides([*params, *config.hydra.overrides.task]):
        key = override.get_key_element()
        if key == STOP_AFTER:
            raise InputError("racing=true stops cells by itself; leave stop_after=... out")
        swept = override.is_sweep_override()
        values = override.sweep_string_iterator() if swept else [override.get_value_element_as_str()]
        by_key[key] = [f"{key}={value}" for value in values]
    return [list(job) for job in product(*by_key.values())]


def _cell(config: DictConfig, job: Sequence[str]) -> Cell:
    """The cell that a job will run."""
    composed = GlobalHydra.instance().config_loader().load_sweep_config(config, list(job))
    hydra = HydraConfig.instance()
    before, hydra.cfg = hydra.cfg, None
    hydra.set_config(composed)
    try:
        return cell_from(OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"]))
    finally:
        hydra.cfg = before
