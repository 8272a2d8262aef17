from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from hydra.core.config_store import ConfigStore
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import ValidationError

from vits.common.bounds import Above, AtLeast, AtMost, Below, Even, Items, Odd, OneOf, check_fields, check_value, shown
from vits.common.errors import InputError
from vits.common.registry import register

Seed = Annotated[int, AtLeast(0), AtMost(2**64 - 1)]


@dataclass(frozen=True)
class Rate:
    """Two numbers and a list, checked where they are made."""

    learning_rate: Annotated[float, Above(0)] = 1e-4
    limit: Annotated[float, Above(0)] | None = None
    betas: Annotated[list[Annotated[float, AtLeast(0), Below(1)]], Items(2, 2)] = field(
        default_factory=lambda: [0.9, 0.99]
    )
    plain: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, "training.optimizer")


@dataclass(frozen=True)
class Whole:
    """A registered choice with bounds, also on a nested one."""

    seed: Seed = 0
    rate: Rate = field(default_factory=Rate)
    name: Annotated[str, OneOf("bf16", "fp32")] = "bf16"


def test_defaults_are_accepted_when_nothing_is_given() -> None:
    assert Rate().limit is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": math.nan}, "training.optimizer.learning_rate=nan must be a finite number above 0"),
        ({"learning_rate": 0.0}, "training.optimizer.learning_rate=0.0 must be a finite number above 0"),
        ({"learning_rate": math.inf}, "training.optimizer.learning_rate=inf must be a finite number above 0"),
        ({"learning_rate": -1.0}, "training.optimizer.learning_rate=-1.0 must be a finite number above 0"),
        ({"limit": -math.inf}, "training.optimizer.limit=-inf must be a finite number above 0"),
        ({"betas": [0.9]}, "training.optimizer.betas=[0.9] must be a list of 2 to 2 items"),
        (
            {"betas": [0.9, 1.0]},
            "training.optimizer.betas[1]=1.0 must be a finite number of at least 0 and below 1",
        ),
        ({"plain": math.nan}, "training.optimizer.plain=nan must be a finite number"),
    ],
)
def test_field_is_named_when_it_is_out_of_bounds(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        Rate(**changes)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (True, int),
        (1, bool),
        (1.0, int),
        ("1", int),
        ("1", float),
        (None, float),
        (10**400, float),
        (3, Annotated[int, Even()]),
        (4, Annotated[int, Odd()]),
        ("x", Annotated[str, OneOf("a", "b")]),
        (-1, Seed),
        (2**64, Seed),
        ("ab", Sequence[str]),
        ([1] * 1001, list[int]),
        ([[1, 2.0]], list[list[int]]),
        ((1, "x"), tuple[int, ...]),
        ((1, 2), tuple[int, str]),
        ({}, list[int]),
    ],
)
def test_value_is_refused_when_it_is_of_another_type(value: object, hint: Any) -> None:
    with pytest.raises(InputError, match=r"^a\.b(\[\d\])*=.* must be "):
        check_value("a.b", value, hint)


@pytest.mark.parametrize(
    ("value", "hint"),
    [(1, float), (2**64 - 1, Seed), (None, float | None), (2.5, float | None), ([], list[int]), ((1, "x"), Any)],
)
def test_value_is_accepted_when_it_is_in_bounds(value: object, hint: Any) -> None:
    assert check_value("a.b", value, hint) is None


@given(st.floats(), st.floats(allow_nan=False, allow_infinity=False))
def test_number_is_accepted_when_it_is_finite_and_in_bounds_alone(value: float, limit: float) -> None:
    accepted = True
    try:
        check_value("x", value, Annotated[float, AtLeast(limit)])
    except InputError:
        accepted = False
    assert accepted == (math.isfinite(value) and value >= limit)


@given(st.recursive(st.integers() | st.text() | st.binary() | st.none(), st.lists, max_leaves=50))
def test_value_is_shown_in_one_short_line_when_it_is_any(value: object) -> None:
    assert "\n" not in shown(value)
    assert len(shown(value)) < 13 * 13 * 80


def test_schema_has_plain_types_when_fields_have_bounds() -> None:
    register("test_bounds", "whole")(Whole)
    node = ConfigStore.instance().repo["test_bounds"]["schema"]["whole.yaml"].node
    config = OmegaConf.structured(node)
    assert config.seed == 0
    assert config.rate.betas == [0.9, 0.99]
    config.rate.limit = 3
    with pytest.raises(ValidationError):
        config.seed = "x"
