"""`name=value` arguments of the small entry points, whose values may be any text.

Hydra's grammar gives commas, quotes and brackets a meaning, so a sentence or a path would have to be escaped.
Here a value is what stands behind the first `=`, and a dataclass says which names there are, of which types.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import MISSING, Field, field, fields
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

from vits.common.bounds import check_value
from vits.common.errors import InputError

T = TypeVar("T")

BOOLEANS = {"true": True, "false": False}
KINDS = {int: "a whole number", float: "a number", bool: "true or false"}


def argument(what: str, default: Any = MISSING) -> Any:
    """A field of an entry point's arguments, and what --help says of it; without a default it must be given."""
    return field(default=default, metadata={"what": what}) if default is not MISSING else field(metadata={"what": what})


def parse_arguments(schema: type[T], arguments: Sequence[str]) -> T:
    """The arguments as an instance of the dataclass `schema`.

    Raises:
        InputError: a name is unknown or missing, or a value is not of its type or out of bounds.
    """
    known = {column.name: column for column in fields(schema)}  # pyright: ignore[reportArgumentType]
    given: dict[str, str] = {}
    for text in arguments:
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            raise InputError(f"{text!r} is no argument; give name=value with one of {', '.join(known)}")
        given[name] = value
    missing = [name for name, column in known.items() if name not in given and _is_required(column)]
    if missing:
        raise InputError(f"{missing[0]}=... is missing ({known[missing[0]].metadata['what']})")
    types, bounded = get_type_hints(schema), get_type_hints(schema, include_extras=True)
    values = {name: _converted(name, value, types[name]) for name, value in given.items()}
    for name, value in values.items():
        check_value(name, value, bounded[name])
    return schema(**values)


def _converted(name: str, value: str, kind: Any) -> Any:
    """The value as the type of its field, `T` or `T | None`."""
    wanted = next((member for member in get_args(kind) if member is not NoneType), kind)
    try:
        return BOOLEANS[value.lower()] if wanted is bool else wanted(value)
    except (ValueError, KeyError):
        raise InputError(f"{name}={value} is not allowed; give {KINDS[wanted]}") from None


def show_help(text: str) -> None:
    """Print it; who reads it may stop reading (`| head`)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere


def help_text(purpose: str, example: str, schema: type) -> str:
    """What an entry point is for, an example, and its arguments."""
    lines = [f"  {column.name:14} {column.metadata['what']}{_default(column)}" for column in fields(schema)]
    return "\n".join([purpose, "", f"  {example}", "", "Arguments (name=value):", *lines])


def _is_required(column: Field[Any]) -> bool:
    return column.default is MISSING


def _default(column: Field[Any]) -> str:
    return "" if _is_required(column) or column.default is None else f" (default {column.default})"
