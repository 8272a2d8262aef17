"""What values a setting may take, said once, in the type of the field: `learning_rate: Annotated[float, Above(0)]`.

A frozen dataclass calls `check_fields(self, "training.optimizer")` in its `__post_init__`; a part of a model is
checked by the same types before it is built. A number is finite whatever else its type says, a bool is no number,
and a list is short.
"""

from __future__ import annotations

import math
import types
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from vits.common.errors import InputError

LONGEST_LIST = 1000
SHOWN_CHARACTERS = 60


class Bound(ABC):
    """A condition on one value, in the arguments of `Annotated`."""

    @abstractmethod
    def allows(self, value: Any) -> bool:
        """Whether a value of the right type is in bounds."""

    @abstractmethod
    def __str__(self) -> str:
        """The condition as it ends the sentence "it must be a number ..."."""


@dataclass(frozen=True)
class Above(Bound):
    """Greater than `limit`."""

    limit: int | float

    def allows(self, value: Any) -> bool:
        return value > self.limit

    def __str__(self) -> str:
        return f"above {self.limit}"


@dataclass(frozen=True)
class AtLeast(Bound):
    """`limit` or more."""

    limit: int | float

    def allows(self, value: Any) -> bool:
        return value >= self.limit

    def __str__(self) -> str:
        return f"of at least {self.limit}"


@dataclass(frozen=True)
class Below(Bound):
    """Less than `limit`."""

    limit: int | float

    def allows(self, value: Any) -> bool:
        return value < self.limit

    def __str__(self) -> str:
        return f"below {self.limit}"


@dataclass(frozen=True)
class AtMost(Bound):
    """`limit` or less."""

    limit: int | float

    def allows(self, value: Any) -> bool:
        return value <= self.limit

    def __str__(self) -> str:
        return f"of at most {self.limit}"


@dataclass(frozen=True)
class Even(Bound):
    """Divisible by 2."""

    def allows(self, value: Any) -> bool:
        return value % 2 == 0

    def __str__(self) -> str:
        return "that is even"


@dataclass(frozen=True)
class Odd(Bound):
    """Not divisible by 2."""

    def allows(self, value: Any) -> bool:
        return value % 2 == 1

    def __str__(self) -> str:
        return "that is odd"


@dataclass(frozen=True, init=False)
class OneOf(Bound):
    """One of the named values."""

    values: tuple[object, ...]

    def __init__(self, *values: object) -> None:
        object.__setattr__(self, "values", values)

    def allows(self, value: Any) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return f"that is one of {', '.join(str(value) for value in self.values)}"


@dataclass(frozen=True)
class Items(Bound):
    """A list of so many items."""

    least: int = 0
    most: int = LONGEST_LIST

    def allows(self, value: Any) -> bool:
        return self.least <= len(value) <= self.most

    def __str__(self) -> str:
        return f"of {self.least} to {self.most} items"


def check_fields(instance: Any, where: str) -> None:
    """Check every field of a dataclass against its type; `where` is the place of the object in the configuration,
    empty at its top.

    Fields of other types than numbers, text, flags and lists and mappings of these are left to their classes.

    Raises:
        InputError: a value is out of bounds, not finite, or of another type.
    """
    for name, hint in _hints(type(instance)):
        check_value(f"{where}.{name}" if where else name, getattr(instance, name), hint)


def check_value(where: str, value: object, hint: Any) -> None:
    """Check one value against a type such as `Annotated[int, AtLeast(1)]`, at any depth of lists.

    Raises:
        InputError: the value is out of bounds, not finite, or of another type.
    """
    plain, bounds = _without_bounds(hint)
    if get_origin(plain) in (Union, types.UnionType):
        _check_choice(where, value, get_args(plain), bounds)
    elif plain in _SCALARS:
        if not _is_of(value, plain) or not all(bound.allows(value) for bound in bounds):
            raise _refused(where, value, f"{_SCALARS[plain]}{_said(bounds)}")
    elif get_origin(plain) in (list, tuple, Sequence):
        _check_items(where, value, plain, bounds)
    elif get_origin(plain) in (dict, Mapping):
        _check_entries(where, value, plain, bounds)


