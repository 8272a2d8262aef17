"""The identity of a bundle: what it is by its model's files, wherever they lie."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vits.bundle import bundle_identity, load_bundle
from vits.checkpoint import load_tensors, save_tensors


def change_tensor(path: Path, shift: float = 1e-3) -> None:
    tensors = load_tensors(path)
    first = min(tensors)
    save_tensors(tensors | {first: tensors[first] + shift}, path)


def test_identity_is_the_same_when_only_place_and_card_differ(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "card.md").write_text("another card", encoding="utf-8")
    assert bundle_identity(saved) == bundle_identity(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("generator.safetensors", change_tensor),
        ("adversary.safetensors", change_tensor),
        ("voiceprints.safetensors", change_tensor),
        ("adversary.safetensors", Path.unlink),
        ("speakers.csv", lambda path: path.write_text(path.read_text().replace("anna", "hanna"))),
        ("speakers.csv", lambda path: path.write_text(path.read_text().replace("|12", "|13"))),
        ("model.yaml", lambda path: path.write_text(path.read_text().replace("dropout: 0.5", "dropout: 0.4"))),
    ],
)
def test_identity_changes_when_a_file_of_the_model_does(
    file: str, change: Callable[[Path], object], saved: Path
) -> None:
    before = bundle_identity(saved)
    change(saved / file)
    load_bundle(saved)
    assert bundle_identity(saved) != before
