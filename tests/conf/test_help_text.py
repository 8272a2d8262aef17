"""What `--help` tells of `conf/`: every group, option and setting."""

from __future__ import annotations

import pytest
import yaml
from conf_options import CONF, MAINS, PART_CHOICES, groups_of, options_of

from runners.cli.entry_point import help_text


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
