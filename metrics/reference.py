"""What stands beside every score: what real recordings reach, and what a wrong speaker reaches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd
from jaxtyping import Float
from torch import Tensor

from metrics.judges import Judges
from metrics.metric import Enrolment, Metric, Score, Utterance, mean_of_defined
from vits.corpus.cache import content_key, write_atomically
from vits.errors import InputError


def score_recordings(
    metric: Metric, recordings: Sequence[Utterance], enrolment: Enrolment, judges: Judges
) -> list[Score]:
    """The metric's scores of real recordings, in their order; computed once and kept on disk.

    The key is the content: the audio and texts, the enrolment, the metric's configuration and the checksums
    of its weights. The device is not part of it; between devices scores differ by float noise only.
    """
    enrolled = [clip.digest for speaker in sorted(enrolment) for clip in enrolment[speaker]]
    contents = [metric.identity, "recordings", *(r.digest for r in recordings), "enrolment", *enrolled]
    key = content_key(part.encode() for part in contents)
    path = judges.cache_dir / "recordings" / f"{metric.name}-{key}.json"
    if path.is_file():
        try:
            return [Score(**score) for score in json.loads(path.read_text(encoding="utf-8"))]
        except json.JSONDecodeError:
            path.unlink()  # damaged; it is computed again
    scores = metric.prepare(enrolment, judges)(recordings)
    write_atomically(path, json.dumps([asdict(score) for score in scores]).encode())
    return scores


@dataclass(frozen=True)
class SecsBounds:
    """Between which SECS of one voice a synthesis is to be placed; cosines in [-1, 1].

    `floor` is the mean over recordings of other speakers, what a wholly wrong voice reaches; `ceiling` the
    mean over recordings of the speaker, what a perfect copy reaches. NaN where there are no such recordings.
    """

    floor: float
    ceiling: float


def secs_bounds(
    means: Mapping[str, Float[Tensor, "192"]], recordings: Mapping[str, Float[Tensor, "_ 192"]]
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


def cross_cosines(
    means: Mapping[str, Float[Tensor, "192"]], recordings: Mapping[str, Float[Tensor, "_ 192"]]
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
