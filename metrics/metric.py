"""What a metric is: utterances in, named values out, and how values of many utterances combine.

A metric of one's own is a file beside this one and a line in `conf/metrics/`:

    @register("metrics", "loudness")
    @dataclass(frozen=True)
    class Loudness(Metric):
        \"\"\"Root mean square of the samples, in dB of full scale; at most 0.\"\"\"

        name: ClassVar[str] = "loudness_db"
        unit: ClassVar[str] = "dBFS"
        higher_is_better: ClassVar[bool] = True

        def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
            return lambda batch: [Score({self.name: rms_db(utterance.wave)}) for utterance in batch]
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import ClassVar, TypedDict

import numpy as np
from jaxtyping import Float, Float32, Float64
from numpy.typing import ArrayLike
from torch import Tensor

from metrics.judges.judge import Judges
from metrics.judges.judge_weights import Weights
from metrics.judges.language_codes import is_english
from vits.common.atomic_files import content_key
from vits.common.errors import InputError

JUDGED_RATE = 16_000  # Hz; what Whisper and the speaker encoders were trained on
SHORTEST_S = 0.1  # below this a clip holds no phoneme, and no judge can say anything about it

Columns = Mapping[str, Float64[np.ndarray, "utterances"]]
"""Values of the same utterances, by name."""


@dataclass(frozen=True, eq=False)
class Utterance:
    """One spoken sentence to be judged; samples in [-1, 1], one channel.

    `name` is unique within speaker and split. `recording` is the real recording of the same sentence by the
    same speaker at the same rate, for metrics that compare the two.
    """

    name: str
    speaker: str
    text: str
    wave: Float32[np.ndarray, "samples"]
    sample_rate: int
    recording: Float32[np.ndarray, "recorded"] | None = None

    def __post_init__(self) -> None:
        if self.sample_rate <= 0:
            raise InputError(f"sample_rate={self.sample_rate} of utterance {self.name!r} must be positive, in Hz")

    @cached_property
    def wave_16k(self) -> Float32[np.ndarray, "resampled"]:
        """The wave at 16 kHz, resampled once for all judges."""
        import soxr

        if self.sample_rate == JUDGED_RATE or self.wave.size == 0:
            return self.wave
        resampled = soxr.resample(self.wave, self.sample_rate, JUDGED_RATE)
        return np.ascontiguousarray(resampled, dtype=np.float32)

    @property
    def is_sound(self) -> bool:
        """Whether there is anything to judge: 0.1 s or more, every sample finite, not all of them zero."""
        long_enough = self.wave.size >= SHORTEST_S * self.sample_rate
        return bool(long_enough and np.isfinite(self.wave).all() and self.wave.any())

    @cached_property
    def digest(self) -> str:
        """A name for what is heard, who says it and what it should say; the key of cached results."""
        recording = b"" if self.recording is None else self.recording.tobytes()
        labels = [self.speaker.encode(), self.text.encode(), str(self.sample_rate).encode()]
        return content_key([*labels, self.wave.tobytes(), recording])

    def as_recorded(self) -> Utterance:
        """The real recording in the place of the wave: what the metric gives for the truth.

        Raises:
            InputError: the utterance has no recording.
        """
        if self.recording is None:
            raise InputError(f"utterance {self.name!r} of speaker {self.speaker!r} has no recording; give one")
        return replace(self, wave=self.recording)


EnrolmentRecordings = Mapping[str, Sequence[Utterance]]
"""Real recordings of each speaker, by speaker."""


@dataclass(frozen=True, eq=False)
class KnownVoices:
    """The voices that a metric may compare an utterance with.

    `enrolment` are the new voices. `base_voiceprints` are unit mean ECAPA voiceprints of the voices that the
    base model was trained on, by name; empty where there is no base, or where it brings none. `started_from`
    names the base voice whose embedding a new voice was given at first, for those that were given one's. `language`
    is espeak's code of the one that they speak.
    """

    enrolment: EnrolmentRecordings
    base_voiceprints: Mapping[str, Float[Tensor, "192"]] = field(default_factory=dict)
    started_from: Mapping[str, str] = field(default_factory=dict)
    language: str = "en-us"

    @cached_property
    def digest(self) -> str:
        """A name for all of it; part of the key of cached results."""
        parts = [(f"new {name}", clip.digest) for name in sorted(self.enrolment) for clip in self.enrolment[name]]
        parts += [(f"start {name}", self.started_from[name]) for name in sorted(self.started_from)]
        parts += [] if is_english(self.language) else [("language", self.language)]
        labels = [label.encode() for pair in parts for label in pair]
        for name in sorted(self.base_voiceprints):
            labels += [f"base {name}".encode(), self.base_voiceprints[name].cpu().numpy().tobytes()]
        return content_key(labels)


@dataclass(frozen=True)
class Score:
    """What a metric says of one utterance: named values, NaN where undefined, and notes (the transcript)."""

    values: Mapping[str, float]
    notes: Mapping[str, str] = field(default_factory=dict)


class KeptScore(TypedDict):
    """A score as a cache keeps it in JSON."""

    values: dict[str, float]
    notes: dict[str, str]


Scorer = Callable[[Sequence[Utterance]], list[Score]]
"""Scores of a batch of utterances, in their order."""


class Metric(ABC):
    """A measure of synthesised speech; a frozen dataclass whose fields are its configuration.

    A subclass states in its docstring the domain of its values and the paper they come from.
    """

    name: ClassVar[str]
    """The value that is compared; it begins the names of all others."""
    unit: ClassVar[str]
    higher_is_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """The lowest and the highest value that there can be; no interval that is stated leaves it."""
    margin: ClassVar[float] = 0.05
    """By how much, in its unit, two systems may differ and still be equal for all practical purposes."""
    components: ClassVar[tuple[str, ...]] = ()
    """Names of further values beside it."""
    weight: ClassVar[str | None] = None
    """The component by which an utterance weighs when those of a speaker combine; None where all weigh the same.

    A speaker's value is then sum(weight * value) / sum(weight) over the utterances that have a value.
    """
    judge: ClassVar[str | None] = None
    """The pretrained model whose opinion it is, e.g. "ecapa-voxceleb"; None where it is plain signal processing."""
    judges_base_voices: ClassVar[bool] = False
    """Whether it can also judge voices of the base, of which there is a mean voiceprint and no recording."""
    needs_recording: ClassVar[bool] = False
    """Whether it compares with a recording of the same sentence, so that it has nothing to say of any other."""
    version: ClassVar[int] = 1
    """Goes up when the computation changes, so that results of the old one are not read from a cache."""

    @abstractmethod
    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        """Load what the metric needs and look at the known voices, once before many batches."""

    def summarise(self, rows: Columns) -> dict[str, float]:
        """One number for many utterances, for the metric's value and each of its components.

        `rows` has one number per utterance for each of the metric's values. By default each is the mean, without NaN,
        and the metric's own value the mean weighted by `weight`; NaN where no utterance has a value. Values that only
        many utterances have, such as an equal error rate, may be among them under a name of their own.
        """
        weights = None if self.weight is None else rows[self.weight]
        components = {value: mean_of_defined(rows[value]) for value in self.components}
        return {self.name: mean_of_defined(rows[self.name], weights), **components}

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.higher_is_better else -1

    @property
    def values(self) -> tuple[str, ...]:
        """The names of all values that a score has."""
        return (self.name, *self.components)

    @property
    def weights(self) -> tuple[Weights, ...]:
        """The pretrained weights that decide its values."""
        return ()

    @property
    def judge_name(self) -> str | None:
        """The judge with the weights that were chosen."""
        return self.judge

    def check_language(self, language: str) -> None:
        """It can judge speech in that language, given by espeak's code; by default, any.

        Raises:
            InputError: it can't.
        """
        return

    @property
    def identity(self) -> str:
        """All that determines the metric's values but the speech itself, as one line of JSON."""
        configuration = asdict(self)  # pyright: ignore[reportArgumentType]  # every metric is a dataclass
        checksums = [weights.sha256 for weights in self.weights]
        identity = {"metric": self.name, "version": self.version, "weights": checksums, **configuration}
        return json.dumps(identity, sort_keys=True)

    def undefined(self) -> Score:
        """The score of an utterance of which the metric can say nothing."""
        return Score(dict.fromkeys(self.values, math.nan))


def mean_of_defined(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The mean without NaN, weighted if there are weights; NaN where nothing that has a weight is left."""
    numbers = np.asarray(values, dtype=np.float64)
    shares = np.ones_like(numbers) if weights is None else np.asarray(weights, dtype=np.float64)
    defined = ~np.isnan(numbers)
    total = shares[defined].sum()
    return float(numbers[defined] @ shares[defined] / total) if total > 0 else math.nan


def score_sound(batch: Sequence[Utterance], score: Scorer, undefined: Score) -> list[Score]:
    """Scores of those utterances that hold any sound; the others are undefined."""
    heard = [position for position, utterance in enumerate(batch) if utterance.is_sound]
    scores = [undefined] * len(batch)
    for position, its_score in zip(heard, score([batch[i] for i in heard]) if heard else [], strict=True):
        scores[position] = its_score
    return scores
