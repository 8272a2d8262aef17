"""From the description of a part, which is data, to the part: checked field by field, then built.

A description is a mapping of `name` and the class's fields. It can hold nothing else: no class path, no positional
arguments, no reference to another value or to the environment.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any, get_type_hints

from vits.common.bounds import check_value, shown
from vits.common.errors import InputError
from vits.model_parts import PartClass, name_of_earlier, part_class

NAME = "name"
EARLIER = "_target_"
EARLIER_CLASS = "_partial_"  # beside a class path that stood for the class itself


def read_part(kind: str, description: object, where: str) -> dict[str, Any]:
    """A description in the present spelling, every field of it checked; `where` is its place in the model.

    Raises:
        InputError: it names no part of that kind, lacks a field, or has one that is unknown or out of bounds.
    """
    present = _in_present_spelling(kind, description, where)
    part = part_class(kind, present.get(NAME), f"{where}.{NAME}")
    allowed = _fields(part)
    unknown = [key for key in present if key != NAME and key not in allowed]
    if unknown:
        raise InputError(
            f"{where} has no setting {shown(unknown[0])}; {part.name} takes {', '.join(allowed) or 'none'}"
        )
    lacking = [name for name, (_, needed) in allowed.items() if needed and name not in present]
    if lacking:
        raise InputError(f"{where} lacks {', '.join(lacking)}; {part.name} takes {', '.join(allowed)}")
    return {key: _read_value(part, key, value, f"{where}.{key}") for key, value in present.items()}


def is_in_earlier_spelling(parts: Mapping[str, Any]) -> bool:
    """Whether a model's description names classes by their paths, as files did until there were registered names."""
    return any(isinstance(part, Mapping) and EARLIER in part for part in parts.values())


def build_part(kind: str, description: Mapping[str, Any], given: Mapping[str, object]) -> Any:
    """The part that a description from `read_part` stands for; `given` is what the model fills in itself.

    Raises:
        InputError: the class refuses the values.
    """
    part = part_class(kind, description[NAME], f"{kind}.{NAME}")
    own = {key: _argument(part, key, value) for key, value in description.items() if key != NAME}
    return part.cls(**own, **given)


def count_weights(kind: str, description: Mapping[str, Any]) -> int:
    """About how many weights the part will have; nothing is built."""
    part = part_class(kind, description[NAME], f"{kind}.{NAME}")
    parameters = inspect.signature(part.cls).parameters.items()
    defaults = {key: parameter.default for key, parameter in parameters if key not in part.given}
    nested = sum(count_weights(part.nested[key], description[key]) for key in part.nested)
    return nested + part.n_weights({**defaults, **description})


def _in_present_spelling(kind: str, description: object, where: str) -> dict[str, Any]:
    if not isinstance(description, Mapping):
        raise InputError(f"{where}={shown(description)} must be a mapping of name and settings")
    if EARLIER not in description:
        return dict(description)
    if NAME in description:
        raise InputError(f"{where} has both {NAME} and {EARLIER}; leave {EARLIER} out")
    name = name_of_earlier(kind, description[EARLIER], f"{where}.{EARLIER}")
    return {NAME: name, **{key: value for key, value in description.items() if key != EARLIER}}


def _read_value(part: PartClass, key: str, value: object, where: str) -> Any:
    if key in part.nested:
        return read_part(part.nested[key], value, where)
    if key in part.chosen:
        return _read_choice(part.chosen[key], value, where)
    if key != NAME:
        check_value(where, value, _fields(part)[key][0])
    return _plain(value)


def _read_choice(kind: str, value: object, where: str) -> str:
    """The name of a class; older files wrote its path and that it is not to be built yet."""
    if isinstance(value, Mapping) and set(value) == {EARLIER, EARLIER_CLASS} and value[EARLIER_CLASS] is True:
        return name_of_earlier(kind, value[EARLIER], where)
    return part_class(kind, value, where).name


def _argument(part: PartClass, key: str, value: Any) -> Any:
    if key in part.nested:
        return build_part(part.nested[key], value, {})
    if key in part.chosen:
        return part_class(part.chosen[key], value, key).cls
    return value


def _plain(value: Any) -> Any:
    """The same with lists of its own, so that no other object can change a description."""
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


@cache
def _type_hints(cls: type) -> Mapping[str, Any]:
    return get_type_hints(cls if is_dataclass(cls) else cls.__init__, include_extras=True)


def _fields(part: PartClass) -> dict[str, tuple[Any, bool]]:
    """The fields that a description may have: their type, and whether they are needed."""
    hints = _type_hints(part.cls)
    return {
        name: (hints[name], parameter.default is inspect.Parameter.empty)
        for name, parameter in inspect.signature(part.cls).parameters.items()
        if name not in part.given
    }
