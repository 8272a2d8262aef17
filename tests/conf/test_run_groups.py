"""What a cell's run is grouped by in Weights & Biases, and what it can be told from others by there."""

from __future__ import annotations

from pathlib import Path

import pytest
from conf_options import Compose

from runners.config.building import build
from runners.config.composed_cell import cell_from
from runners.config.run_groups import check_run_groups
from runners.experiment.tracked_run import LONGEST_GROUP, shortened, tracker_of
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.tracking.tracker import Tracker
from vits.common.errors import InputError

CELL = ("strategy=mean", "freeze=decoder", "adapter=lora", "adapter.rank=4", "steps=20", "seed=3")


def run_of(compose_main: Compose, *overrides: str) -> Tracker:
    cell = cell_from(compose_main("grid", *CELL, *overrides))
    return tracker_of(cell, Identity({"steps": 20}), CellFolder(Path("nowhere")))


@pytest.mark.parametrize(
    ("asked", "group", "rest"),
    [
        ([], "strategy=mean", "freeze=decoder,adapter=lora,adapter.rank=4,steps=20"),
        (["wandb.group_by=freeze"], "freeze=decoder", "strategy=mean,adapter=lora,adapter.rank=4,steps=20"),
        (["wandb.group_by=adapter.rank"], "adapter.rank=4", "strategy=mean,freeze=decoder,adapter=lora,steps=20"),
        (
            ["wandb.group_by=[base,seed,steps,rehearsal]"],
            "base=pretrained,seed=3,steps=20,rehearsal=none",
            "strategy=mean,freeze=decoder,adapter=lora,adapter.rank=4",
        ),
        (
            ["wandb.group_by=penalty.l2_sp.weight"],  # which a cell without that penalty has not
            "penalty.l2_sp.weight=none",
            "strategy=mean,freeze=decoder,adapter=lora,adapter.rank=4,steps=20",
        ),
    ],
)
def test_group_and_job_type_are_together_the_system_when_grouped_by_anything(
    asked: list[str], group: str, rest: str, compose_main: Compose
) -> None:
    run = run_of(compose_main, *asked)
    assert (run.identity["group"], run.identity["job_type"]) == (group, rest)


def test_axes_stand_at_the_top_of_the_configuration_when_a_run_is_made(compose_main: Compose) -> None:
    run = run_of(compose_main)
    flat = {name: run.config[name] for name in ("strategy", "freeze", "adapter", "penalty", "base", "seed")}
    assert flat == {
        "strategy": "mean",
        "freeze": "decoder",
        "adapter": "lora",
        "penalty": "none",
        "base": "pretrained",
        "seed": 3,
    }
    assert run.config["settings"]["adapter"]["rank"] == 4
    assert {"demo", "strategy=mean", "adapter=lora", "seed=3"} <= set(run.settings.tags)


def test_long_names_differ_when_they_are_shortened() -> None:
    one, other = (shortened("a" * LONGEST_GROUP + end, LONGEST_GROUP) for end in ("b", "c"))
    assert one != other
    assert len(one) == LONGEST_GROUP


@pytest.mark.parametrize("name", ["strategy", "seed", "steps", "adapter.rank", "training.batch_size", "strategy.start"])
def test_grouping_is_allowed_when_some_cell_may_have_the_setting(name: str, compose_main: Compose) -> None:
    config = compose_main("grid", f"wandb.group_by=[{name},penalty.l2_sp.weight]")
    check_run_groups(config, build(config.wandb))


@pytest.mark.parametrize(
    "name", ["freese", "name", "adapter.rnk", "wandb.mode", "training", "steps.x", "adapter._target_", "a[", "."]
)
def test_grouping_is_refused_in_a_line_when_no_cell_has_such_a_thing(name: str, compose_main: Compose) -> None:
    config = compose_main("grid", f"wandb.group_by='{name}'")
    with pytest.raises(InputError) as raised:
        check_run_groups(config, build(config.wandb))
    assert str(raised.value).startswith(
        f"wandb.group_by names {name!r}, which no cell has; choose from strategy, freeze"
    )
    assert "\n" not in str(raised.value)
