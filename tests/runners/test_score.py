"""Another system's audio beside the cells of an experiment: espeak-ng speaks some of their sentences."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from espeak_speech import spoken

RunScript = Callable[..., subprocess.CompletedProcess[str]]
CHOICES = ("strategy=mean,random", "freeze=all_but_embedding", "epochs=0", "metrics=[wer,secs,mcd]")
SPOKEN = 5  # sentences that espeak speaks of the six that the cells do
OWN = "Nobody else says this sentence about purple elephants."


@dataclass(frozen=True)
class Place:
    """Where the commands are typed, the corpus, and espeak's audio."""

    here: Path
    corpus: Path
    audio: Path

    @property
    def arguments(self) -> list[str]:
        return [f"audio={self.audio}", f"voices={self.corpus}", "experiment=demo"]

    @property
    def experiment(self) -> Path:
        return self.here / "runs" / "demo"


@pytest.fixture(scope="module")
def place(here: Path, material: Any, run_here: RunScript) -> Place:
    """A sweep of two cells, and audio of their sentences in other spellings, with one that they don't speak."""
    swept = run_here("grid.py", "-m", *material.overrides, *CHOICES, "evaluation.test_texts=6", cwd=here)
    assert swept.returncode == 0, swept.stderr
    texts = pd.concat([pd.read_csv(path, dtype=str) for path in (here / "runs" / "demo").glob("*/texts.csv")])
    ours = texts[texts["split"].isin(["test", "texts"])].drop_duplicates(["speaker", "text"])
    lines = [(s, t) for s, group in ours.groupby("speaker") for t in group["text"][:SPOKEN]]
    write_audio(here / "espeak", [*((speaker, text.upper()) for speaker, text in lines), (lines[0][0], OWN)])
    return Place(here, material.corpus, here / "espeak")


@pytest.fixture(scope="module")
def scored(place: Place, run_here: RunScript) -> subprocess.CompletedProcess[str]:
    return run_here("score.py", *place.arguments, "name=espeak", cwd=place.here)


def write_audio(folder: Path, lines: Sequence[tuple[str, str]]) -> None:
    folder.mkdir()
    table = ["path|speaker|text"]
    for number, (speaker, text) in enumerate(lines):
        (wave,), rate = spoken([text.lower()], "en-us")
        soundfile.write(folder / f"{number}.wav", wave, rate)
        table.append(f"{number}.wav|{speaker}|{text}")
    (folder / "metadata.csv").write_text("\n".join(table) + "\n", encoding="utf-8")


def test_scores_stand_in_the_report_when_audio_of_another_system_was_scored(
    scored: subprocess.CompletedProcess[str], place: Place
) -> None:
    assert scored.returncode == 0, scored.stderr
    assert f"{2 * SPOKEN} of its {2 * SPOKEN + 1} sentences are spoken by the cells of demo, too" in scored.stdout
    report = place.experiment / "report"
    text = (report / "report.md").read_text(encoding="utf-8")
    assert "Beside other systems" in text
    assert "2 systems, 2 new voices" in text, "it is no system of the grid"
    table = pd.read_csv(report / "other_systems.csv")
    assert set(table["reference"]) == {"espeak"}
    assert set(table["system"]) == {"mean · all_but_embedding", "random · all_but_embedding"}
    sentences = table.groupby("metric")["sentences"].first().to_dict()
    assert sentences == {"wer": 2 * SPOKEN, "secs": 2 * SPOKEN, "mcd": 2}, "MCD needs a recording of the sentence"


def test_words_are_understood_and_the_voice_is_not_the_speakers_when_espeak_speaks(
    scored: subprocess.CompletedProcess[str], place: Place
) -> None:
    """Real judges hear real speech: few errors, where a model of random weights makes nothing but errors."""
    assert scored.returncode == 0
    rows = pd.read_csv(place.experiment / "other_systems" / "espeak" / "scores.csv")
    means = rows.groupby("metric")["value"].mean()
    assert means["wer"] < 0.5
    assert means["secs"] < 0.5
    table = pd.read_csv(place.experiment / "report" / "other_systems.csv")
    beside = table[(table["metric"] == "wer") & (table["reach"] == "these trained voices")]
    assert set(beside["outcome"]) == {"worse"}, "the grid's random models beside espeak"


def test_nothing_is_scored_again_when_it_was_scored_before(
    scored: subprocess.CompletedProcess[str], place: Place, run_here: RunScript
) -> None:
    assert scored.returncode == 0
    folder = place.experiment / "other_systems" / "espeak"
    before = (folder / "system.json").read_bytes()
    again = run_here("score.py", *place.arguments, "name=espeak", cwd=place.here)
    assert again.returncode == 0, again.stderr
    assert "espeak: scored before, not scored again" in again.stdout
    assert (folder / "system.json").read_bytes() == before


