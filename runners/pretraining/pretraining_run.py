"""What a pretraining run is, and where it keeps what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metrics.metric import Metric
from runners.evaluation.evaluation_settings import EvaluationSettings
from runners.tracking.tracker import TrackingSettings
from runners.training.trainer import TrainingSettings
from vits.common.bounds import check_fields
from vits.common.quantities import DurationSeconds, Minutes, Number, Seed, Several
from vits.corpus.corpus import Corpus


@dataclass(frozen=True)
class Pretraining:
    """A pretraining run. `directory` holds its state and logs; `bundle` is where the base model goes.

    `start_from` is a bundle whose weights it begins with, None for random ones; with `fresh_rows` all speakers'
    embeddings begin anew, those that the bundle knows as well. With `predict_rows` they are a linear map of
    voiceprints, and the map is trained (`predicted_rows`). Every `validate_every` steps `validation_sentences` texts
    of the split `validation_split` are spoken by base voices and scored.
    """

    directory: Path
    bundle: Path
    start_from: Path | None
    fresh_rows: bool
    predict_rows: bool
    corpus: Corpus
    train_split: str
    validation_split: str
    validation_sentences: Number
    validate_every: Several
    evaluation: EvaluationSettings
    model: Mapping[str, Any] | None
    training: TrainingSettings
    metrics: list[Metric]
    tracking: TrackingSettings
    steps: Several
    save_every_minutes: Minutes
    log_every: Several
    seed: Seed
    device: str
    devices: Several
    precision: str
    max_duration_s: DurationSeconds
    cache_dir: Path
    config: Mapping[str, Any]

    def __post_init__(self) -> None:
        check_fields(self, "")
        for metric in self.metrics:
            metric.check_language(self.corpus.language)

    @property
    def state_directory(self) -> Path:
        """All that going on needs, on another machine as well: the state and the logs so far."""
        return self.directory / "state"

    @property
    def state(self) -> Path:
        """Weights, optimizers and the step they have reached."""
        return self.state_directory / "training.safetensors"

    @property
    def losses(self) -> Path:
        """Mean losses of the training, `step, loss, value`."""
        return self.state_directory / "losses.csv"

    @property
    def best(self) -> Path:
        """Weights of the best step on validation sentences."""
        return self.directory / "best.safetensors"

    @property
    def validation(self) -> Path:
        """Scores of all validations, as in a cell's scores.csv."""
        return self.state_directory / "validation.csv"
