"""What one cell of the grid is: a point on the axes, on some voices, trained and evaluated in some way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from metrics.metric import Metric
from runners.bases.base import SCRATCH, Base
from runners.bases.start import DescribedBase
from runners.evaluation.evaluation_settings import EvaluationSettings
from runners.experiment.cell_name import cell_name
from runners.results.cell_identity import Identity
from runners.tracking.tracker import LONGEST_TAG, TrackingSettings  # the experiment's name is a tag
from runners.training.devices import check_known
from runners.training.schedule import Length, Pause, Schedule
from runners.training.trainer import TrainingSettings
from runners.voices.recorded_voices import Voices
from strategies.adaptation import Adaptation
from strategies.initialisers.embedding_init import EmbeddingInit
from vits.common.bounds import OneOf, check_fields
from vits.common.errors import InputError
from vits.common.names import check_folder, check_name
from vits.common.quantities import DurationSeconds, ListedSentences, Seed, Several
from vits.corpus.batching import LengthBucketedBatches
from vits.corpus.corpus import Corpus
from vits.corpus.data_identity import corpus_identity

FORMAT = 4  # of what a cell computes and leaves behind; raise it when the code that computes it changes its result
IN_PARTS = "accumulate"  # of the training: how it is computed, and no part of what it comes to
RESULT, STATE = "result", "state"  # what a finished cell keeps


@dataclass(frozen=True)
class Cell:
    """Everything about one cell. `length` says how long it is trained, and when it is evaluated; `keep` whether the
    training's state stays when it is finished; `pause` where it waits before its end, if it does; `tries_failed`
    whether it is run where it failed before; `more_sentences` how many further ones it speaks when it is finished and
    may be the best; `devices` how many of them share each batch of its training.

    `differing` are the settings that change its result and differ from the experiment's default, as they stand in
    its name and in every table; `initialisers` are all that are known, for comparison.
    """

    experiment: str
    results: Path
    adaptation: Adaptation
    base: Base
    model: Mapping[str, Any] | None
    corpus: Corpus
    training: TrainingSettings
    evaluation: EvaluationSettings
    metrics: list[Metric]
    tracking: TrackingSettings
    seed: Seed
    length: Length
    precision: str
    device: str
    max_duration_s: DurationSeconds
    keep: Annotated[str, OneOf(RESULT, STATE)]
    cache_dir: Path
    initialisers: Mapping[str, EmbeddingInit]
    config_yaml: str
    differing: Mapping[str, str] = field(default_factory=dict)
    pause: Pause | None = None
    tries_failed: bool = True
    more_sentences: ListedSentences = 0
    devices: Several = 1

    def __post_init__(self) -> None:
        check_fields(self, "")
        check_known(self.device, self.precision)
        if not 1 <= len(self.experiment) <= LONGEST_TAG:
            raise InputError(f"name={self.experiment!r} has {len(self.experiment)} characters; give 1 to {LONGEST_TAG}")
        check_name(self.experiment, "name")
        check_folder(str(self.results), "results")
        if not self.metrics:
            raise InputError("metrics=[] would score nothing; choose at least one, such as metrics=[wer]")
        for metric in self.metrics:
            metric.check_language(self.corpus.language)
        _check_scratch(self.base, self.adaptation)
        _check_parts(self.training, self.devices)

    @property
    def name(self) -> str:
        """Its folder's and its run's name."""
        return cell_name(self.adaptation.names, self.seed, self.differing)

    @property
    def directory(self) -> Path:
        return self.results / self.experiment / self.name

    def schedule(self, voices: Voices) -> Schedule:
        """At which steps it ends and is evaluated, on these voices' training utterances."""
        return self.length.schedule(len(LengthBucketedBatches(voices.train.frames, self.training.batch_size)))

    def until(self, voices: Voices) -> int | None:
        """The step at which it waits before its end; None where it doesn't."""
        schedule = self.schedule(voices)
        step = schedule.steps if self.pause is None else schedule.stage(self.pause.stop_after)
        return step if step < schedule.steps else None

    def identity(self, base: DescribedBase, voices: Voices) -> Identity:
        """All that determines the result, and nothing that doesn't (device, parts of a batch, paths, tracking)."""
        schedule = self.schedule(voices)
        training = {name: value for name, value in asdict(self.training).items() if name != IN_PARTS}
        return Identity(
            {
                "format": FORMAT,
                **self.adaptation.contents,
                "base": base.identity,
                "model": dict(base.spec.parts),
                "data": voices.identity,
                "texts": corpus_identity(voices.unrecorded),
                "training": training,
                "evaluation": asdict(self.evaluation),
                "metrics": [metric.identity for metric in self.metrics],
                "seed": self.seed,
                "steps": schedule.steps,
                "evaluations": list(schedule.evaluations),
                "precision": self.precision,
            }
        )


def _check_parts(training: TrainingSettings, devices: int) -> None:
    """A batch in parts has the result of the whole one, which what is measured over all of it would not."""
    given = {"training.accumulate": training.accumulate, "devices": devices}
    for name, number in given.items():
        if training.alignment_noise and number > 1:
            raise InputError(
                f"{name}={number} can't have training.alignment_noise=true beside it, whose size is measured over "
                f"a whole batch; use training.alignment_noise=false or {name}=1"
            )


def _check_scratch(base: Base, adaptation: Adaptation) -> None:
    """Without a base there is nothing to start from, and nothing worth keeping."""
    chosen = adaptation.names
    wanted = dict.fromkeys(chosen, "none") | {"strategy": "random"}
    if base.kind == SCRATCH and chosen != wanted:
        shown = " ".join(f"{axis}={name}" for axis, name in chosen.items() if name != wanted[axis])
        raise InputError(
            f"a model from scratch has no speakers to start from and nothing worth keeping, so {shown} can't apply; "
            "use strategy=random freeze=none and none on all other axes"
        )
