"""Changes that carry the right checksums, as somebody would make them who wants them to be believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from vits.bundle import CHECKED as OF_BUNDLE
from vits.common.checksums import checksums_of, write_manifest


def forge_bundle(folder: Path) -> None:
    """Make a bundle's manifest fit its files."""
    write_manifest(folder, OF_BUNDLE)


def forge_cell(folder: Path, change: Callable[[dict[str, Any]], object] | None = None) -> None:
    """Change a finished cell's record, and make it and the manifest fit the files."""
    from runners.results.cell_folder import CHECKED, _record_checksum

    forge_bundle(folder)
    record = json.loads((folder / "cell.json").read_text(encoding="utf-8"))
    if change is not None:
        change(record)
    record["files"] = checksums_of(folder, CHECKED)
    record["checksum"] = _record_checksum(record)
    (folder / "cell.json").write_text(json.dumps(record), encoding="utf-8")


def change_model(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a bundle's description of its model."""
    path = folder / "model.yaml"
    parts = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(parts)
    path.write_text(yaml.safe_dump(parts), encoding="utf-8")
    forge_bundle(folder)
