"""The entry point as a user runs it: recordings as people have them become a corpus that the project reads."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from command_lines import command_line, environment
from preparing.long_recordings import RATE, as_srt, demo_clips, write_recording

from runners.preparing.loudness import loudness_lufs
from runners.preparing.spoken_pieces import NAME
from vits.corpus.clip import Clip
from vits.corpus.folder import FolderCorpus

RunScript = Callable[..., subprocess.CompletedProcess[str]]


def sentence(text: str) -> str:
    return Clip(Path(), "", text, "").sentence


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One mp3 that Whisper must listen to, an Ogg with late subtitles, short wavs with .lab, and odd files."""
    folder = tmp_path_factory.mktemp("recordings")
    write_recording(folder / "anna" / "interview.mp3", demo_clips("040", 6))
    said = write_recording(folder / "ben.ogg", demo_clips("041", 4))
    (folder / "ben.srt").write_text(as_srt(said, late_s=0.2), encoding="utf-8")
    for number, clip in enumerate(demo_clips("042", 5)):
        write_recording(folder / "cleo" / f"{number}.wav", [clip])
        (folder / "cleo" / f"{number}.lab").write_text(clip.text.upper() + "\n", encoding="utf-8")
    (folder / "cleo" / "broken.wav").write_bytes(b"RIFF, as it were")
    silence = np.zeros(3 * RATE, dtype=np.float32)
    soundfile.write(folder / "cleo" / "silent.wav", silence, RATE)
    noisy, rate = soundfile.read(folder / "cleo" / "0.wav")
    noisy += 0.1 * np.random.default_rng(0).standard_normal(noisy.size)
    soundfile.write(folder / "cleo" / "noisy.wav", noisy, rate)
    (folder / "cleo" / "noisy.txt").write_text("Whatever it is.")
    (folder / "notes.pdf").write_bytes(b"no recording")
    return folder


@pytest.fixture(scope="module")
def prepared(recordings: Path, here: Path, run_here: RunScript) -> subprocess.CompletedProcess[str]:
    before = {path: path.read_bytes() for path in sorted(recordings.rglob("*")) if path.is_file()}
    done = run_here("prepare.py", f"audio={recordings}", "out=my_voices", cwd=here)
    after = {path: path.read_bytes() for path in sorted(recordings.rglob("*")) if path.is_file()}
    assert before == after, "the originals are untouched"
    return done


@pytest.fixture(scope="module")
def table(prepared: subprocess.CompletedProcess[str], here: Path) -> pd.DataFrame:
    assert prepared.returncode == 0, prepared.stderr
    return pd.read_csv(here / "my_voices" / "prepared.csv", keep_default_na=False, na_values=["nan"])


def test_corpus_is_read_by_the_project_when_it_was_prepared(table: pd.DataFrame, here: Path) -> None:
    clips = FolderCorpus(root=str(here / "my_voices")).clips()
    assert {clip.speaker for clip in clips} == {"anna", "ben", "cleo"}
    assert {clip.split for clip in clips} == {"train", "validation", "test"}
    assert len(clips) == 6 + 4 + 5 == (table["outcome"] == "clip").sum()
    for clip in clips:
        wave, rate = soundfile.read(clip.path, dtype="float32")
        assert rate == RATE
        assert 2 <= wave.size / rate <= 12
        assert loudness_lufs(wave, rate) == pytest.approx(-23, abs=0.1)


def test_texts_are_those_beside_the_audio_and_whisper_is_asked_for_the_others(table: pd.DataFrame) -> None:
    clips = table[table["outcome"] == "clip"]
    for source, speaker, by in (("ben", "041", "srt"), ("cleo", "042", "lab")):
        ours = clips[clips["speaker"] == source]
        assert set(ours["text_by"]) == {by}
        said = [clip.sentence for clip in demo_clips(speaker, len(ours))]
        assert [sentence(text) for text in ours["text"]] == said
    heard = clips[clips["speaker"] == "anna"]
    assert set(heard["text_by"]) == {NAME}
    words = [set(sentence(text).split()) for text in heard["text"]]
    said = [set(clip.sentence.split()) for clip in demo_clips("040", 6)]
    assert np.mean([len(a & b) / len(b) for a, b in zip(words, said, strict=True)]) > 0.8


