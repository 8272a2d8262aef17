"""Models as they are composed of `conf/model` and its parts, and which of them a cell is given."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from conf_options import CONF, MAINS, PART_CHOICES, Compose, options_of
from omegaconf import DictConfig, OmegaConf

from runners.config.building import plain
from runners.config.composed_cell import cell_from
from vits.model_spec import ModelSpec


@pytest.mark.parametrize("model", [option for option in options_of("model") if option != "of_base"])
@pytest.mark.parametrize("main", MAINS)
def test_model_is_whole_when_chosen(main: str, model: str, compose_main: Compose) -> None:
    chosen = plain(compose_main(main, f"model={model}").model)
    assert chosen == ModelSpec(chosen).parts


@pytest.mark.parametrize(("part", "option"), PART_CHOICES)
def test_model_has_what_the_file_says_when_a_part_is_chosen(part: str, option: str, compose_group: Compose) -> None:
    model = compose_group("model", "mb_istft_vits2", f"{part}={option}")
    ModelSpec(plain(model))
    text = (CONF / part / f"{option}.yaml").read_text(encoding="utf-8")
    package = text.splitlines()[0].removeprefix("# @package ") if text.startswith("# @package") else part
    config = OmegaConf.create({"model": model})
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
