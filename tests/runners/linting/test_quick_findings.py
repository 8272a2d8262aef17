from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linting_material import WriteWave

from runners.bases.base import FromScratch
from runners.linting.checks import PlannedTest, Thresholds, quick_findings, write_findings
from runners.linting.finding import COLUMNS, Severity
from vits.common.errors import InputError
from vits.corpus.folder import FolderCorpus


@dataclass(frozen=True)
class Faulty:
    """A corpus in which everything is wrong that can be seen without Whisper."""

    corpus: FolderCorpus
    cache: Path

    def checks(self) -> dict[str, Severity]:
        findings = quick_findings(self.corpus, FromScratch(), PlannedTest(), self.cache)
        return {finding.check: finding.severity for finding in findings}


@pytest.fixture
def faulty(tone: np.ndarray, write_wave: WriteWave, tmp_path: Path) -> Faulty:
    lines = ["path|speaker|text|split"]

    def record(name: str, speaker: str, text: str, split: str, wave: np.ndarray) -> None:
        write_wave(f"corpus/{name}", wave)
        lines.append(f"{name}|{speaker}|{text}|{split}")

    for i in range(5):
        record(f"a{i}.wav", "ada", f"Sentence {'abcde'[i]}.", "train", tone * (0.9 - 0.1 * i))
    record("b.wav", "ben", "Sentence z.", "train", np.clip(tone * 4, -1, 1))
    record("c.wav", "ada", "Sentence A!", "test", tone * 0.2)  # a text of the training
    record("d.flac", "ben", "Sentence x.", "test", tone * 0.9)  # a recording of the training
    record("e.wav", "ada", "Sentence y.", "validation", tone * 0.0001)
    record("f.wav", "ben", "Sentence w.", "validation", tone[:4000])
    lines.append("gone.wav|ada|Sentence v.|train")
    (tmp_path / "corpus" / "metadata.csv").write_text("\n".join(lines) + "\n")
    return Faulty(FolderCorpus(root=str(tmp_path / "corpus")), tmp_path / "cache")


def test_every_fault_is_found_when_a_corpus_has_all(faulty: Faulty) -> None:
    checks = faulty.checks()
    assert {check for check, severity in checks.items() if severity is Severity.ERROR} == {
        "missing audio",
        "shared recordings",
    }
    assert {check for check, severity in checks.items() if severity is Severity.WARNING} >= {
        "shared texts",
        "unbalanced speakers",
        "clipped audio",
        "silent audio",
        "short audio",
    }
    assert checks["transcripts"] is Severity.SKIPPED


def test_findings_are_the_same_when_asked_again_from_the_cache(faulty: Faulty) -> None:
    first = quick_findings(faulty.corpus, FromScratch(), PlannedTest(), faulty.cache)
    assert quick_findings(faulty.corpus, FromScratch(), PlannedTest(), faulty.cache) == first
    assert [finding.severity for finding in first] == sorted((f.severity for f in first), key=list(Severity).index)


def test_table_is_written_when_there_are_findings_or_none(faulty: Faulty, tmp_path: Path) -> None:
    findings = quick_findings(faulty.corpus, FromScratch(), PlannedTest(), faulty.cache)
    write_findings(findings, tmp_path / "lint.csv")
    assert pd.read_csv(tmp_path / "lint.csv")["check"].tolist() == [finding.check for finding in findings]
    write_findings([], tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_table_is_refused_when_its_folder_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"can't write the findings to .*; give another file"):
        write_findings([], tmp_path / "nowhere" / "lint.csv")


@pytest.mark.parametrize(
    ("setting", "value"),
    [("whisper_per_speaker", -1), ("max_wer", -0.1), ("wer_difference", 0.0), ("secs_difference", -1.0)],
)
def test_threshold_is_refused_when_it_means_nothing(setting: str, value: float) -> None:
    with pytest.raises(InputError, match=f"{setting}=-?[0-9.]+ must be "):
        Thresholds(**{setting: value})  # pyright: ignore[reportArgumentType]
