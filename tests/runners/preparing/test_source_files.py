"""Whose voice a recording is, by the folders that it lies in."""

from __future__ import annotations

from pathlib import Path

import pytest

from runners.preparing.source_files import find_sources
from vits.common.errors import InputError

LAYOUTS: dict[str, dict[str, str]] = {
    "folders": {"anna/1.wav": "anna", "ben/1.wav": "ben", "ben/2.wav": "ben"},
    "files": {"anna.wav": "anna", "ben.mp3": "ben"},
    "sessions of the same names": {"anna/mon/1.wav": "anna", "anna/tue/1.wav": "anna", "ben/mon/1.wav": "ben"},
    "a folder between": {"anna/wav/1.wav": "anna", "ben/audio/1.wav": "ben"},
    "sessions and files": {"anna/mon/1.wav": "anna", "anna/tue/1.wav": "anna", "anna/1.wav": "anna"},
    "LibriTTS, subsets": {
        "dev-clean/84/121123/84_121123_000007_000001.wav": "84",
        "dev-clean/84/121550/84_121550_000001_000000.wav": "84",
        "train-clean-100/19/198/19_198_000000_000000.wav": "19",
    },
    "LibriTTS, a subset": {
        "84/121123/84_121123_000007_000001.wav": "84",
        "84/121550/84_121550_000001_000000.wav": "84",
        "174/50561/174_50561_000006_000000.wav": "174",
    },
    "LibriSpeech": {
        "LibriSpeech/dev-other/116/288045/116-288045-0000.flac": "116",
        "LibriSpeech/dev-other/700/122866/700-122866-0000.flac": "700",
    },
    "VCTK": {"wav48/p225/p225_001.wav": "p225", "wav48/p226/p226_001.wav": "p226"},
    "VCTK, trimmed": {"trimmed/p225/p225_001_mic1.flac": "p225", "trimmed/p226/p226_001_mic1.flac": "p226"},
    "sessions by number": {"anna/1/1.wav": "anna", "anna/1/2.wav": "anna", "ben/1/1.wav": "ben"},
    "CMU ARCTIC": {"bdl/wav/arctic_a0001.wav": "bdl", "slt/wav/arctic_a0001.wav": "slt"},
}
AMBIGUOUS = {
    "of one or two": ("wavs/anna/1.wav", "wavs/ben/1.wav"),
    "of two or three": ("women/anna/1.wav", "women/eve/1.wav", "men/ben/1.wav"),
}


def laid_out(files: tuple[str, ...], folder: Path) -> Path:
    for name in files:
        path = folder / "audio" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder / "audio"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_speaker_is_found_however_deep_the_folder(layout: str, tmp_path: Path) -> None:
    audio = laid_out(tuple(LAYOUTS[layout]), tmp_path)
    found = {str(s.path.relative_to(audio)): s.speaker for s in find_sources(str(audio), None, tmp_path / "out")}
    assert found == LAYOUTS[layout]


@pytest.mark.parametrize("layout", AMBIGUOUS)
def test_folders_of_sessions_or_of_voices_are_asked_about(layout: str, tmp_path: Path) -> None:
    files = AMBIGUOUS[layout]
    audio = laid_out(files, tmp_path)
    with pytest.raises(InputError, match=r"may hold .* or .*speaker_folder=1 .*speaker_folder=2"):
        find_sources(str(audio), None, tmp_path / "out")
    for depth in (1, 2):
        found = {s.speaker for s in find_sources(str(audio), None, tmp_path / "out", depth)}
        assert found == {name.split("/")[depth - 1] for name in files}


def test_recordings_of_one_speaker_in_several_folders_keep_names_of_their_own(tmp_path: Path) -> None:
    audio = laid_out(("a/anna/1.wav", "b/anna/1.wav"), tmp_path)
    assert [s.name for s in find_sources(str(audio), None, tmp_path / "out", 2)] == ["a-1", "b-1"]


def test_recording_above_the_speakers_folders_is_refused(tmp_path: Path) -> None:
    audio = laid_out(("a/anna/1.wav", "a/1.wav"), tmp_path)
    with pytest.raises(InputError, match=r"a/1\.wav lies in no folder of a speaker 2 deep"):
        find_sources(str(audio), None, tmp_path / "out", 2)
