"""Main configurations as the entry points compose them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conf_options import CONF, NEEDED, Compose
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from runners.config.registration import register_options


@pytest.fixture
def compose_main() -> Iterator[Compose]:
    """A main configuration as an entry point composes it, with Hydra's record of what was chosen."""
    register_options()

    def composed(main: str, *overrides: str) -> DictConfig:
        needed = NEEDED[("data", "folder")] if main == "pretrain" and not _chooses_data(overrides) else []
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose(main, [*needed, *overrides], return_hydra_config=True)
        HydraConfig.instance().set_config(config)
        return OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])

    yield composed
    HydraConfig.instance().cfg = None


@pytest.fixture
def compose_group() -> Compose:
    """One option of a group alone, which is composed far faster than a whole configuration; returns the group."""
    register_options()

    def composed(group: str, option: str, *overrides: str) -> DictConfig:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose(f"{group}/{option}", list(overrides))[group]

    return composed


def _chooses_data(overrides: tuple[str, ...]) -> bool:
    return any(override.startswith("data=") for override in overrides)
