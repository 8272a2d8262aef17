"""The types of the settings that stand at the top of `conf/grid.yaml`, `conf/pretrain.yaml` and `conf/lint.yaml`, whose
defaults are in these files alone."""

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
    stop: Any
    data: Any
    base: Any
    model: Any
    training: Any
    evaluation: Any
    metrics: Any
    wandb: Any
    report: Any
    name: str
    results: str
    seed: int
    steps: int | None
    epochs: int | None
    eval_every: int | None
    precision: str
    device: str
    devices: int
    jobs: Any
    jobs_per_device: int
    max_duration_s: float
    keep: str
    racing: bool
    stop_after: int | None
    more_sentences: int
    retry: str
    cache_dir: str | None


@dataclass
class PretrainSchema:
    """The types of the settings of `conf/pretrain.yaml`."""

    data: Any
    model: Any
    training: Any
    evaluation: Any
    metrics: Any
    wandb: Any
    name: str
    bundle: str
    start_from: str | None
    fresh_rows: bool
    predict_rows: bool
    train_split: str
    validation_split: str
    validation_sentences: int
    validate_every: int
    steps: int
    save_every_minutes: float
    log_every: int
    seed: int
    device: str
    devices: int
    precision: str
    max_duration_s: float
    cache_dir: str | None


@dataclass
class LintSchema:
    """The types of the settings of `conf/lint.yaml`."""

    data: Any
    model: Any
    base: Any
    evaluation: Any
    out: str | None
    whisper_per_speaker: int | None
    max_wer: float
    wer_difference: float
    secs_difference: float
    device: str
    cache_dir: str | None
