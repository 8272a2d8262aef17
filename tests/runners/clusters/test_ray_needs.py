from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runners.clusters.ray_needs import BYTES_PER_GB, Needs
from vits.common.errors import InputError

SETTINGS = {"num_cpus": 1, "num_gpus": 0.5, "memory_gb": 2, "resources": {"disk": 1}, "max_retries": 3}
NEEDS = Needs.checked(SETTINGS)
NODE = {"Alive": True, "Resources": {"CPU": 4.0, "GPU": 1.0, "memory": 3.0 * BYTES_PER_GB, "disk": 1.0}}


def test_ray_is_asked_for_all_of_it_and_for_a_worker_of_its_own() -> None:
    assert NEEDS.options == {
        "num_cpus": 1,
        "num_gpus": 0.5,
        "memory": 2 * BYTES_PER_GB,
        "resources": {"disk": 1},
        "max_retries": 3,
        "max_calls": 1,
    }
    assert "memory" not in replace(NEEDS, memory_gb=None).options


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_cpus": -1}, r"hydra\.launcher\.num_cpus=-1 is not allowed; it must be a number from 0"),
        ({"num_gpus": None}, r"num_gpus=None is not allowed"),
        ({"num_gpus": True}, r"num_gpus=True is not allowed"),
        ({"memory_gb": float("nan")}, r"memory_gb=nan is not allowed"),
        ({"resources": {"disk": "much"}}, r"resources\.disk=much is not allowed"),
        ({"max_retries": -2}, r"max_retries=-2 is not allowed; it must be a whole number from 0, or -1 for always"),
        ({"max_retries": 0.5}, r"max_retries=0\.5 is not allowed"),
        ({"max_retries": "often"}, r"max_retries=often is not allowed"),
    ],
)
def test_it_is_said_what_is_allowed_when_an_amount_is_none(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Needs.checked(SETTINGS | changed)


@pytest.mark.parametrize("max_retries", [-1, 0, 20])
def test_retries_are_counted_or_endless(max_retries: int) -> None:
    assert Needs.checked(SETTINGS | {"max_retries": max_retries}).options["max_retries"] == max_retries


@pytest.mark.parametrize("missing", ["CPU", "GPU", "memory", "disk"])
def test_a_node_fits_when_it_has_all_that_is_needed(missing: str) -> None:
    assert NEEDS.fit([NODE])
    assert not NEEDS.fit([{**NODE, "Alive": False}])
    lacking = {**NODE, "Resources": {name: n for name, n in NODE["Resources"].items() if name != missing}}
    assert not NEEDS.fit([lacking])
    assert NEEDS.fit([lacking, NODE])


def test_a_cell_without_needs_fits_any_node() -> None:
    assert Needs(num_cpus=0, num_gpus=0, memory_gb=None, resources={}, max_retries=0).fit([{**NODE, "Resources": {}}])


def test_needs_are_shown_as_they_are_set() -> None:
    assert str(NEEDS) == "num_cpus=1, num_gpus=0.5, memory_gb=2, disk=1"
    assert str(replace(NEEDS, num_gpus=0, memory_gb=None, resources={})) == "num_cpus=1"
