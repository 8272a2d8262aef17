"""The types of the settings that stand at the top of `conf/grid.yaml`, `conf/pretrain.yaml` and `conf/lint.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class GridSchema:
    """The types of the settings of `conf/grid.yaml`; the groups have schemas of their own."""

    strategy: Any
    freeze: Any
    adapter: Any
    penalty: Any
    rehearsal: Any
    average: Any
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
    steps: int | None = 200
    epochs: int | None = None
    eval_every: int | None = None
    precision: str = "32"
    device: str = "auto"
    jobs: Any = "auto"
    jobs_per_device: int = 1
    max_duration_s: float = 20.0
    keep: str = "result"
    racing: bool = False
    stop_after: int | None = None
    more_sentences: int = 0
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
