"""No setting takes a number that is none: every number of every configurable class has bounds, and keeps to them."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from runners import cli
from runners.cli.arguments import parse_arguments
from runners.config.registration import register_options
from runners.evaluation.evaluator import EvaluationSettings
from runners.experiment.cell import Cell
from runners.inference.text_to_speech import SpeakingStyle
from runners.linting.checks import Thresholds
from runners.pretraining.pretraining_run import Pretraining
from runners.training.schedule import Length
from vits.common.bounds import Bound, check_value
from vits.common.errors import InputError
from vits.common.registry import registered

register_options()
GROUPS = (
    *("strategy", "freeze", "adapter", "penalty", "rehearsal", "average", "stop"),
    *("data", "base"),
    *("training", "evaluation", "metrics", "wandb", "report"),
)
NO_NUMBERS = (math.nan, math.inf, -math.inf)


def _with_nested(cls: type) -> Iterator[type]:
    yield cls
    for hint in get_type_hints(cls).values():
        if is_dataclass(hint):
            yield from _with_nested(hint)  # pyright: ignore[reportArgumentType]


def _configurable() -> list[type]:
    chosen = [cls for group in GROUPS for cls in registered(group).values()]
    assert len(chosen) > 30
    every = [nested for cls in (*chosen, Thresholds, SpeakingStyle) for nested in _with_nested(cls)]
    return list(dict.fromkeys(every))


def _argument_schemas() -> list[type]:
    """Every class of `name=value` arguments."""
    found: list[type] = []
    for module in pkgutil.walk_packages(cli.__path__, "runners.cli."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and is_dataclass(value) and fields(value):
                found += [value] if all("what" in column.metadata for column in fields(value)) else []
    return list(dict.fromkeys(found))


def _numbers(hint: Any, bounds: tuple[Bound, ...] = ()) -> Iterator[tuple[type, tuple[Bound, ...]]]:
    """Every int and float in a type, with the bounds that it has."""
    if get_origin(hint) is Annotated:
        inner, *marks = get_args(hint)
        yield from _numbers(inner, tuple(mark for mark in marks if isinstance(mark, Bound)))
    elif hint in (int, float):
        yield hint, bounds
    else:
        for part in get_args(hint):
            if part is not Ellipsis:
                yield from _numbers(part, bounds if part in (int, float) else ())


def _numeric(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    named = {column.name: hints[column.name] for column in fields(cls)}  # pyright: ignore[reportArgumentType]
    return {name: hint for name, hint in named.items() if list(_numbers(hint))}


@pytest.mark.parametrize("cls", [*_configurable(), *_argument_schemas(), Cell, Pretraining], ids=lambda c: c.__name__)
def test_every_number_has_bounds_when_it_can_be_configured(cls: type) -> None:
    bare = [name for name, hint in _numeric(cls).items() if not all(bounds for _, bounds in _numbers(hint))]
    assert bare == []


def _filled(hint: Any, value: float) -> Any:
    """The value in the shape of a type; -1 where whole numbers stand, of which none is NaN."""
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    origin = get_origin(inner)
    if origin is list:
        return [_filled(get_args(inner)[0], value)] * 2
    if origin is dict:
        return {"wer": _filled(get_args(inner)[1], value)}
    return -1 if int in [kind for kind, _ in _numbers(hint)] else value


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("cls", [cls for cls in _configurable() if _numeric(cls)], ids=lambda c: c.__name__)
def test_object_is_refused_when_a_number_is_none(cls: type, value: float) -> None:
    needed: dict[str, Any] = {
        column.name: "x"
        for column in fields(cls)  # pyright: ignore[reportArgumentType]
        if column.default is MISSING and column.default_factory is MISSING
    }
    needed |= {"utterances_per_speaker": {"test": 1}} if cls is EvaluationSettings else {}
    for name, hint in _numeric(cls).items():
        with pytest.raises(InputError, match=name):
            cls(**{**needed, name: _filled(hint, value)})


@pytest.mark.parametrize("value", [*map(str, NO_NUMBERS), "1e999"])
@pytest.mark.parametrize("schema", [cls for cls in _argument_schemas() if _numeric(cls)], ids=lambda c: c.__name__)
def test_arguments_are_refused_when_a_number_is_none(schema: type, value: str) -> None:
    needed = [f"{c.name}=x" for c in fields(schema) if c.default is MISSING]  # pyright: ignore[reportArgumentType]
    for name in _numeric(schema):
        with pytest.raises(InputError, match=f"^{name}="):
            parse_arguments(schema, [*needed, f"{name}={value}"])


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [(Cell, "seed", 2**64), (Cell, "seed", -1), (Length, "steps", -1), (Length, "eval_every", 0)]
    + [(Cell, "max_duration_s", value) for value in (*NO_NUMBERS, 0.0, -1.0)]
    + [(Pretraining, "save_every_minutes", value) for value in (*NO_NUMBERS, 0.0)]
    + [(SpeakingStyle, "batch_size", 0), (SpeakingStyle, "length_scale", -1.0), (SpeakingStyle, "seed", 2**64)],
)
def test_number_is_refused_when_out_of_bounds(cls: type, name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"^{name}="):
        check_value(name, value, get_type_hints(cls, include_extras=True)[name])