def test_report_of_the_grid_is_the_same_when_others_stand_beside_it(
    scored: subprocess.CompletedProcess[str], place: Place, run_here: RunScript
) -> None:
    assert scored.returncode == 0
    tables = {name: (place.experiment / "report" / f"{name}.csv").read_bytes() for name in ("ranking", "verdicts")}
    others = place.experiment / "other_systems"
    shutil.move(others, place.here / "aside")
    assert run_here("report.py", "experiment=demo", cwd=place.here).returncode == 0
    shutil.move(place.here / "aside", others)
    assert tables == {name: (place.experiment / "report" / f"{name}.csv").read_bytes() for name in tables}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["audio=nowhere"], "there is no folder 'nowhere'"),
        (["voices=nowhere"], "there is no folder 'nowhere'"),
        (["experiment=nobody"], "runs/nobody has no finished cell"),
        (["metrics=charm"], "metrics='charm' is no metric; choose from cer"),
        (["metrics=wer", "name=espeak"], "runs/demo/other_systems/espeak holds the scores of another system"),
        (["name=.."], "name='..' can't name a folder"),
        (["colour=red"], "'colour=red' is no argument"),
    ],
)
def test_mistake_is_told_in_one_line_when_it_is_made(
    wrong: list[str], told: str, scored: subprocess.CompletedProcess[str], place: Place, run_here: RunScript
) -> None:
    assert scored.returncode == 0
    done = run_here("score.py", *place.arguments, "name=wrong", *wrong, cwd=place.here)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"error: {told}")
    assert not (place.experiment / "other_systems" / "wrong").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a.wav|nobody|Hello.", "has the voice 'nobody', which the experiment's cells don't have"),
        ("b.wav|040|Hello.", "there is no file"),
    ],
)
def test_audio_is_refused_in_one_line_when_it_is_not_of_the_voices(
    line: str, told: str, place: Place, run_here: RunScript, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(16_000, dtype=np.float32), 16_000)
    (tmp_path / "metadata.csv").write_text(f"path|speaker|text\n{line}\n", encoding="utf-8")
    done = run_here("score.py", *place.arguments, f"audio={tmp_path}", "name=wrong", cwd=place.here)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr


def test_a_sentence_is_refused_when_it_is_there_twice(place: Place, run_here: RunScript, tmp_path: Path) -> None:
    shutil.copytree(place.audio, tmp_path / "audio")
    table = tmp_path / "audio" / "metadata.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    shutil.copy(tmp_path / "audio" / "0.wav", tmp_path / "audio" / "take2.wav")
    _, speaker, text = lines[1].split("|")
    table.write_text("\n".join([*lines, f"take2.wav|{speaker}|{text}"]), encoding="utf-8")
    done = run_here("score.py", *place.arguments, f"audio={tmp_path / 'audio'}", "name=wrong", cwd=place.here)
    assert done.returncode == 2
    assert "more than once in the voice" in done.stderr


def test_other_recordings_are_refused_when_they_are_not_the_cells(
    place: Place, run_here: RunScript, tmp_path: Path
) -> None:
    shutil.copytree(place.corpus, tmp_path / "corpus", symlinks=False)
    changed = next((tmp_path / "corpus" / "train").rglob("*.opus"))
    changed.unlink()
    shutil.copy(next(path for path in (tmp_path / "corpus" / "test").rglob("*.opus")), changed)
    done = run_here("score.py", *place.arguments, f"voices={tmp_path / 'corpus'}", "name=wrong", cwd=place.here)
    assert done.returncode == 2
    assert "holds other recordings, texts or splits than" in done.stderr


def test_changed_scores_are_refused_by_the_report_when_somebody_edits_them(
    scored: subprocess.CompletedProcess[str], place: Place, run_here: RunScript
) -> None:
    assert scored.returncode == 0
    path = place.experiment / "other_systems" / "espeak" / "scores.csv"
    before = path.read_bytes()
    path.write_bytes(before.replace(b"secs,0.", b"secs,0.9", 1))
    done = run_here("report.py", "experiment=demo", cwd=place.here)
    path.write_bytes(before)
    assert done.returncode == 2
    assert "was changed since it was written" in done.stderr
    assert json.loads((path.parent / "system.json").read_text(encoding="utf-8"))["n_matched"] == 2 * SPOKEN
