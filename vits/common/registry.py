"""Registered classes: a choice of the configuration is a frozen dataclass, and Hydra checks its fields.

`@register("strategy", "nearest")` above a dataclass makes it the typed schema of the option
`conf/strategy/nearest.yaml`, which then needs one line, `defaults: [schema/nearest@_here_]`. A wrong type or an
unknown field fails when the configuration is composed, before anything has started.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields, is_dataclass, make_dataclass
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar, get_type_hints

from hydra.core.config_store import ConfigStore

T = TypeVar("T", bound=type)

_REGISTERED: dict[tuple[str, str], type] = {}


def register(group: str, name: str) -> Callable[[T], T]:
    """Make a dataclass the option `name` of the configuration group `group`.

    Raises:
        ValueError: another class already has that name.
    """

    def decorate(cls: T) -> T:
        key = (group, name)
        if key in _REGISTERED:
            raise ValueError(f"{group}={name} is already {_REGISTERED[key].__qualname__}; choose another name")
        _REGISTERED[key] = cls
        ConfigStore.instance().store(group=f"{group}/schema", name=name, node=_schema(cls), provider="voicegrid")
        return cls

    return decorate


def import_all(package: ModuleType) -> None:
    """Import every module of a package, so that all classes in it are registered."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)


def registered(group: str) -> Mapping[str, type]:
    """The classes registered in a group, by name."""
    return MappingProxyType({name: cls for (its_group, name), cls in sorted(_REGISTERED.items()) if its_group == group})


def _schema(cls: type) -> type:
    """The class's fields and their defaults, and the `_target_` that Hydra instantiates; nested ones alike."""
    hints = get_type_hints(cls)
    columns: list[tuple[str, Any, Any]] = [("_target_", str, field(default=f"{cls.__module__}.{cls.__qualname__}"))]
    for column in fields(cls):
        hint = hints[column.name]
        if isinstance(hint, type) and is_dataclass(hint):
            nested = _schema(hint)
            columns.append((column.name, nested, field(default_factory=nested)))
            continue
        if column.default is not MISSING:
            default = field(default=column.default)
        elif column.default_factory is not MISSING:
            default = field(default_factory=column.default_factory)
        else:
            default = field(default="???")
        columns.append((column.name, hint, default))
    return make_dataclass(f"{cls.__name__}Schema", columns)