def shown(value: object) -> str:
    """A value as it stands in a one-line message: never long, whatever it holds."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return "a number of more than 60 digits"
    if isinstance(value, (str, bytes)):
        return _shortened(repr(value[:SHOWN_CHARACTERS]), len(value) > SHOWN_CHARACTERS)
    if isinstance(value, Mapping):
        return f"a mapping of {len(value)} keys"
    if isinstance(value, (list, tuple)):
        if len(value) > 12 or any(isinstance(item, (list, tuple, dict)) and len(item) > 12 for item in value):
            return f"a list of {len(value)} items"
        return f"[{', '.join(shown(item) if not isinstance(item, (list, tuple)) else _flat(item) for item in value)}]"
    return _shortened(repr(value)[:SHOWN_CHARACTERS], False)


def _flat(items: Sequence[object]) -> str:
    """The items of an inner list; what lies deeper is left out, as a list may hold itself."""
    return f"[{', '.join('...' if isinstance(item, (list, tuple, dict)) else shown(item) for item in items)}]"


def _shortened(text: str, cut: bool) -> str:
    return f"{text}..." if cut else text


_SCALARS: Mapping[Any, str] = types.MappingProxyType(
    {float: "a finite number", int: "a whole number", str: "text", bool: "true or false"}
)


@cache
def _hints(cls: type) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(cls, include_extras=True)
    return tuple((column.name, hints[column.name]) for column in fields(cls))


def _without_bounds(hint: Any) -> tuple[Any, tuple[Bound, ...]]:
    if get_origin(hint) is not Annotated:
        return hint, ()
    plain, *marks = get_args(hint)
    return plain, tuple(mark for mark in marks if isinstance(mark, Bound))


def _is_of(value: object, plain: type) -> bool:
    if plain is bool or plain is str:
        return isinstance(value, plain)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if isinstance(value, int):
        return plain is int or abs(value) < 2**1023  # beyond, it is no float
    return plain is float and math.isfinite(value)


def _check_choice(where: str, value: object, choices: tuple[Any, ...], bounds: tuple[Bound, ...]) -> None:
    """A type or None: `float | None`; bounds of the whole are bounds of what isn't None."""
    if value is None and type(None) in choices:
        return
    named = [choice for choice in choices if choice is not type(None)]
    if len(named) == 1:
        check_value(where, value, Annotated[named[0], *bounds] if bounds else named[0])


def _check_items(where: str, value: object, plain: Any, bounds: tuple[Bound, ...]) -> None:
    if not isinstance(value, (list, tuple)):
        raise _refused(where, value, "a list")
    length = next((bound for bound in bounds if isinstance(bound, Items)), Items())
    if not length.allows(value):
        raise _refused(where, value, f"a list {length}")
    kinds = [kind for kind in get_args(plain) if kind is not ...]
    for place, item in enumerate(value):
        if kinds:
            check_value(f"{where}[{place}]", item, kinds[min(place, len(kinds) - 1)])


def _check_entries(where: str, value: object, plain: Any, bounds: tuple[Bound, ...]) -> None:
    if not isinstance(value, Mapping):
        raise _refused(where, value, "a mapping")
    length = next((bound for bound in bounds if isinstance(bound, Items)), Items())
    if not length.allows(value):
        raise _refused(where, value, f"a mapping {length}")
    for key, item in value.items():
        check_value(f"{where}.{shown(key)[1:-1] if isinstance(key, str) else shown(key)}", item, get_args(plain)[1])


def _said(bounds: tuple[Bound, ...]) -> str:
    return f" {' and '.join(str(bound) for bound in bounds)}" if bounds else ""


def _refused(where: str, value: object, allowed: str) -> InputError:
    return InputError(f"{where}={shown(value)} must be {allowed}")
