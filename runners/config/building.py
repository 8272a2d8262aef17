"""From a part of the configuration to an object, or to plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from vits.common.atomic_files import default_cache_dir, remove_old_leftovers
from vits.common.errors import InputError
from vits.common.names import shown


def build(config: DictConfig) -> Any:
    """The object that a registered option stands for.

    Raises:
        InputError: a value is not allowed.
    """
    try:
        return instantiate(config, _convert_="object")
    except InstantiationException as error:
        if isinstance(error.__cause__, InputError):  # what a constructor refused, without Hydra's frame around it
            raise error.__cause__ from None
        raise


def check_known(config: DictConfig, schema: type) -> None:
    """Check that no setting was added (`+name=1`) that nothing reads.

    Raises:
        InputError: one was.
    """
    known = [column.name for column in fields(schema)]
    unknown = [str(name) for name in config if name not in (*known, "hydra")]
    if unknown:
        raise InputError(f"{shown(unknown[0], quoted=False)} is no setting; choose from {', '.join(known)}")


def plain(config: DictConfig) -> Mapping[str, Any]:
    """A part of the configuration as plain Python values."""
    return OmegaConf.to_container(config, resolve=True) if config else {}  # pyright: ignore[reportReturnType]


def cache_dir_of(config: DictConfig) -> Path:
    """Where to keep what can be computed again, without what processes left there that ended while they wrote."""
    chosen = Path(config.cache_dir).expanduser() if config.cache_dir else default_cache_dir()
    remove_old_leftovers(chosen)
    return chosen
