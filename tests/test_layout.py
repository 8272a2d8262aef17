"""How the product's modules lie and whom they import, read from their source."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("vits", "strategies", "metrics", "runners")
ALLOWED = {"vits": set(), "strategies": {"vits"}, "metrics": {"vits", "strategies"}}
"""Which other package each may import; `runners` may import all."""
LONGEST_FILE = 300
LONGEST_AT_P90 = 20


@cache
def modules() -> dict[str, Path]:
    """The product's modules by their dotted names."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path, *, when_loaded: bool = False) -> Iterator[str]:
    """The product's modules that a file imports, also in functions and for types alone, unless `when_loaded`."""
    nodes = _at_the_top(tree(path)) if when_loaded else ast.walk(tree(path))
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name in modules())


def _at_the_top(module: ast.Module) -> Iterator[ast.AST]:
    """Statements outside functions, those under TYPE_CHECKING too."""
    waiting: list[ast.AST] = list(module.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def entry_points() -> list[str]:
    return [name for name, path in modules().items() if path.parent == ROOT / "runners" and path.stem != "__init__"]


def test_names_are_given_once_when_files_are_listed() -> None:
    counts = Counter(path.stem for path in modules().values() if path.stem != "__init__")
    assert not {name: count for name, count in counts.items() if count > 1}


def test_entry_points_are_imported_by_nobody_and_are_short() -> None:
    points = entry_points()
    assert "runners.grid" in points
    users = {name: set(imported(path)) & set(points) for name, path in modules().items()}
    assert not {name: used for name, used in users.items() if used}
    assert not [name for name in points if len(modules()[name].read_text(encoding="utf-8").splitlines()) > 50]


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_import_downwards_only(package: str) -> None:
    wrong = {
        f"{name} imports {used}"
        for name, path in modules().items()
        if name.split(".")[0] == package
        for used in imported(path)
        if used.split(".")[0] not in {package, *ALLOWED[package]}
    }
    assert not wrong


def test_no_circle_when_modules_are_loaded() -> None:
    graph = {name: set(imported(path, when_loaded=True)) - {name} for name, path in modules().items()}
    done: set[str] = set()
    while free := {name for name, used in graph.items() if name not in done and used <= done}:
        done |= free
    assert not sorted(graph.keys() - done), "these import each other, or what does"


def test_packages_of_runners_use_each_other_in_one_direction() -> None:
    used: dict[str, set[str]] = {}
    for name, path in modules().items():
        parts = name.split(".")
        if parts[0] == "runners" and len(parts) > 2:
            inner = {".".join(other.split(".")[:2]) for other in imported(path) if other.count(".") > 1}
            used.setdefault(".".join(parts[:2]), set()).update(other for other in inner if other.startswith("runners"))
    pairs = {(one, other) for one in used for other in used[one] if one < other and one in used.get(other, set())}
    assert not pairs


def test_files_are_of_one_subject_when_counted_in_lines() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules().values()
    }
    assert not {name: n for name, n in lengths.items() if n > LONGEST_FILE}


def test_nine_functions_of_ten_fit_on_a_screen() -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in modules().values()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[len(lengths) * 9 // 10] <= LONGEST_AT_P90
