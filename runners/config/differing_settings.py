"""What tells a cell from the default of its experiment, beside its strategy, its freeze policy and its seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.initialize import get_gh_backup, restore_gh_from_backup
from omegaconf import DictConfig, OmegaConf

from runners.cli.entry_point import CONF
from runners.experiment.cell import IN_PARTS
from strategies.adaptation import AXES

NOT_RESULTS = (
    "name",
    "results",
    "keep",
    "racing",
    "stop_after",
    "more_sentences",
    "retry",
    "device",
    "devices",
    "jobs",
    "jobs_per_device",
    "cache_dir",
    "wandb",
    "report",
    "seed",
    "hydra",
)
"""Settings that change nothing in a result, or stand in the name anyway."""
WHERE_THINGS_LIE = ("root", "filelists", "transcripts", "path", "table", "audio", "layout")
"""Last parts of settings that say where things lie, and how: what lies there is known by its content."""
UNNAMED_LAST = (*WHERE_THINGS_LIE, IN_PARTS)
"""And of those that change nothing in a result but its rounding."""
UNNAMED_GROUPS = (*AXES, "data", "experiment", "task", "wandb", "report")
"""Groups whose choice isn't named as such: axes stand in the name anyway, a task is what it chooses."""
SEVERAL = ("penalty", "metrics")  # groups of which any number of options may be chosen
TARGET = "_target_"
_PLAIN_KEY = re.compile(r"[\w.]+")  # neither added nor removed


def differing_settings(config: DictConfig, hydra: Any) -> dict[str, str]:
    """Each setting that changes the result and differs from the experiment's default, as it is written.

    The default is what the experiment gives on this kind of data with the same options chosen in every group; so a
    default that is typed out differs in nothing, and `adapter.rank=4` differs from what `adapter=lora` brings.
    """
    chosen = {**_chosen(hydra), **{group: list(config[group]) for group in SEVERAL}}
    given = (f"experiment={chosen['experiment']}", f"data={chosen['data']}")
    by_default = default_groups(*given)
    with_base = default_groups(*given, f"base={chosen['base']}")
    asked = {group: choice for group, choice in chosen.items() if choice != by_default.get(group)}
    with_choices = (*given, *(f"{group}={_listed(choice)}" for group, choice in asked.items()))
    named = {
        group.replace("/", "."): _listed(choice)
        for group, choice in asked.items()
        if group == "base"
        or (group not in UNNAMED_GROUPS and choice != with_base.get(group) and _differ(group, given, with_choices))
    }
    if named.get("base") == "bundle":
        named["base"] = Path(config.base.path).name
    if all(_names_no_setting(override, hydra) for override in hydra.overrides.task):
        return named
    return named | _differences(_flat(config), _flat(_default_config(*with_choices)))


def _names_no_setting(override: str, hydra: Any) -> bool:
    """Whether it chooses an option, or says what stands in no name: so the settings are the default ones."""
    key, _, value = override.partition("=")
    chooses = key in hydra.runtime.choices and not value.lstrip().startswith("{")  # which would be of its settings
    first, last = key.split(".")[0], key.split(".")[-1]
    return chooses or (bool(_PLAIN_KEY.fullmatch(key)) and (first in NOT_RESULTS or last in UNNAMED_LAST))


@cache
def default_groups(*overrides: str) -> dict[str, Any]:
    """The option of each group that an experiment chooses on some data, or on another base."""
    config = _composed(overrides, with_hydra=True)
    return {**_chosen(config.hydra), **{group: list(config[group]) for group in SEVERAL}}


@cache
def _default_config(*overrides: str) -> DictConfig:
    """The configuration that cells of the same choices have by default; cells of other seeds have the same."""
    return _composed(overrides)


def _chosen(hydra: Any) -> dict[str, Any]:
    """The option of each group that has one."""
    return {group: choice for group, choice in hydra.runtime.choices.items() if not group.startswith("hydra/")}


def _composed(overrides: Iterable[str], *, with_hydra: bool = False) -> DictConfig:
    """A composition beside the one that is running, which is left as it is."""
    running = get_gh_backup()
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose("grid", list(overrides), return_hydra_config=with_hydra)
    finally:
        restore_gh_from_backup(running)


def _listed(choice: Any) -> str:
    """A choice as it is written on the command line."""
    return choice if isinstance(choice, str) else f"[{','.join(choice)}]"


def _differ(group: str, *compositions: tuple[str, ...]) -> bool:
    """Whether a group is another in two compositions; two options may stand for the same."""
    one, other = (OmegaConf.select(_default_config(*overrides), group.replace("/", ".")) for overrides in compositions)
    return one != other


def _differences(mine: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: _written(mine.get(key))
        for key in sorted(mine.keys() | default.keys())
        if mine.get(key) != default.get(key) and key.rpartition(".")[2] not in UNNAMED_LAST
    }


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _flat(config: DictConfig) -> dict[str, Any]:
    """The settings that change a result by their dotted names."""
    plain = OmegaConf.to_container(config, resolve=False)
    assert isinstance(plain, dict)
    return dict(_leaves({key: value for key, value in plain.items() if key not in NOT_RESULTS}))


def _leaves(node: Mapping[Any, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif key != TARGET:
            yield f"{prefix}{key}", value
