"""The folder of a corpus that is being made: what a stopped run leaves, and what another plan makes again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from runners.corpus_making.corpus_folder import HEADER, LOCK, CorpusFolder, made_by_one
from runners.corpus_making.corpus_plan import PlannedClip, Split, plan_clips
from runners.corpus_making.kokoro import SAMPLE_RATE
from runners.corpus_making.recording import encode_opus
from runners.corpus_making.voice_mixtures import Voice
from vits.common.errors import InputError
from vits.corpus.folder import FolderCorpus

DEMO = Path(__file__).parents[3] / "assets" / "demo_voices"
ADA, BOB = Voice("ada", ("af_heart",)), Voice("bob", ("am_adam",))
TRAIN = [Split("train", None)]


@pytest.fixture(scope="module")
def clip_bytes() -> bytes:
    return encode_opus(np.zeros(2400, dtype=np.int16), SAMPLE_RATE)


def _plan(*texts: str, voice: Voice = ADA, splits: Sequence[Split] = TRAIN) -> list[PlannedClip]:
    return plan_clips([voice], texts, splits, share=True)


def test_finished_clips_are_listed_and_not_made_again_when_a_run_was_stopped(tmp_path: Path, clip_bytes: bytes) -> None:
    plan = _plan("One.", "Two.", "Three.")
    stopped = CorpusFolder(tmp_path, plan)
    stopped.add(plan[0], clip_bytes)
    (tmp_path / plan[1].path).write_bytes(clip_bytes)  # stopped between the recording and the table
    assert CorpusFolder(tmp_path, plan).unfinished() == plan[1:]
    assert [clip.text for clip in FolderCorpus(root=str(tmp_path)).read()] == ["One."]


def test_every_voice_has_as_many_clips_when_a_run_was_stopped(tmp_path: Path, clip_bytes: bytes) -> None:
    plan = plan_clips([ADA, BOB], ["One.", "Two.", "Three."], TRAIN, share=True)
    folder = CorpusFolder(tmp_path, plan)
    for clip in folder.unfinished()[:4]:
        folder.add(clip, clip_bytes)
    made = FolderCorpus(root=str(tmp_path)).read()
    assert [(clip.speaker, clip.text) for clip in made] == [
        ("ada", "One."),
        ("ada", "Two."),
        ("bob", "One."),
        ("bob", "Two."),
    ]


def test_second_run_is_refused_when_one_makes_a_corpus_in_the_folder(tmp_path: Path) -> None:
    with (
        made_by_one(tmp_path),
        pytest.raises(InputError, match=r"another process is making a corpus in .*; wait until"),
        made_by_one(tmp_path),
    ):
        pass
    with made_by_one(tmp_path):
        assert (tmp_path / LOCK).exists()


def test_clip_is_made_again_when_its_text_or_voice_changed_or_its_file_is_gone(
    tmp_path: Path, clip_bytes: bytes
) -> None:
    plan = _plan("One.", "Two.", "Three.")
    for clip in plan:
        CorpusFolder(tmp_path, plan).add(clip, clip_bytes)
    (tmp_path / plan[2].path).unlink()
    new_text = _plan("One.", "Zwei.", "Three.")
    assert CorpusFolder(tmp_path, new_text).unfinished() == new_text[1:]
    new_voice = _plan("One.", "Two.", "Three.", voice=Voice("ada", ("af_sky",)))
    assert CorpusFolder(tmp_path, new_voice).unfinished() == new_voice


def test_table_keeps_other_splits_and_loses_old_rows_when_the_plan_is_shorter(
    tmp_path: Path, clip_bytes: bytes
) -> None:
    for splits in (TRAIN, [Split("test", None)]):
        plan = _plan("One.", "Two.", splits=splits)
        folder = CorpusFolder(tmp_path, plan)
        for clip in plan:
            folder.add(clip, clip_bytes)
    CorpusFolder(tmp_path, _plan("One.")).write_table()
    assert (tmp_path / "metadata.csv").read_text().splitlines() == [
        HEADER,
        "test/ada/000.opus|ada|One.|test|af_heart",
        "test/ada/001.opus|ada|Two.|test|af_heart",
        "train/ada/000.opus|ada|One.|train|af_heart",
    ]


def test_folder_is_refused_when_its_table_is_anothers() -> None:
    with pytest.raises(InputError, match="isn't a table that this command wrote"):
        CorpusFolder(DEMO, _plan("One."))
