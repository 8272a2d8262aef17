"""What all faults begin with, made once: a base of a miniature model, two voices, and what commands make of them."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fault_injection.place import Material
from fault_injection.process import Command, run

if TYPE_CHECKING:
    from vits.model_spec import ModelSpec

MATERIAL_LIMIT_S = 3600.0
QUICK = (
    *("training.batch_size=4", "evaluation=recorded", "~evaluation.utterances_per_speaker.validation"),
    *("evaluation.retention_utterances=1", "metrics=[secs]", "device=cpu", "jobs=1", "wandb.mode=disabled"),
    *("strategy=mean", "freeze=decoder", "steps=2", "eval_every=1", "name=small"),
)
"""A cell that is done in seconds: one sentence of each voice is scored, by the one judge who is quick."""
PRETRAINING = (
    *("data.root=corpus", "model=tiny", "training.batch_size=3", "metrics=[secs]", "validation_sentences=1"),
    *("evaluation.utterances_per_speaker.test=1", "validate_every=2", "precision='32'", "log_every=1", "device=cpu"),
    *("wandb.mode=disabled", "name=base", "steps=2"),
)


def make_material(folder: Path) -> Material:
    """Make everything that is in a fault's reach, in a folder that stays as it is; one that was made before is used."""
    from miniature_material import MINIATURE, compose_model, sizes

    spec = compose_model("tiny", MINIATURE)
    grid = ("base=bundle", "base.path=base", "experiment=demo", "data=folder", "data.root=corpus", *QUICK)
    pretrain = (*PRETRAINING, "model/decoder=multi_band_istft", *sizes(spec.parts))
    if not folder.exists():
        _make(folder, spec, grid, pretrain)
    (cell,) = (path.parent.name for path in (folder / "runs" / "small").glob("*/cell.json"))
    return Material(folder, cell, grid, pretrain)


def _make(folder: Path, spec: ModelSpec, grid: tuple[str, ...], pretrain: tuple[str, ...]) -> None:
    folder.mkdir(parents=True)
    _write_voices(spec, folder)
    _write_cache(folder / "cache")
    environment = {"VOICEGRID_CACHE": str(folder / "cache")}
    _made(Command("grid.py", (*grid, "keep=state"), environment=environment), folder)
    (cell,) = (path.parent.name for path in (folder / "runs" / "small").glob("*/cell.json"))
    _made(Command("grid.py", (*grid, "results=stopped", "stop_after=2"), environment=environment), folder)
    _made(Command("grid.py", (*grid, "results=longer", "steps=3"), environment=environment), folder)
    _made(Command("pretrain.py", pretrain, environment=environment), folder)
    pack = ("speaker=040", f"run=runs/small/{cell}", "out=packs/040.voice")
    _made(Command("pack.py", pack, environment=environment), folder)
    _write_what_tests_write(folder)


def _write_voices(spec: ModelSpec, folder: Path) -> None:
    """A base, and the recordings of two new voices."""
    from miniature_material import random_base, write_corpus

    from vits.bundle import save_bundle

    base = replace(random_base(spec), trained_adversary=True)
    save_bundle(base, folder / "base", "# A card\n", {"trained_on.csv": "kind|fingerprint\n"})
    write_corpus(folder / "corpus", shutil.copy)


def _made(command: Command, folder: Path) -> None:
    """Run a command that has to succeed; its first run on a machine may fetch the judge's weights."""
    ended = run(command, folder, MATERIAL_LIMIT_S)
    if ended.status:
        sys.exit(f"{command.script} can't make the material: status {ended.status}\n{ended.out}{ended.err}")


def _write_cache(folder: Path) -> None:
    """A cache of its own, but for the judges' weights, which are linked to the user's."""
    from vits.common.atomic_files import default_cache_dir

    weights = default_cache_dir() / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    (folder / "weights").symlink_to(weights)


def _write_what_tests_write(folder: Path) -> None:
    """Checkpoints in the reference's format, and an experiment with scores to report on."""
    from reference_files import ReferenceFiles
    from small_experiment import write_experiment

    (folder / "checkpoints").mkdir()
    ReferenceFiles(folder / "checkpoints")
    large = (folder / "checkpoints" / "D_1.pth").rename(folder / "D_1.pth")  # linked by faults, as it is large
    (folder / "checkpoints" / "D_1.pth").symlink_to(large)
    write_experiment(folder / "reports" / "two", strategies=("mean", "nearest"), freezes=("none",), seeds=(0, 1))
