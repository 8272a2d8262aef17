"""Making all registered options known to Hydra, and a composed configuration into objects."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

import metrics
import strategies
import vits.corpus
from runners import base, evaluation, tracking, trainer  # noqa: F401  # they register their settings
from runners.experiment import Cell, Choice
from runners.linting.lint import Lint, Thresholds
from runners.pretraining.run import Pretraining, require_positive
from runners.reporting import settings as report_settings  # noqa: F401  # it registers them
from vits.corpus.cache import default_cache_dir
from vits.corpus.roots import resolve_folder
from vits.errors import InputError
from vits.registry import registered

NAMED_SETTINGS = ("strategy.", "freeze.", "conditioning.")  # a cell's name says them
PACKAGES = (strategies, metrics, vits.corpus)


@dataclass
class GridSchema:
    """The types of the settings of `conf/grid.yaml`; the groups have schemas of their own."""

    strategy: Any
    freeze: Any
    conditioning: Any
    data: Any
    base: Any
    model: Any
    training: Any
    evaluation: Any
    metrics: Any
    wandb: Any
    report: Any
    name: str = "demo"
    results: str = "runs"
    seed: int = 0
    epochs: int = 10
    eval_every: int = 5
    precision: str = "32"
    device: str = "auto"
    max_duration_s: float = 20.0
    cache_dir: str | None = None


@dataclass
class PretrainSchema:
    """The types of the settings of `conf/pretrain.yaml`."""

    data: Any
    model: Any
    training: Any
    evaluation: Any
    metrics: Any
    wandb: Any
    name: str = "base"
    bundle: str = "pretraining/${name}/bundle"
    start_from: str | None = None
    fresh_rows: bool = False
    predict_rows: bool = False
    train_split: str = "train"
    validation_split: str = "validation"
    validation_sentences: int = 160
    validate_every: int = 1000
    steps: int = 8000
    save_every_minutes: float = 5.0
    log_every: int = 50
    seed: int = 0
    device: str = "auto"
    devices: int = 1
    precision: str = "bf16"
    max_duration_s: float = 10.0
    cache_dir: str | None = None


@dataclass
class LintSchema:
    """The types of the settings of `conf/lint.yaml`."""

    data: Any
    model: Any
    base: Any
    evaluation: Any
    out: str | None = None
    whisper_per_speaker: int | None = 8
    max_wer: float = 0.5
    wer_difference: float = 0.05
    secs_difference: float = 0.05
    device: str = "auto"
    cache_dir: str | None = None


def import_options() -> None:
    """Import every module that may register an option, so that a new file needs no list to be put on."""
    for package in PACKAGES:
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def register_options() -> None:
    """Make all options, and the schemas of the entry points, known to Hydra."""
    import_options()
    ConfigStore.instance().store(name="grid_schema", node=GridSchema, provider="voicegrid")
    ConfigStore.instance().store(name="pretrain_schema", node=PretrainSchema, provider="voicegrid")
    ConfigStore.instance().store(name="lint_schema", node=LintSchema, provider="voicegrid")


def cell_from(config: DictConfig) -> Cell:
    """The objects that a composed configuration of `conf/grid.yaml` stands for; from here on no class sees it.

    Raises:
        InputError: a value is not allowed.
    """
    import_options()  # a launcher's worker gets the configuration ready-made, and has imported nothing yet
    chosen, asked = HydraConfig.get().runtime.choices, HydraConfig.get().overrides.task
    return Cell(
        experiment=config.name,
        results=Path(config.results),
        strategy=Choice(chosen["strategy"], build(config.strategy)),
        freeze=Choice(chosen["freeze"], build(config.freeze)),
        conditioning=Choice(chosen["conditioning"], plain(config.conditioning)),
        base=build(config.base),
        model=plain(config.model) or None,
        corpus=build(config.data),
        training=build(config.training),
        evaluation=build(config.evaluation),
        metrics=[build(metric) for metric in config.metrics.values()],
        tracking=build(config.wandb),
        seed=config.seed,
        epochs=config.epochs,
        eval_every=config.eval_every,
        precision=config.precision,
        device=config.device,
        max_duration_s=config.max_duration_s,
        cache_dir=cache_dir_of(config),
        initialisers={name: cls() for name, cls in registered("strategy").items()},
        config_yaml=OmegaConf.to_yaml(config, resolve=True),
        own_settings=tuple(sorted(text for text in asked if text.startswith(NAMED_SETTINGS))),
    )


def pretraining_from(config: DictConfig) -> Pretraining:
    """The objects that a composed configuration of `conf/pretrain.yaml` stands for.

    Raises:
        InputError: a value is not allowed.
    """
    require_positive(
        steps=config.steps,
        save_every_minutes=config.save_every_minutes,
        log_every=config.log_every,
        validate_every=config.validate_every,
        devices=config.devices,
    )
    return Pretraining(
        directory=Path("pretraining") / config.name,
        bundle=Path(config.bundle),
        start_from=resolve_folder(config.start_from) if config.start_from else None,
        fresh_rows=config.fresh_rows,
        predict_rows=config.predict_rows,
        corpus=build(config.data),
        train_split=config.train_split,
        validation_split=config.validation_split,
        validation_sentences=config.validation_sentences,
        validate_every=config.validate_every,
        evaluation=build(config.evaluation),
        model=plain(config.model) or None,
        training=build(config.training),
        metrics=[build(metric) for metric in config.metrics.values()],
        tracking=build(config.wandb),
        steps=config.steps,
        save_every_minutes=config.save_every_minutes,
        log_every=config.log_every,
        seed=config.seed,
        device=config.device,
        devices=config.devices,
        precision=config.precision,
        max_duration_s=config.max_duration_s,
        cache_dir=cache_dir_of(config),
        config=plain(config),
    )


def lint_from(config: DictConfig) -> Lint:
    """The objects that a composed configuration of `conf/lint.yaml` stands for.

    Raises:
        InputError: a value is not allowed.
    """
    if "filelists" in config.data and OmegaConf.is_missing(config.data, "root"):
        config.data.root = config.data.filelists  # lists can be checked without their recordings
    return Lint(
        corpus=build(config.data),
        base=build(config.base),
        per_speaker=build(config.evaluation).utterances_per_speaker,
        thresholds=Thresholds(
            config.whisper_per_speaker, config.max_wer, config.wer_difference, config.secs_difference
        ),
        device=config.device,
        cache_dir=cache_dir_of(config),
        out=Path(config.out) if config.out else None,
    )


def build(config: DictConfig) -> Any:
    """The object that a registered option stands for.

    Raises:
        InputError: a value is not allowed.
    """
    try:
        return instantiate(config, _convert_="object")
    except InstantiationException as error:
        if isinstance(error.__cause__, InputError):  # what a constructor refused, without Hydra's frame around it
            raise error.__cause__ from None
        raise


def plain(config: DictConfig) -> Mapping[str, Any]:
    """A part of the configuration as plain Python values."""
    return OmegaConf.to_container(config, resolve=True) if config else {}  # pyright: ignore[reportReturnType]


def cache_dir_of(config: DictConfig) -> Path:
    """Where to keep what can be computed again."""
    return Path(config.cache_dir).expanduser() if config.cache_dir else default_cache_dir()
