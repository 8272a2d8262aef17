"""Every choice in `conf/` composes and becomes its object, and what isn't a choice is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from runners.cli.entry_point import help_text
from runners.config.building import build, plain
from runners.config.composed_cell import cell_from
from runners.config.composed_pretraining import pretraining_from
from runners.config.registration import register_options
from runners.config.schemas import GridSchema, PretrainSchema
from runners.experiment.cell import Cell
from vits.common.errors import InputError
from vits.common.registry import registered
from vits.model_spec import ModelSpec

CONF = Path(__file__).parents[2] / "conf"
MAINS = ("grid", "pretrain")
LISTS = {("metrics", "all")}
"""Options that name others of their group."""
NEEDED = {
    ("data", "folder"): ["data.root=somewhere"],
    ("data", "filelists"): ["data.root=somewhere", "data.filelists=elsewhere"],
    ("experiment", "homework"): ["data.root=somewhere", "data.filelists=elsewhere"],
    ("base", "bundle"): ["base.path=somewhere"],
    ("base", "scratch"): ["strategy=random", "freeze=none"],
}
"""What options can't do without."""
SAME_NAMES = ("strategy", "adapter", "penalty", "rehearsal", "average", "metrics")
OTHER_NAMES = ("freeze", "data", "base", "training", "evaluation", "wandb")
SEVERAL = ("penalty", "metrics")
"""Groups in which several options may be of one class."""

Compose = Callable[..., DictConfig]


def groups_of(main: str) -> list[str]:
    defaults = yaml.safe_load((CONF / f"{main}.yaml").read_text(encoding="utf-8"))["defaults"]
    named = [next(iter(entry)) for entry in defaults if isinstance(entry, dict)]
    return [group for group in named if not group.startswith("override ")]


def options_of(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def objects_of(group: str) -> list[str]:
    """The options that stand for one object."""
    return [option for option in options_of(group) if (group, option) not in LISTS]


CHOICES = [(main, group, option) for main in MAINS for group in groups_of(main) for option in objects_of(group)]
PART_CHOICES = sorted(
    (path.parent.relative_to(CONF).as_posix(), path.stem) for path in (CONF / "model").glob("*/**/*.yaml")
)
FILES = sorted(str(path.relative_to(CONF)) for path in CONF.rglob("*.yaml"))


@pytest.fixture
def compose_main() -> Iterator[Compose]:
    """A main configuration as an entry point composes it, with Hydra's record of what was chosen."""
    register_options()

    def composed(main: str, *overrides: str) -> DictConfig:
        needed = NEEDED[("data", "folder")] if main == "pretrain" and not _chooses_data(overrides) else []
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose(main, [*needed, *overrides], return_hydra_config=True)
        HydraConfig.instance().set_config(config)
        return OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])

    yield composed
    HydraConfig.instance().cfg = None


def _chooses_data(overrides: tuple[str, ...]) -> bool:
    return any(override.startswith("data=") for override in overrides)


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
def test_registry_and_conf_list_the_same_names_when_classes_are_options(group: str, compose_main: Compose) -> None:
    assert objects_of(group) == list(registered(group))
    for option in objects_of(group):
        choice = f"{group}=[{option}]" if group in SEVERAL else f"{group}={option}"
        assert targets(compose_main("grid", choice)[group]) == {full_name(registered(group)[option])}


@pytest.mark.parametrize("group", OTHER_NAMES)
def test_every_class_is_reached_and_every_option_registered_when_options_share_classes(
    group: str, compose_main: Compose
) -> None:
    reached: set[str] = set()
    for option in options_of(group):
        main = "grid" if group in groups_of("grid") else "pretrain"
        reached |= targets(compose_main(main, f"{group}={option}", *NEEDED.get((group, option), []))[group])
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


@pytest.mark.parametrize("model", [option for option in options_of("model") if option != "of_base"])
@pytest.mark.parametrize("main", MAINS)
def test_model_is_whole_when_chosen(main: str, model: str, compose_main: Compose) -> None:
    chosen = plain(compose_main(main, f"model={model}").model)
    assert chosen == ModelSpec(chosen).parts


