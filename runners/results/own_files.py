"""Which files in a cell's folder a cell wrote, so that nothing else is ever removed."""

from __future__ import annotations

import shutil
from pathlib import Path

from vits.common.atomic_files import remove_leftovers

WRITTEN = (
    *("cell.json", "config.yaml", "split.csv", "lint.csv", "scores.csv", "references.csv", "transcripts.csv"),
    *("losses.csv", "texts.csv", "race.csv", "state.safetensors", "best.safetensors"),
    *("model.yaml", "generator.safetensors"),
    *("adversary.safetensors", "optimizer.safetensors", "speakers.csv", "voiceprints.safetensors", "card.md"),
    *("adapters.json", "trained_on.csv", "checksums.json"),
)
PATTERNS = (
    "kept_state/*.csv",
    "kept_state/*.safetensors",
    "kept_state/checksums.json",
    "further/[0-9][0-9][0-9]/*.csv",
    "further/[0-9][0-9][0-9]/checksums.json",
    "audio/step=*/*/*.flac",
    "audio/step=*/*/checksums.json",
    "pictures/step=*/*.png",
    "wandb/logged.jsonl",
)
RUNS = ("wandb/run-*", "wandb/offline-run-*")
FOLDERS = (
    "further/[0-9][0-9][0-9]",
    "further",
    "kept_state",
    "audio/step=*/*",
    "audio/step=*",
    "audio",
    "pictures/step=*",
    "pictures",
    "wandb",
)


def remove_own_files(folder: Path) -> None:
    """Remove what a cell wrote into its folder; what somebody else put there stays."""
    remove_leftovers(folder)
    named = [folder / name for name in WRITTEN]
    for path in (*named, *(path for pattern in PATTERNS for path in folder.glob(pattern))):
        if path.is_file() or path.is_symlink():
            path.unlink()
    for run in (path for pattern in RUNS for path in folder.glob(pattern)):
        shutil.rmtree(run, ignore_errors=True)
    for emptied in (path for pattern in FOLDERS for path in folder.glob(pattern) if path.is_dir()):
        if not any(emptied.iterdir()):
            emptied.rmdir()
