from __future__ import annotations

import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from runners.results.locked_environment import LOCK, lock_of_environment, locked_versions

ROOT = LOCK.parent
NOT_LOCKED = ("dev", "ray", "world")
"""A lock holds where all of it is installed: Ray is large and seldom wanted, and pyworld needs a compiler."""


def test_the_lock_satisfies_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: asked for name, asked in project["optional-dependencies"].items() if name not in NOT_LOCKED}
    asked = [Requirement(text) for texts in (project["dependencies"], *extras.values()) for text in texts]
    pins = locked_versions(LOCK)
    for requirement in asked:
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is missing"
        assert requirement.specifier.contains(pins[name]), f"{requirement}, locked {pins[name]}"


def test_a_lock_has_a_hash_where_it_is_installed_alone(tmp_path: Path) -> None:
    numpy, pandas = version("numpy"), version("pandas")
    same = tmp_path / "same.lock"
    same.write_text(f"# a comment\n--extra-index-url x\npandas=={pandas}\nnumpy=={numpy}\n", encoding="utf-8")
    turned = tmp_path / "turned.lock"
    turned.write_text(f"numpy=={numpy}\npandas=={pandas}\n", encoding="utf-8")
    assert lock_of_environment(same) == lock_of_environment(turned) is not None
    for number, text in enumerate((f"numpy=={numpy}.post1\n", "no-such-package==1\n")):
        other = tmp_path / f"{number}.lock"
        other.write_text(text, encoding="utf-8")
        assert lock_of_environment(other) is None
    assert lock_of_environment(tmp_path / "none.lock") is None