@pytest.mark.parametrize(("part", "option"), PART_CHOICES)
@pytest.mark.parametrize("main", MAINS)
def test_model_has_what_the_file_says_when_a_part_is_chosen(
    main: str, part: str, option: str, compose_main: Compose
) -> None:
    config = compose_main(main, "model=mb_istft_vits2", f"{part}={option}")
    ModelSpec(plain(config.model))
    text = (CONF / part / f"{option}.yaml").read_text(encoding="utf-8")
    package = text.splitlines()[0].removeprefix("# @package ") if text.startswith("# @package") else part
    assert lacking(OmegaConf.select(config, package.replace("/", ".")), yaml.safe_load(text) or {}) == []


def lacking(config: DictConfig, written: dict[str, Any]) -> list[str]:
    """The keys that a file writes out and whose values aren't in the configuration."""
    missing: list[str] = []
    for key, value in written.items():
        if isinstance(value, dict):
            missing += lacking(config[key], value)
        elif key != "defaults" and not str(value).startswith("${") and config[key] != value:
            missing.append(key)
    return missing


def test_model_is_that_of_the_base_when_none_is_chosen(compose_main: Compose) -> None:
    assert cell_from(compose_main("grid")).model is None


def test_model_is_tiny_or_the_chosen_one_when_base_is_scratch(compose_main: Compose) -> None:
    scratch = ("base=scratch", "strategy=random", "freeze=none")
    assert cell_from(compose_main("grid", *scratch)).model == plain(compose_main("grid", "model=tiny").model)
    large = cell_from(compose_main("grid", *scratch, "model=mb_istft_vits2"))
    assert large.model == plain(compose_main("grid", "model=mb_istft_vits2").model)


@pytest.mark.parametrize(("main", "schema"), [("grid", GridSchema), ("pretrain", PretrainSchema)])
def test_schema_has_the_defaults_of_the_file_when_compared(main: str, schema: type, compose_main: Compose) -> None:
    written = yaml.safe_load((CONF / f"{main}.yaml").read_text(encoding="utf-8"))
    own = {key: value for key, value in written.items() if key not in ("defaults", "hydra")}
    declared = {column.name: column.default for column in fields(schema) if column.name not in groups_of(main)}
    assert own == declared


@pytest.mark.parametrize("file", FILES)
def test_file_begins_with_what_it_means_when_opened(file: str) -> None:
    lines = (CONF / file).read_text(encoding="utf-8").splitlines()
    comment = lines[1] if lines[0].startswith("# @package") else lines[0]
    assert comment.startswith("# ")
    assert len(comment) > len("# a word")


@pytest.mark.parametrize("main", MAINS)
def test_help_names_every_group_and_option_when_asked(main: str) -> None:
    lines = help_text(CONF, main, "an example").splitlines()
    assert "an example" in lines
    for group in groups_of(main):
        start = lines.index(f"  {group}")
        block = [line.split() for line in lines[start : start + 1 + len(options_of(group))]]
        assert [words[0] for words in block[1:]] == options_of(group)
        assert all(len(words) > 1 for words in block[1:]), f"an option of {group} has no explanation"
    for part, option in PART_CHOICES:
        (line,) = [line for line in lines if line.startswith(f"    {part}: ")]
        assert option in line.split(": ")[1].split(", ")


