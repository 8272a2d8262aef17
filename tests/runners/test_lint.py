"""The entry point, on lists like those of the reference's homework and on the demo voices."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

import runners.lint
from runners.cli.entry_point import CONF, main
from runners.linting.checks import Thresholds

Told = Callable[..., tuple[int, str, str]]

VOICES = sorted((Path(__file__).parents[2] / "assets" / "demo_voices" / "test" / "040").glob("*.opus"))[:6]
BASE_SPEAKERS = 103
UNTRAINED = 15
SHARED, SAME_PHONEMES = 14, 10
NEW_SPEAKERS = range(BASE_SPEAKERS, BASE_SPEAKERS + 5)
WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight"]


def sentence(topic: str, n_words: int = 7) -> str:
    return f"{topic} {' '.join(WORDS[: n_words - 1])}."


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Told]:
    """Runs the entry point in a folder of its own; gives its status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")  # which `main` sets, so that it is undone
    monkeypatch.setenv("VOICEGRID_CACHE", str(tmp_path / "cache"))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lint.py", *arguments])
        status = 0
        try:
            main(runners.lint.job, "lint", runners.lint.EXAMPLES)
        except SystemExit as left:
            status = int(left.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    yield run
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None


@pytest.fixture
def base(tmp_path: Path) -> str:
    """As much of a base bundle as the linter looks at."""
    folder = tmp_path / "base"
    folder.mkdir()
    for name in ("model.yaml", "generator.safetensors", "voiceprints.safetensors"):
        (folder / name).touch()
    (folder / "speakers.csv").write_text("name|utterances\nzoe|4\n")
    return str(folder)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Lists with the facts of the reference's: 15 test texts of 114 words, 14 of them known to the base, one id empty.

    Ten of the 14 have the base's phonemes; the others are spoken otherwise, as a change of accent would make them.
    """
    folder = tmp_path / "lists"
    folder.mkdir()
    base = [speaker for speaker in range(BASE_SPEAKERS) if speaker != UNTRAINED]
    texts: dict[str, str] = {}
    lines: dict[str, list[str]] = {}

    def add(name: str, speaker: int, number: int, text: str, phonemes: str) -> None:
        utterance = f"p{speaker:03}_{number:03}"
        texts[utterance] = text
        lines.setdefault(name, []).append(f"DUMMY2/p{speaker:03}/{utterance}.wav|{speaker}|{phonemes}")

    for i in range(15):
        test = sentence(f"test{i}", 8 if i < 9 else 7)
        add("finetune_test", NEW_SPEAKERS[i % 5], 900 + i, test, f"ipa {i}")
        if i < SHARED:
            add("base_train", base[i], 1, test.upper(), f"ipa {i}" if i < SAME_PHONEMES else f"other {i}")
    for speaker in base:
        add("base_train", speaker, 2, sentence(f"base{speaker}"), f"base {speaker}")
    for name in ("base_val", "base_test"):
        add(name, base[0], 3 + len(name), sentence(name), name)
    for speaker in NEW_SPEAKERS:
        add("finetune_val", speaker, 800, sentence(f"val{speaker}"), f"val {speaker}")
        for i in range(6):
            add("finetune_train", speaker, i, sentence(f"train{speaker} {i}"), f"train {speaker} {i}")
    for name, its_lines in lines.items():
        (folder / f"{name}.txt").write_text("\n".join(its_lines) + "\n", encoding="utf-8")
    table = "".join(f"{utterance}\t{text}\n" for utterance, text in texts.items())
    (folder / "transcripts.tsv").write_text(table, encoding="utf-8")
    return folder


def test_homework_is_found_wanting_when_only_its_lists_are_there(
    lists: Path, base: str, told: Told, tmp_path: Path
) -> None:
    chosen = ("data=filelists", f"data.filelists={lists}", "data.transcripts=transcripts.tsv", f"base={base}")
    status, output, errors = told(*chosen, "out=found.csv")
    assert (status, errors) == (0, "")
    table = pd.read_csv(tmp_path / "found.csv")
    found = {(row.check, row.where): row for row in table.itertuples()}
    shared = found["shared texts", "homework"]
    assert shared.what == (
        "14 of 15 texts were in the base's training (base_train.txt) by spelling, 10 by identical phonemes"
    )
    assert len(shared.concerned.split("; ")) == SHARED
    empty = found["empty speakers", "base (base_train.txt)"]
    assert empty.what == "1 speaker id of 103 has no data"
    assert str(empty.concerned) == str(UNTRAINED)
    small = found["test size", "homework"]
    assert small.what.startswith("15 sentences, 114 words, can't rank strategies: the smallest difference")
    assert "WER 0." in small.what
    assert "to show WER 0.05" in small.what_to_do
    assert found["audio", str(lists)].severity == "skipped"
    assert "14 of 15 texts" in output
    assert output.splitlines()[-1].startswith("0 errors, ")


def test_status_tells_errors_when_a_recording_is_missing(base: str, told: Told, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for path in VOICES[:5]:
        (corpus / path.name).symlink_to(path)
    lines = [f"{path.name}|ada|Sentence {number}." for number, path in enumerate(VOICES)]
    (corpus / "metadata.csv").write_text("\n".join(["path|speaker|text", *lines]) + "\n")
    before = set(tmp_path.iterdir())
    chosen = ("data=folder", f"data.root={corpus}", f"base={base}", "whisper_per_speaker=0")
    status, output, _ = told(*chosen)
    assert status == 1
    assert "corpus: 1 of 6 recordings are missing" in output
    assert output.splitlines()[-1].startswith("1 errors, ")
    assert set(tmp_path.iterdir()) - before == {tmp_path / "cache"}  # no table is written unless asked for


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data=folder"], "data.root"),
        (["data=folder", "data.root=nowhere"], "there is no folder 'nowhere'"),
        (["max_wer=many"], "max_wer=many; Value 'many' of type 'str' could not be converted"),
        (["whisper_per_speaker=-3"], "whisper_per_speaker=-3 must be a whole number of at least 0"),
        (["whisper=0"], "Key 'whisper' not in 'LintSchema'"),
        (["device=tpu"], "device=tpu is unknown; choose one of auto, cpu, cuda, mps"),
    ],
)
def test_bad_input_is_told_in_one_line_when_given(arguments: list[str], message: str, told: Told) -> None:
    status, _, errors = told(*arguments)
    assert status == 2
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert message in errors


def test_help_names_settings_and_exit_statuses_when_asked(told: Told) -> None:
    status, output, _ = told("--help")
    assert status == 0
    assert "Exit status: 0 without errors (warnings or not), 1 with errors, 2 for bad input." in output
    written = yaml.safe_load((CONF / "lint.yaml").read_text(encoding="utf-8"))
    for setting in set(written) - {"defaults", "hydra"}:
        assert f"  {setting}: " in output


def test_thresholds_are_those_of_the_file_when_compared() -> None:
    own = yaml.safe_load((CONF / "lint.yaml").read_text(encoding="utf-8"))
    assert asdict(Thresholds()).items() <= own.items()
