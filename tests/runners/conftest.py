"""A base bundle of a miniature model, two new voices with a handful of clips, and the entry points to run on them."""

from __future__ import annotations

import io
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import wandb
from command_lines import PATIENCE_S, command_line, environment
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from miniature_material import BASE_SPEAKERS, ROOT, SPEAKERS, UNTRAINED, random_base, sizes, write_corpus
from omegaconf import OmegaConf

from runners.config.composed_cell import cell_from
from runners.config.registration import register_options
from runners.experiment.cell import Cell
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.finished_bundle import save_finished
from strategies.adapters.adapter import Adapter
from vits.bundle import BaseSpeaker, Bundle, save_bundle
from vits.model_spec import ModelSpec
from vits.text.symbols import SYMBOLS

RunScript = Callable[..., subprocess.CompletedProcess[str]]
MakeCell = Callable[..., Cell]
WriteCell = Callable[..., Path]


@dataclass(frozen=True)
class Material:
    """Where the base bundle and the new voices lie."""

    base: Path
    corpus: Path

    @property
    def overrides(self) -> tuple[str, ...]:
        """A cell on this material that is done in seconds: one sentence of each voice is scored, on the CPU."""
        return (
            "base=bundle",
            f"base.path={self.base}",
            "experiment=demo",
            "data=folder",
            f"data.root={self.corpus}",
            "training.batch_size=4",
            "evaluation=recorded",
            "~evaluation.utterances_per_speaker.validation",
            "evaluation.retention_utterances=1",
            "device=cpu",
            "jobs=1",
        )


@pytest.fixture(scope="session")
def small_spec(miniature_spec: ModelSpec) -> ModelSpec:
    """The miniature model with all symbols of real text."""
    encoder = {**miniature_spec.parts["text_encoder"], "n_symbols": len(SYMBOLS)}
    return ModelSpec({**miniature_spec.parts, "text_encoder": encoder})


@pytest.fixture(scope="session")
def small_bundle(small_spec: ModelSpec) -> Bundle:
    """Random weights, four speakers with random voiceprints, and a row in their midst that was never trained."""
    return random_base(small_spec)


@pytest.fixture(scope="session")
def material(small_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("material")
    save_bundle(small_bundle, folder / "base", "# A card\n")
    write_corpus(folder / "corpus", lambda source, place: place.symlink_to(source))
    return Material(folder / "base", folder / "corpus")


@pytest.fixture(scope="session")
def pretraining_arguments(material: Material, small_spec: ModelSpec) -> list[str]:
    """Three steps an epoch, so that two of them stop in its midst; every step is logged."""
    return [
        f"data.root={material.corpus}",
        "model=tiny",
        "model/decoder=multi_band_istft",
        *sizes(small_spec.parts),
        "training.batch_size=3",
        "training.adversary_from_step=1",
        "metrics=[secs]",
        "evaluation.utterances_per_speaker.test=1",
        "validation_sentences=2",
        "validate_every=2",
        "precision='32'",
        "log_every=1",
        "device=cpu",
    ]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the commands are typed."""
    return tmp_path_factory.mktemp("here")


@pytest.fixture(scope="session")
def run_script() -> RunScript:
    """Runs an entry point in a process of its own."""

    def run(script: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        command = command_line(script, *arguments)
        return subprocess.run(
            command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    return run


@pytest.fixture(scope="session")
def run_here() -> RunScript:
    """Runs an entry point in this process, which has the slow imports behind it, and tells what a process would."""

    def run(script: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        _, *command = command_line(script, *arguments)
        out, err, status = io.StringIO(), io.StringIO(), 0
        with _as_a_process(command, cwd), redirect_stdout(out), redirect_stderr(err):
            try:
                runpy.run_path(command[0], run_name="__main__")
            except SystemExit as left:
                status = int(left.code or 0)
        return subprocess.CompletedProcess(command, status, out.getvalue(), err.getvalue())

    return run


@contextmanager
def _as_a_process(command: list[str], cwd: Path) -> Iterator[None]:
    """With a command's arguments, folder and environment, and without a trace of it afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setattr(sys, "argv", command)
        patch.setenv("HYDRA_FULL_ERROR", "1")
        patch.delenv(wandb.env.SERVICE, raising=False)
        for name, value in environment().items():
            patch.setenv(name, value)
        GlobalHydra.instance().clear()
        try:
            yield
        finally:
            wandb.teardown()
            GlobalHydra.instance().clear()
            HydraConfig.instance().cfg = None


@pytest.fixture
def make_cell(material: Material, tmp_path: Path) -> Iterator[MakeCell]:
    """The cell that overrides stand for, on the material, with its results in a temporary folder."""
    register_options()

    def make(*overrides: str) -> Cell:
        fixed = (*material.overrides, f"results={tmp_path / 'results'}", "wandb.mode=disabled")
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            config = compose("grid", [*fixed, *overrides], return_hydra_config=True)
        HydraConfig.instance().set_config(config)
        return cell_from(OmegaConf.masked_copy(config, [key for key in config if key != "hydra"]))

    yield make
    HydraConfig.instance().cfg = None


@pytest.fixture(scope="session")
def finished_cell(small_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished cell as the entry points that use a trained voice read it; random weights."""
    return _write_cell(tmp_path_factory.mktemp("finished") / "cell", small_bundle.spec)


@pytest.fixture(scope="session")
def write_cell() -> WriteCell:
    """Writes the folder of such a cell with a model of one's choice."""
    return _write_cell


def _write_cell(folder: Path, spec: ModelSpec, adapters: Sequence[tuple[str, Adapter]] = ()) -> Path:
    """A cell whose model has as many base speakers as the small bundle, and the two new voices; what adapters add has
    learned something.
    """
    torch.manual_seed(1)
    synthesizer = spec.synthesizer(len(BASE_SPEAKERS))
    for name, parameter in synthesizer.named_parameters():
        if ".shift.projection." in name:  # at first these are zero, and the speaker would change nothing
            torch.nn.init.normal_(parameter, std=0.3)
    embedding = synthesizer.speaker_embedding
    speaker_ids = {speaker: embedding.add(torch.randn(embedding.weight.shape[1])) for speaker in SPEAKERS}
    embedding.absorb()
    before = {id(parameter) for parameter in synthesizer.parameters()}
    for _, adapter in adapters:
        adapter.attach(synthesizer)
    for added in [parameter for parameter in synthesizer.parameters() if id(parameter) not in before]:
        torch.nn.init.normal_(added, std=0.3)
    cell = CellFolder(folder)
    cell.begin(Identity({"model": dict(spec.parts)}), "data:\n  language: en-us\n", speaker_ids=speaker_ids)
    speakers = [BaseSpeaker(name, 0 if row == UNTRAINED else 3) for row, name in enumerate(BASE_SPEAKERS)]
    speakers += [BaseSpeaker(name, 4) for name in SPEAKERS]
    adversary = spec.adversary()
    save_finished(
        Bundle(spec, synthesizer, adversary, tuple(speakers), torch.zeros(len(speakers), 0)), adapters, folder, ""
    )
    cell.finish([], {"step": 0})
    return folder