def test_every_second_is_told_of_when_recordings_are_cut(table: pd.DataFrame, recordings: Path) -> None:
    for path in (recordings / "anna" / "interview.mp3", recordings / "ben.ogg"):
        rows = table[table["source"] == path.stem]
        assert rows["start_s"].iloc[0] == 0
        assert rows["start_s"].iloc[1:].tolist() == rows["end_s"].iloc[:-1].tolist()
        assert rows["end_s"].iloc[-1] == pytest.approx(soundfile.info(path).duration, abs=0.05)
    reasons = table.loc[table["outcome"] == "left out"].set_index("source")["reason"].to_dict()
    assert set(reasons) == {"broken", "noisy"}
    assert "can't be read as audio" in reasons["broken"]
    assert reasons["noisy"].startswith("noisy (SNR ")
    assert table.loc[table["source"] == "silent", "outcome"].tolist() == ["pause"]


def test_risk_and_next_commands_are_told_when_it_is_done(prepared: subprocess.CompletedProcess[str]) -> None:
    assert "ben: 4 clips, 0.2 minutes" in prepared.stdout
    assert f"risk: 6 of 15 texts are what {NAME} heard" in prepared.stdout
    assert "next: python runners/lint.py data=folder data.root=my_voices" in prepared.stdout


def test_same_command_writes_the_same_and_corrections_by_hand_are_kept(
    prepared: subprocess.CompletedProcess[str], recordings: Path, here: Path, run_here: RunScript
) -> None:
    assert prepared.returncode == 0
    before = {path: path.read_bytes() for path in sorted((here / "my_voices").rglob("*")) if path.is_file()}
    again = run_here("prepare.py", f"audio={recordings}", "out=my_voices", cwd=here)
    assert again.returncode == 0, again.stderr
    assert before == {path: path.read_bytes() for path in sorted((here / "my_voices").rglob("*")) if path.is_file()}
    metadata = here / "my_voices" / "metadata.csv"
    corrected = metadata.read_text(encoding="utf-8").replace("The", "THE", 1)
    metadata.write_text(corrected, encoding="utf-8")
    refused = run_here("prepare.py", f"audio={recordings}", "out=my_voices", cwd=here)
    assert refused.returncode == 2
    assert "metadata.csv was changed since it was prepared" in refused.stderr
    assert metadata.read_text(encoding="utf-8") == corrected


def test_it_goes_on_when_it_was_killed(table: pd.DataFrame, recordings: Path, here: Path, run_here: RunScript) -> None:
    """Killed as soon as the first clip is there: that is no corpus, and the same command makes it one."""
    command = command_line("prepare.py", f"audio={recordings}", "out=killed")
    process = subprocess.Popen(command, cwd=here, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 600
    while not list((here / "killed").glob("clips/*.flac")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (here / "killed" / "metadata.csv").exists()
    done = run_here("prepare.py", f"audio={recordings}", "out=killed", cwd=here)
    assert done.returncode == 0, done.stderr
    assert (here / "killed" / "prepared.csv").read_bytes() == (here / "my_voices" / "prepared.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["audio=nowhere", "out=x"], "there is no file or folder nowhere"),
        (["audio=.", "out=x"], "out=x lies in ., among the recordings"),
        (["audio={0}/notes.pdf,{0}/ben.srt", "out=x"], "no clip fits"),
        (["audio={0}/cleo", "out=x"], "{0}/cleo holds 8 recordings"),
        (["audio={0}", "out=x", "shortest_s=12"], "shortest_s=12 must be below longest_s=12"),
        (["audio={0}", "out=x", "longest_s=60"], "longest_s=60"),
        (["audio={0}", "out=x", "language=de"], "language=de: Whisper tiny.en hears English alone"),
        (["audio={0}", "out=x", "language=klingon"], "espeak has no language 'klingon'"),
        (["audio={0}", "out={0}/anna/interview.mp3"], "out="),
        (["audio={0}/anna", "out=."], "out=. holds other files"),
        (["audio={0}", "out=x", "speaker="], "speaker= is empty"),
        (["audio={0}"], "out=... is missing"),
    ],
)
def test_mistake_is_told_in_one_line_when_it_is_made(
    arguments: list[str], told: str, recordings: Path, here: Path, run_here: RunScript
) -> None:
    (here / "a_file").touch()
    done = run_here("prepare.py", *(argument.format(recordings) for argument in arguments), cwd=here)
    error = done.stderr.splitlines()[-1]
    assert done.returncode == 2
    assert error.startswith(f"error: {told.format(recordings)}")
    assert "Traceback" not in done.stderr
    shutil.rmtree(here / "x", ignore_errors=True)
