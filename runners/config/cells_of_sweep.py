"""The cells that a sweep is of, each a list of overrides, before they are launched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from runners.config.composed_cell import cell_from
from runners.experiment.cell import Cell

SEED = "seed="
_NUMBER = re.compile(r"0|[1-9]\d{0,17}")
_MENTIONS_SEED = re.compile(r"\$\{[^}]*seed")


def jobs_of(config: DictConfig) -> list[list[str]]:
    """The overrides of each job of a sweep, as the sweeper will make them."""
    params = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    by_key: dict[str, Sequence[str]] = {}
    for override in parser.parse_overrides([*params, *config.hydra.overrides.task]):
        key = override.get_key_element()
        swept = override.is_sweep_override()
        values = override.sweep_string_iterator() if swept else [override.get_value_element_as_str()]
        by_key[key] = [f"{key}={value}" for value in values]
    return [list(job) for job in product(*by_key.values())]


def composed_job(config: DictConfig, job: Sequence[str]) -> DictConfig:
    """The configuration of a job, Hydra's part included."""
    return GlobalHydra.instance().config_loader().load_sweep_config(config, list(job))


def cell_of(composed: DictConfig) -> Cell:
    """The cell that a job will run.

    Raises:
        InputError: a value is not allowed.
    """
    hydra = HydraConfig.instance()
    before, hydra.cfg = hydra.cfg, None
    hydra.set_config(composed)
    try:
        return cell_from(OmegaConf.masked_copy(composed, [str(key) for key in composed if key != "hydra"]))
    finally:
        hydra.cfg = before


class CellsOfSweep:
    """The cells of jobs as far as their names and identities go; jobs that differ in the seed alone are composed once.

    That is enough where no other setting follows from the seed, which is looked at in the configuration.
    """

    def __init__(self, config: DictConfig) -> None:
        self._config = config
        self._composed: dict[tuple[str, ...], tuple[Cell, bool]] = {}

    def cell(self, job: Sequence[str]) -> Cell:
        """The cell of a job, with the texts of its configuration perhaps those of another seed.

        Raises:
            InputError: a value is not allowed.
        """
        seeds = [word.removeprefix(SEED) for word in job if word.startswith(SEED)]
        if len(seeds) != 1 or not _NUMBER.fullmatch(seeds[0]):
            return cell_of(composed_job(self._config, job))
        others = tuple(word for word in job if not word.startswith(SEED))
        if others not in self._composed:
            composed = composed_job(self._config, job)
            self._composed[others] = cell_of(composed), _stands_alone(composed)
        cell, alone = self._composed[others]
        return replace(cell, seed=int(seeds[0])) if alone else cell_of(composed_job(self._config, job))


def _stands_alone(composed: DictConfig) -> bool:
    """Whether no setting is said in terms of the seed."""
    return not _MENTIONS_SEED.search(OmegaConf.to_yaml(composed))
