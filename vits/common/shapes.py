"""Whether data that was read has the shape that is needed: the types of its parts, without building anything."""

from __future__ import annotations

from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from vits.common.names import shown


def mismatch(value: Any, shape: Any, where: str = "the value") -> str | None:
    """Where and how a value differs from a type made of `list`, `dict`, TypedDict, unions, scalars and `Any`.

    None if it doesn't. A whole number is also a `float`, and a boolean is no number. Keys that a TypedDict doesn't
    name are allowed.
    """
    if shape is Any:
        return None
    origin, arguments = get_origin(shape), get_args(shape)
    if origin in (Union, UnionType):
        fits = any(mismatch(value, choice, where) is None for choice in arguments)
        return None if fits else _wrong(value, shape, where)
    if is_typeddict(shape):
        return _of_keys(value, shape, where)
    if not _is_a(value, origin or shape):
        return _wrong(value, shape, where)
    if origin is list:
        parts = ((item, arguments[0], f"{where}[{index}]") for index, item in enumerate(value))
        return next((wrong for part in parts if (wrong := mismatch(*part)) is not None), None)
    if origin is dict:
        parts = ((item, arguments[1], f"{where}[{shown(str(key))}]") for key, item in value.items())
        keys = next((_wrong(key, arguments[0], f"a key of {where}") for key in value if not isinstance(key, str)), None)
        return keys or next((wrong for part in parts if (wrong := mismatch(*part)) is not None), None)
    return None


def _of_keys(value: Any, shape: Any, where: str) -> str | None:
    """The first key of a TypedDict that is missing or has another type."""
    if not isinstance(value, dict):
        return f"{where} is {shown(str(value))} and should be a mapping"
    for key, hint in get_type_hints(shape).items():
        if key not in value:
            if key in shape.__required_keys__:
                return f"{where} has no {key!r}"
            continue
        wrong = mismatch(value[key], hint, f"{where}[{key!r}]")
        if wrong is not None:
            return wrong
    return None


def _is_a(value: Any, kind: Any) -> bool:
    if kind is None:
        return value is None
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, (int, float) if kind is float else kind)


def _wrong(value: Any, shape: Any, where: str) -> str:
    wanted = {dict: "a mapping", list: "a list", str: "a text", int: "a whole number", float: "a number"}
    return f"{where} is {shown(str(value))} and should be {wanted.get(get_origin(shape) or shape, str(shape))}"
