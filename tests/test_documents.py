"""Every command in README.md and docs/ is one that its entry point understands."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT, Documented, commands_in, documented_commands
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from runners.cli.arguments import parse_arguments
from runners.cli.entry_point import CONF, _check_options, with_base_paths
from runners.cli.experiment_arguments import ExperimentArguments
from runners.config.composed_cell import cell_from
from runners.config.composed_lint import lint_from
from runners.config.composed_pretraining import pretraining_from
from runners.config.registration import register_options
from runners.config.report_settings import report_settings
from vits.common.errors import InputError

BUILD: Mapping[str, Callable[[DictConfig], Any]] = {"grid": cell_from, "lint": lint_from, "pretrain": pretraining_from}
REFUSED = ("strategy=nosuch",)  # what a page shows as refused
COMMANDS = documented_commands()
RUNNERS = [command for command in COMMANDS if command.script.startswith("runners/")]


@pytest.fixture
def composed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Documented], None]]:
    """Composes and builds what a command stands for, in a folder where each `base=<folder>` is there."""
    monkeypatch.chdir(tmp_path)
    register_options()

    def check(command: Documented) -> None:
        main, arguments = Path(command.script).stem, list(command.arguments)
        for name, _, value in (argument.partition("=") for argument in arguments):
            for folder in value.split(",") if name in ("base", "start_from") else ():
                if not (CONF / "base" / f"{folder}.yaml").is_file() and not (ROOT / folder).is_dir():
                    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        arguments = with_base_paths(arguments)
        _check_options(CONF / f"{main}.yaml", arguments)
        overrides = [argument for argument in arguments if argument != "-m"]
        (batch,) = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides(overrides), None)
        for one in {tuple(batch[0]), tuple(batch[-1])} if "-m" in arguments else [tuple(overrides)]:
            with initialize_config_dir(str(CONF), version_base="1.3"):
                config = compose(main, list(one), return_hydra_config=True)
            HydraConfig.instance().set_config(config)
            BUILD[main](OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"]))

    yield check
    HydraConfig.instance().cfg = None


def test_commands_are_found_when_they_stand_in_blocks_and_in_sentences() -> None:
    text = (
        "See `python runners/report.py\nexperiment=<name>`:\n\n```bash\n"
        'cat x | python runners/speak.py text="a b" voices=a,\\\nb  # why\n'
        "python runners/lint.py \\\n  out=a$half && ls\n```\n"
    )
    assert [(command.script, command.arguments) for command in commands_in(text, "p")] == [
        ("runners/speak.py", ("text=a b", "voices=a,b")),
        ("runners/lint.py", ("out=a1",)),
        ("runners/report.py", ("experiment=somewhere",)),
    ]
    assert len(RUNNERS) > 25


@pytest.mark.parametrize("script", sorted({command.script for command in COMMANDS}))
def test_documented_script_is_there(script: str) -> None:
    assert (ROOT / script).is_file()


@pytest.mark.parametrize(
    "command", [c for c in RUNNERS if Path(c.script).stem in BUILD and "--help" not in c.arguments], ids=str
)
def test_documented_experiment_composes(command: Documented, composed: Callable[[Documented], None]) -> None:
    if set(command.arguments) & set(REFUSED):
        with pytest.raises(InputError):
            composed(command)
        return
    composed(command)


@pytest.mark.parametrize(
    "command", [c for c in RUNNERS if Path(c.script).stem not in BUILD and "--help" not in c.arguments], ids=str
)
def test_documented_arguments_are_understood(
    command: Documented, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(command.script.removesuffix(".py").replace("/", "."))
    arguments = list(command.arguments)
    if module.__name__ == "runners.report":
        register_options()
        answers = re.findall(r"[\w-]+\.json", " ".join(arguments))
        for name in answers:
            (tmp_path / name).touch()
        where = [argument for argument in arguments if argument.startswith(("experiment=", "results="))]
        assert_taken(parse_arguments(ExperimentArguments, where), where)
        settings = report_settings([argument for argument in arguments if argument not in where])
        assert list(settings.ratings) == answers
        return
    named = [value for name, value in vars(module).items() if name.endswith("Arguments")]
    (schema,) = (value for value in named if isinstance(value, type) and is_dataclass(value))
    assert_taken(parse_arguments(schema, arguments), arguments)


def assert_taken(parsed: object, arguments: Sequence[str]) -> None:
    """Each argument is a field of what was parsed, and a text is the one that was given."""
    for name, _, value in (argument.partition("=") for argument in arguments):
        taken = getattr(parsed, name)
        assert taken == value if isinstance(taken, str) else taken is not None
