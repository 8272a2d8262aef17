"""Six demo clips, laid out as others lay out their corpora."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from vits.corpus.audio import read_audio, write_audio
from vits.corpus.corpus import Corpus
from vits.corpus.roots import project_root

SPEECH = project_root() / "tests" / "data" / "speech"
RATE = 16_000


@dataclass(frozen=True, eq=False)
class Spoken:
    """What one of two speakers says; `number` is from 1 within the speaker."""

    speaker: str
    number: int
    text: str
    wave: np.ndarray

    @property
    def id(self) -> str:
        return f"{self.speaker}_{self.number:03}"


@dataclass(frozen=True)
class Writing:
    """A folder to lay a corpus out in, and what is spoken in it."""

    folder: Path
    spoken: Sequence[Spoken]

    @property
    def of_one(self) -> list[Spoken]:
        """What the first speaker says."""
        return [item for item in self.spoken if item.speaker == self.spoken[0].speaker]

    def recording(self, path: str, item: Spoken) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_audio(self.folder / path, item.wave, RATE)

    def text(self, path: str, content: str, encoding: str = "utf-8") -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(content.encode(encoding))

    def said(self, corpus: Corpus) -> set[tuple[str, str]]:
        """Who says what in it, every recording read."""
        clips = corpus.clips()
        assert all(read_audio(clip.path, RATE).size > RATE for clip in clips)
        assert len(clips) == len({(clip.speaker, clip.text) for clip in clips})
        return {(clip.speaker, clip.text) for clip in clips}

    @property
    def expected(self) -> set[tuple[str, str]]:
        return {(item.speaker, item.text) for item in self.spoken}


@pytest.fixture(scope="session")
def spoken() -> list[Spoken]:
    lines = (SPEECH / "metadata.csv").read_text(encoding="utf-8").splitlines()[1:]
    found: list[Spoken] = []
    for path, speaker, text in (line.split("|") for line in lines):
        number = 1 + sum(item.speaker == speaker for item in found)
        found.append(Spoken(speaker, number, text, read_audio(SPEECH / path, RATE)))
    return found


@pytest.fixture
def writing(tmp_path: Path, spoken: list[Spoken]) -> Writing:
    folder = tmp_path / "voices"
    folder.mkdir()
    return Writing(folder, spoken)
