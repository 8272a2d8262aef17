"""Every choice in `conf/` composes and becomes its object, and every file says what it means."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import pytest
import yaml
from conf_options import CONF, MAINS, NEEDED, Compose, groups_of, options_of
from omegaconf import OmegaConf

from runners.config.building import build
from runners.config.composed_cell import cell_from
from runners.config.composed_pretraining import pretraining_from
from runners.config.schemas import GridSchema, LintSchema, PretrainSchema
from runners.experiment.cell import Cell
from vits.common.registry import registered

LISTS = {("metrics", "all")}
"""Options that name others of their group."""
SAME_NAMES = ("strategy", "adapter", "penalty", "rehearsal", "average", "stop", "metrics")
OTHER_NAMES = ("freeze", "data", "base", "training", "evaluation", "wandb")
SEVERAL = ("penalty", "metrics")
"""Groups in which several options may be of one class."""


def objects_of(group: str) -> list[str]:
    """The options that stand for one object."""
    return [option for option in options_of(group) if (group, option) not in LISTS]


CHOICES = [(main, group, option) for main in MAINS for group in groups_of(main) for option in objects_of(group)]
FILES = sorted(str(path.relative_to(CONF)) for path in CONF.rglob("*.yaml"))


def targets(config: Any) -> set[str]:
    """The classes that a group's configuration names, at its top or one key below (the metrics)."""
    plain_config = OmegaConf.to_container(config)
    assert isinstance(plain_config, dict)
    if "_target_" in plain_config:
        return {str(plain_config["_target_"])}
    return {str(value["_target_"]) for value in plain_config.values()}


def full_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def test_choices_are_found_when_conf_is_listed() -> None:
    assert {"nearest", "mean", "random", "ecapa"} <= set(options_of("strategy"))
    assert {(main, group) for main, group, _ in CHOICES} == {(main, g) for main in MAINS for g in groups_of(main)}


def test_every_folder_is_a_group_of_an_entry_point_when_conf_is_listed() -> None:
    folders = {path.name for path in CONF.iterdir() if path.is_dir()}
    of_hydra = {"hydra"}  # its own groups, to which `grid.yaml` adds a launcher
    assert folders - of_hydra == {group for main in (*MAINS, "lint") for group in groups_of(main)}


@pytest.mark.parametrize("group", SAME_NAMES)
def test_registry_and_conf_list_the_same_names_when_classes_are_options(group: str, compose_group: Compose) -> None:
    assert objects_of(group) == list(registered(group))
    for option in objects_of(group):
        assert targets(compose_group(group, option)) == {full_name(registered(group)[option])}


@pytest.mark.parametrize("group", OTHER_NAMES)
def test_every_class_is_reached_and_every_option_registered_when_options_share_classes(
    group: str, compose_group: Compose, compose_main: Compose
) -> None:
    reached: set[str] = set()
    for option in options_of(group):
        if (group, option) == ("base", "scratch"):  # it chooses a model, too
            reached |= targets(compose_main("grid", f"{group}={option}", *NEEDED[group, option])[group])
            continue
        own = [needed for needed in NEEDED.get((group, option), []) if needed.startswith(f"{group}.")]
        reached |= targets(compose_group(group, option, *own))
    assert reached == {full_name(cls) for cls in registered(group).values()}


@pytest.mark.parametrize(("main", "group", "option"), CHOICES)
def test_objects_are_made_when_an_option_is_chosen(main: str, group: str, option: str, compose_main: Compose) -> None:
    choice = f"{group}=[{option}]" if group in SEVERAL else f"{group}={option}"
    needed = [] if group == "data" and main == "pretrain" and option == "demo" else NEEDED.get((group, option), [])
    config = compose_main(main, choice, *needed)
    made = cell_from(config) if main == "grid" else pretraining_from(config)
    assert made.seed == 0
    if group == "metrics":
        assert [type(metric) for metric in made.metrics] == [registered("metrics")[option]]
    elif group == "penalty":
        assert isinstance(made, Cell)
        assert made.adaptation.penalty.name == option
        found = {choice.name: type(choice.value) for choice in made.adaptation.penalty.penalties}
        assert found == ({} if option == "none" else {option: registered(group)[option]})
    elif group in SAME_NAMES:
        assert isinstance(made, Cell)
        assert type(getattr(made.adaptation, group).value) is registered(group)[option]
        assert getattr(made.adaptation, group).name == option
    elif group in OTHER_NAMES:
        assert type(build(config[group])) in registered(group).values()


@pytest.mark.parametrize(("main", "schema"), [("grid", GridSchema), ("pretrain", PretrainSchema), ("lint", LintSchema)])
def test_schema_has_the_settings_of_the_file_and_no_defaults_when_compared(main: str, schema: type) -> None:
    written = yaml.safe_load((CONF / f"{main}.yaml").read_text(encoding="utf-8"))
    own = {key for key in written if key not in ("defaults", "hydra")}
    assert own == {column.name for column in fields(schema)} - {*groups_of(main)}
    assert all(column.default is MISSING for column in fields(schema)), "they stand in the file"


@pytest.mark.parametrize("file", FILES)
def test_file_begins_with_what_it_means_when_opened(file: str) -> None:
    lines = (CONF / file).read_text(encoding="utf-8").splitlines()
    comment = lines[1] if lines[0].startswith("# @package") else lines[0]
    assert comment.startswith("# ")
    assert len(comment) > len("# a word")


@pytest.mark.parametrize(
    ("chosen", "name", "steps", "test_texts"),
    [
        ([], "demo", 100, 10),
        (["data=folder", "data.root=x"], "own", 400, 40),
        (["data=filelists", "data.root=x", "data.filelists=y"], "own", 400, 40),
        (["data=folder", "data.root=x", "steps=50"], "own", 50, 40),
        (["data=folder", "data.root=x", "experiment=small"], "small", 400, 40),
        (["data=folder", "data.root=x", "evaluation=recorded"], "own", 400, 0),
        (["experiment=own"], "own", 400, 40),
        (["data=folder", "data.root=x", "experiment=demo"], "demo", 100, 10),
    ],
)
def test_length_follows_the_data_when_no_experiment_says_otherwise(
    chosen: list[str], name: str, steps: int, test_texts: int, compose_main: Compose
) -> None:
    config = compose_main("grid", *chosen)
    assert (config.name, config.steps, config.evaluation.test_texts) == (name, steps, test_texts)
