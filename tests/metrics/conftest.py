"""Real speech and the real judges, each loaded once."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from metrics.judges.judge import Judges
from metrics.metric import EnrolmentRecordings, Utterance
from vits.common.atomic_files import default_cache_dir
from vits.corpus.audio import read_audio

SPEECH = Path(__file__).parents[1] / "data" / "speech"
CORPUS_RATE = 22_050


@pytest.fixture(scope="session")
def speech() -> list[Utterance]:
    """Three sentences by each of two speakers."""
    with (SPEECH / "metadata.csv").open(encoding="utf-8", newline="") as file:
        return [
            Utterance(
                name=Path(row["path"]).stem,
                speaker=row["speaker"],
                text=row["text"],
                wave=(wave := read_audio(SPEECH / row["path"], CORPUS_RATE)),
                sample_rate=CORPUS_RATE,
                recording=wave,
            )
            for row in csv.DictReader(file, delimiter="|")
        ]


@pytest.fixture(scope="session")
def enrolment(speech: list[Utterance]) -> EnrolmentRecordings:
    """The first two clips of each speaker; the third is left to be judged."""
    return {speaker: [u for u in speech if u.speaker == speaker][:2] for speaker in ("040", "041")}


@pytest.fixture(scope="session")
def held_out(speech: list[Utterance]) -> list[Utterance]:
    """The clip of each speaker that isn't enrolled."""
    return [[u for u in speech if u.speaker == speaker][2] for speaker in ("040", "041")]


@pytest.fixture(scope="session")
def judges() -> Judges:
    """Whisper and ECAPA on the CPU, their weights in the user's own cache."""
    return Judges(default_cache_dir(), torch.device("cpu"))


@pytest.fixture
def judges_with_empty_cache(judges: Judges, tmp_path: Path) -> Judges:
    """The same judges, already loaded, and a cache without results."""
    return Judges(tmp_path, judges.device, judges._loaded)
