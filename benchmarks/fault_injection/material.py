"""What all faults begin with, made once: a base of a miniature model, two voices, and what commands make of them."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fault_injection.place import Material
from fault_injection.process import ROOT, Command, run

if TYPE_CHECKING:
    from vits.bundle import Bundle
    from vits.model_spec import ModelSpec

VOICES = ROOT / "assets" / "demo_voices"
SPEAKERS = ("040", "041")
CLIPS = {"train": 4, "validation": 1, "test": 1}
BASE_SPEAKERS = ("ada", "ben", "nobody", "cleo", "dan")
UNTRAINED = 2
MATERIAL_LIMIT_S = 3600.0
MINIATURE = (
    *("model/decoder=multi_band_istft", "model.latent_channels=8", "model.hidden_channels=16"),
    *("model.filter_channels=32", "model.speaker_channels=8", "model.posterior_encoder.n_layers=2"),
    *("model.flow.n_layers=1", "model.flow.n_steps=2", "model.duration_predictor.filter_channels=16"),
    *("model.decoder.initial_channels=16", "model.decoder.resblock_kernel_sizes=[3]"),
    *("model.decoder.resblock_dilations=[[1,3]]", "model.adversary.audio.discriminator.width=16"),
    "model.adversary.audio.discriminator.periods=[2,3]",
)
"""What makes the model `tiny` so small that a training step takes milliseconds."""
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
    spec = _small_spec()
    grid = ("base=bundle", "base.path=base", "data=folder", "data.root=corpus", *QUICK)
    pretrain = (*PRETRAINING, "model/decoder=multi_band_istft", *_sizes(spec.parts))
    if not folder.exists():
        _make(folder, spec, grid, pretrain)
    (cell,) = (path.parent.name for path in (folder / "runs" / "small").glob("*/cell.json"))
    return Material(folder, cell, grid, pretrain)


def _make(folder: Path, spec: ModelSpec, grid: tuple[str, ...], pretrain: tuple[str, ...]) -> None:
    folder.mkdir(parents=True)
    _write_corpus(folder / "corpus")
    _write_base(spec, folder / "base")
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


def _made(command: Command, folder: Path) -> None:
    """Run a command that has to succeed; its first run on a machine may fetch the judge's weights."""
    ended = run(command, folder, MATERIAL_LIMIT_S)
    if ended.status:
        sys.exit(f"{command.script} can't make the material: status {ended.status}\n{ended.out}{ended.err}")


def _write_corpus(folder: Path) -> None:
    """The first clips of each split of two demo voices."""
    header, *lines = (VOICES / "metadata.csv").read_text(encoding="utf-8").splitlines()
    seen: Counter[tuple[str, str]] = Counter()
    kept = [header]
    for line in lines:
        path, speaker, _, split = line.split("|")
        seen[speaker, split] += 1
        if speaker in SPEAKERS and seen[speaker, split] <= CLIPS[split]:
            kept.append(line)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(VOICES / path, folder / path)
    (folder / "metadata.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")


def _small_spec() -> ModelSpec:
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from vits.model_spec import ModelSpec

    with initialize_config_dir(version_base=None, config_dir=str(ROOT / "conf")):
        composed = compose("model/tiny", overrides=list(MINIATURE))
    parts: Any = OmegaConf.to_container(composed.model, resolve=True)
    return ModelSpec(parts)


def _sizes(node: Mapping[str, Any], prefix: str = "model") -> Iterator[str]:
    """Overrides that make the model `tiny` one of other sizes."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _sizes(value, f"{prefix}.{key}")
        elif isinstance(value, (int, list)) and not isinstance(value, bool):
            yield f"{prefix}.{key}={value}".replace(" ", "")


def _write_base(spec: ModelSpec, folder: Path) -> None:
    from vits.bundle import save_bundle

    save_bundle(small_bundle(spec), folder, "# A card\n", {"trained_on.csv": "kind|fingerprint\n"})


def small_bundle(spec: ModelSpec) -> Bundle:
    """Random weights, four speakers with random voiceprints, and a row in their midst that was never trained."""
    import torch
    from torch.nn.functional import normalize

    from vits.bundle import BaseSpeaker, Bundle

    torch.manual_seed(0)
    synthesizer = spec.synthesizer(len(BASE_SPEAKERS))
    voiceprints = normalize(torch.randn(len(BASE_SPEAKERS), 192), dim=1)
    voiceprints[UNTRAINED] = 0
    speakers = tuple(BaseSpeaker(name, 0 if row == UNTRAINED else 10) for row, name in enumerate(BASE_SPEAKERS))
    bundle = Bundle(spec, synthesizer, spec.adversary(), speakers, voiceprints)
    return replace(bundle, trained_adversary=True)


def _write_cache(folder: Path) -> None:
    """A cache of its own, but for the judges' weights, which are linked to the user's."""
    from vits.common.atomic_files import default_cache_dir

    weights = default_cache_dir() / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    (folder / "weights").symlink_to(weights)


def _write_what_tests_write(folder: Path) -> None:
    """Checkpoints in the reference's format, and an experiment with scores to report on."""
    for path in (ROOT / "tests", ROOT / "tests" / "runners"):
        sys.path.insert(0, str(path))
    from reference_files import ReferenceFiles
    from small_experiment import write_experiment

    (folder / "checkpoints").mkdir()
    ReferenceFiles(folder / "checkpoints")
    large = (folder / "checkpoints" / "D_1.pth").rename(
        folder / "D_1.pth"
    )  # which faults link, as it has a name to say
    (folder / "checkpoints" / "D_1.pth").symlink_to(large)
    write_experiment(folder / "reports" / "two", strategies=("mean", "nearest"), freezes=("none",), seeds=(0, 1))
