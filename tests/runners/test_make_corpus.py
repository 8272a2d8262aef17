"""A corpus from Kokoro-82M as a user makes it: what stops it before it begins, and the demo voices again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from command_lines import command_line

from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.judge import Judges
from metrics.metric import JUDGED_RATE
from runners.cli.corpus_arguments import MakeCorpusArguments
from runners.corpus_making.corpus_writing import make_corpus
from vits.common.atomic_files import default_cache_dir
from vits.common.errors import InputError
from vits.corpus.audio import read_audio
from vits.corpus.folder import FolderCorpus

DEMO = Path(__file__).parents[2] / "assets" / "demo_voices"


def _arguments(folder: Path, sentence: str, **others: Any) -> MakeCorpusArguments:
    (folder / "lines.txt").write_text(f"{sentence}\n")
    return MakeCorpusArguments(str(folder / "lines.txt"), "af_heart", str(folder / "out"), **others)


@pytest.mark.parametrize(
    ("sentence", "threads", "reason"),
    [
        ("...", 1, "'...' has 0 phonemes"),
        ("A very long sentence. " * 40, 1, "Kokoro speaks 1 to 509"),
        ("One.", 0, "threads=0 is not allowed"),
    ],
)
def test_nothing_is_written_when_a_run_can_not_succeed(
    sentence: str, threads: int, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=reason):
        make_corpus(_arguments(tmp_path, sentence, threads=threads))
    assert not (tmp_path / "out").exists()


def test_error_names_the_extra_when_onnxruntime_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"install the extra: pip install -e '\.\[corpus\]'"):
        make_corpus(_arguments(tmp_path, "One."))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_demo_voices_come_out_as_shipped_when_the_run_was_killed_between(
    tmp_path: Path, run_script: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    first_sentence = (DEMO / "sentences.txt").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "lines.txt").write_text(f"{first_sentence}\n")
    arguments = ["sentences=lines.txt", "voices=040:af_bella,042:bf_isabella,043:bm_george", "out=made"]
    _kill_after_a_clip(arguments, tmp_path)
    shutil.copytree(tmp_path / "made", tmp_path / "killed")

    done = run_script("make_corpus.py", *arguments, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    finished_before = FolderCorpus(root=str(tmp_path / "killed")).read()
    made_now = 3 - len(finished_before)
    assert done.stdout == f"made has all 3 clips of 3 voices; {made_now} were made now\n"
    for clip in finished_before:
        assert (tmp_path / "made" / f"{clip.name}.opus").read_bytes() == clip.path.read_bytes()
    clips = FolderCorpus(root=str(tmp_path / "made")).read()
    assert [clip.speaker for clip in clips] == ["040", "042", "043"]
    for clip in clips:
        _assert_is_the_same_voice(clip.path, DEMO / f"{clip.name}.opus", judges)


def _kill_after_a_clip(arguments: Sequence[str], folder: Path) -> None:
    """Run the command until it has listed a clip, and end it at once."""
    table = folder / "made" / "metadata.csv"
    command = command_line("make_corpus.py", *arguments)
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and (not table.is_file() or len(table.read_text().splitlines()) < 2):
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert len(table.read_text().splitlines()) >= 2


def _assert_is_the_same_voice(made: Path, shipped: Path, judges: Judges) -> None:
    """Of one length to a twentieth, and as close as two takes of one speaker; others' cosines are below 0.5.

    The samples aren't compared: Kokoro's weights have eight bits, and processors round and saturate differently.
    """
    waves = [read_audio(path, JUDGED_RATE) for path in (made, shipped)]
    assert waves[0].size == pytest.approx(waves[1].size, rel=0.05)
    one, other = judges.get(EcapaEncoder, "voxceleb").embed(waves)
    assert float(one @ other) > 0.85
