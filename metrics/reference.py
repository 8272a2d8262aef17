"""What stands beside every score: what real recordings reach, and what a wrong speaker reaches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd
from jaxtyping import Float
from torch import Tensor

from metrics.judges.judge import Judges
from metrics.judges.speaker_encoder import mean_voiceprint
from metrics.metric import KeptScore, KnownVoices, Metric, Score, Scorer, Utterance, mean_of_defined
from vits.common.atomic_files import content_key
from vits.common.errors import InputError
from vits.common.kept_files import keep_json, kept_json


def score_recordings(
    metric: Metric, recordings: Sequence[Utterance], known: KnownVoices, judges: Judges
) -> list[Score]:
    """The metric's scores of real recordings, in their order; computed once and kept on disk.

    Which base voice a new one was started from says nothing about a recording.
    """
    known = replace(known, started_from={})
    path = kept_in(judges.cache_dir / "recordings", metric, recordings, known)
    return kept_scores(path, recordings, lambda clips: metric.prepare(known, judges)(clips))


def kept_scores(path: Path, utterances: Sequence[Utterance], score: Scorer) -> list[Score]:
    """What is kept in a file of `kept_in`; if it isn't there, scores that are kept from now on."""
    scored = kept_json(path, list[KeptScore])
    if scored is not None and len(scored) == len(utterances):
        return [Score(score["values"], score["notes"]) for score in scored]
    scores = score(utterances)
    keep_json(path, [asdict(score) for score in scores])
    return scores


def kept_in(folder: Path, metric: Metric, utterances: Sequence[Utterance], known: KnownVoices) -> Path:
    """Where a metric's scores of some speech are kept.

    The key is the content: the audio and texts, the known voices, the metric's configuration and the checksums
    of its weights. The device is not part of it; between devices scores differ by float noise only.
    """
    contents = [metric.identity, "recordings", *(u.digest for u in utterances), "known", known.digest]
    return folder / f"{metric.name}-{content_key(part.encode() for part in contents)}.json"


@dataclass(frozen=True)
class SecsBounds:
    """Between which SECS of one voice a synthesis is to be placed; cosines in [-1, 1].

    `floor` is the mean over recordings of other speakers, what a wholly wrong voice reaches; `ceiling` the
    mean over recordings of the speaker, what a perfect copy reaches. NaN where there are no such recordings.
    """

    floor: float
    ceiling: float


def secs_bounds(
    means: Mapping[str, Float[Tensor, "print"]], recordings: Mapping[str, Float[Tensor, "_ print"]]
) -> dict[str, SecsBounds]:
    """The bounds of each voice, from voiceprints of recordings by speaker.

    The recordings must not be those of which the means were made, or the ceiling is too high.
    """
    table = cross_cosines(means, recordings)
    own = table["speaker"] == table["voice"]
    return {
        voice: SecsBounds(
            floor=mean_of_defined(table.loc[(table["voice"] == voice) & ~own, "cosine"]),
            ceiling=mean_of_defined(table.loc[(table["voice"] == voice) & own, "cosine"]),
        )
        for voice in means
    }


def enrolment_bounds(voiceprints: Mapping[str, Float[Tensor, "_ print"]]) -> dict[str, SecsBounds]:
    """The bounds of each voice from its enrolment alone, so that no test recording is looked at.

    The ceiling is what another clip of the speaker would reach (see `expected_cosine`), the floor the mean of what
    every clip of the other speakers does.
    """
    floors = secs_bounds({name: mean_voiceprint(clips) for name, clips in voiceprints.items()}, voiceprints)
    return {
        name: SecsBounds(floor=floors[name].floor, ceiling=expected_cosine(clips))
        for name, clips in voiceprints.items()
    }


def expected_cosine(clips: Float[Tensor, "clips print"]) -> float:
    """The cosine that one more clip of the speaker can be expected to have with the mean of these unit voiceprints.

    The mean cosine of two different clips over the length of the mean, so that a clip never meets itself, and
    that few clips, whose mean is nearer to none but them, don't make it too low. NaN for a single clip.
    """
    count = len(clips)
    if count < 2:
        return math.nan
    length = float(clips.sum(0).norm())  # its square is `count` plus the cosines of all ordered pairs
    return (length**2 - count) / ((count - 1) * length)


def normalised_secs(secs: float, bounds: SecsBounds) -> float:
    """Where a SECS lies between floor (0) and ceiling (1); NaN unless the ceiling is the higher."""
    return (secs - bounds.floor) / (bounds.ceiling - bounds.floor) if bounds.ceiling > bounds.floor else math.nan


def cross_cosines(
    means: Mapping[str, Float[Tensor, "print"]], recordings: Mapping[str, Float[Tensor, "_ print"]]
) -> pd.DataFrame:
    """Every recording against every voice: columns `voice`, the mean's, `speaker`, the recording's, `cosine`.

    Raises:
        InputError: there is no voice or no recording.
    """
    if not means or not any(len(voiceprints) for voiceprints in recordings.values()):
        raise InputError("SECS bounds need at least one mean voiceprint and one recording; got none")
    rows = [
        (voice, speaker, cosine)
        for voice, mean in means.items()
        for speaker, voiceprints in recordings.items()
        for cosine in (voiceprints @ mean).tolist()
    ]
    return pd.DataFrame(rows, columns=pd.Index(["voice", "speaker", "cosine"]))
