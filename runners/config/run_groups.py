"""Whether there is anything of the names by which runs are to be grouped in Weights & Biases."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runners.config.differing_settings import NOT_RESULTS, TARGET
from runners.config.schemas import GridSchema
from runners.experiment.tracked_run import BASE, SEED
from runners.tracking.tracker import TrackingSettings
from strategies.adaptation import AXES
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.registry import registered

_NOWHERE = object()


def check_run_groups(config: DictConfig, tracking: TrackingSettings) -> None:
    """Check that runs are grouped by what cells have: an axis, the base, the seed, or a setting of some option.

    Raises:
        InputError: they aren't.
    """
    alone = [column.name for column in fields(GridSchema) if column.type != "Any" and column.name not in NOT_RESULTS]
    plain = (*AXES, BASE, SEED, *alone)
    for name in tracking.groups:
        if name not in plain and not _is_setting(name, config):
            raise InputError(
                f"wandb.group_by names {shown(name)}, which no cell has; choose from {', '.join(plain)}, or a "
                "setting by its dotted name such as training.batch_size"
            )


def _is_setting(name: str, config: DictConfig) -> bool:
    """Whether a dotted name is of a setting that the cell has, or has with another option of the group."""
    group, _, of_group = name.partition(".")
    if group in NOT_RESULTS or not of_group:
        return False
    option, _, of_option = of_group.partition(".")
    schemas = {each: ConfigStore.instance().load(f"{group}/schema/{each}.yaml").node for each in registered(group)}
    places = [(config, name), *((schema, of_group) for schema in schemas.values())]
    if option in schemas:  # of a group of which several may be chosen, as penalty.l2_sp.weight
        places.append((schemas[option], of_option))
    return any(_has(*place) for place in places)


def _has(node: DictConfig, path: str) -> bool:
    with suppress(OmegaConfBaseException):
        found = OmegaConf.select(node, path, default=_NOWHERE)
        return found is not _NOWHERE and not isinstance(found, DictConfig) and not path.endswith(TARGET)
    return False
