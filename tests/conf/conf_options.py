"""What `conf/` offers, read from its folders: the groups of each entry point and their options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml
from omegaconf import DictConfig

CONF = Path(__file__).parents[2] / "conf"
MAINS = ("grid", "pretrain")
NEEDED = {
    ("data", "folder"): ["data.root=somewhere"],
    ("data", "filelists"): ["data.root=somewhere", "data.filelists=elsewhere"],
    ("experiment", "homework"): ["data.root=somewhere", "data.filelists=elsewhere"],
    ("base", "bundle"): ["base.path=somewhere"],
    ("base", "scratch"): ["strategy=random", "freeze=none"],
}
"""What options can't do without."""
PART_CHOICES = sorted(
    (path.parent.relative_to(CONF).as_posix(), path.stem) for path in (CONF / "model").glob("*/**/*.yaml")
)

Compose = Callable[..., DictConfig]


def groups_of(main: str) -> list[str]:
    defaults = yaml.safe_load((CONF / f"{main}.yaml").read_text(encoding="utf-8"))["defaults"]
    named = [next(iter(entry)) for entry in defaults if isinstance(entry, dict)]
    return [group for group in named if not group.startswith("override ")]


def options_of(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))