@pytest.mark.parametrize("main", MAINS)
def test_help_names_every_setting_with_its_default_when_asked(main: str) -> None:
    lines = help_text(CONF, main, "").splitlines()
    for key in yaml.safe_load((CONF / f"{main}.yaml").read_text(encoding="utf-8")):
        described = [line for line in lines if line.startswith(f"  {key}: ")]
        assert len(described) == (0 if key in ("defaults", "hydra") else 1)
        assert all("# " in line for line in described)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("strategy=foo", "strategy/foo"),
        ("freeze=everything", "freeze/everything"),
        ("metrics=[war]", "metrics/war"),
        ("model=large", "model/large"),
        ("strategy.neighbours=abc", "strategy.neighbours"),
        ("strategy.neighbors=2", "neighbors"),
        ("freeze.part=[flow]", "part"),
        ("epochs=many", "epochs"),
        ("epochs=1.5", "epochs"),
        ("seed=x", "seed"),
        ("epoch=3", "epoch"),
        ("training.batch_size=few", "batch_size"),
        ("training.optimizer.learning_rate=low", "learning_rate"),
        ("training.optimizer.lr=1", "lr"),
        ("training.loss_weights.mel=much", "mel"),
        ("evaluation.utterances_per_speaker=3", "utterances_per_speaker"),
        ("evaluation.utterances_per_speaker.test=some", "utterances_per_speaker"),
        ("data.test=many", "data.test"),
        ("wandb.tags=x", "tags"),
    ],
)
def test_composition_fails_when_a_value_or_name_is_wrong(override: str, told: str, compose_main: Compose) -> None:
    with pytest.raises((HydraException, OmegaConfBaseException)) as raised:
        compose_main("grid", override)
    assert told in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["strategy.neighbours=0"], "strategy.neighbours=0 must be a whole number of at least 1"),
        (["strategy=ecapa", "strategy.strengths=[]"], "strategy.strengths=[] must be a list of 1"),
        (["epochs=-1"], "epochs=-1 must be a whole number of at least 0"),
        (["steps=-1"], "steps=-1 must be a whole number of at least 0"),
        (["steps=5", "epochs=5"], "steps=5 and epochs=5 are two lengths of one training; give one"),
        (["steps=null"], "steps=null and epochs=null leave open how long to train; give one, such as steps=200"),
        (["eval_every=0"], "eval_every=0 must be a whole number of at least 1"),
        (["seed=-1"], "seed=-1 must be a whole number of at least 0"),
        (["name="], "name='' has 0 characters"),
        (["training.batch_size=0"], "training.batch_size=0 must be a whole number of at least 1"),
        (["training.segment_frames=0"], "training.segment_frames=0 must be a whole number of at least 1"),
        (["training.optimizer.learning_rate=0"], "learning_rate=0.0 must be a finite number above 0"),
        (["training.optimizer.betas=[0.8]"], "betas=[0.8] must be a list of 2 to 2 items"),
        (["training.optimizer.betas=[0.8,1.0]"], "betas[1]=1.0 must be a finite number of at least 0 and below 1"),
        (["evaluation.batch_size=0"], "evaluation.batch_size=0 must be a whole number of at least 1"),
        (["evaluation.utterances_per_speaker.test=-1"], "utterances_per_speaker.test=-1 must be a whole number"),
        (
            ["evaluation.test_texts=201"],
            "test_texts=201 must be a whole number of at least 0 and of at most 200",
        ),
        (["evaluation.test_at=never"], "evaluation.test_at='never' must be text that is one of chosen, every"),
        (
            ["+evaluation.utterances_per_speaker.texts=1"],
            "names a split 'texts', which is what the scores of",
        ),
        (["wandb.mode=loud"], "wandb.mode='loud' is unknown; choose one of auto, online, offline, disabled"),
        (["base=scratch", "strategy=mean", "freeze=none"], "a model from scratch has no speakers to start from"),
        (
            ["base=scratch", "strategy=random", "freeze=decoder"],
            "use strategy=random freeze=none and none",
        ),
    ],
)
def test_cell_is_refused_when_a_value_is_not_allowed(overrides: list[str], message: str, compose_main: Compose) -> None:
    with pytest.raises(InputError) as raised:
        cell_from(compose_main("grid", *overrides))
    assert message in str(raised.value)


@pytest.mark.parametrize("override", ["steps=0", "save_every_minutes=-1", "log_every=0"])
def test_pretraining_is_refused_when_a_value_is_not_above_zero(override: str, compose_main: Compose) -> None:
    with pytest.raises(InputError, match=r"=-?[01](\.0)? must be a (whole|finite) number"):
        pretraining_from(compose_main("pretrain", override))


def test_pretraining_is_refused_when_the_corpus_has_no_root(compose_main: Compose) -> None:
    with pytest.raises(OmegaConfBaseException, match=r"data\.root"):
        pretraining_from(compose_main("pretrain", "data=folder"))
