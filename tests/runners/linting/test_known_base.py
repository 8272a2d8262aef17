from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linting_material import MakeClip, WriteWave

from runners.bases.base import FromScratch, PretrainedBase
from runners.linting.audio_facts import audio_facts
from runners.linting.known_base import known_bases, trained_on
from vits.common.errors import InputError
from vits.corpus.filelists import FilelistsCorpus
from vits.corpus.folder import FolderCorpus
from vits.trained_on import TrainedOn, fingerprint

HERE = "."


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """As much of a base bundle as is looked at."""
    folder = tmp_path / "base"
    folder.mkdir()
    for name in ("model.yaml", "generator.safetensors", "voiceprints.safetensors"):
        (folder / name).touch()
    (folder / "speakers.csv").write_text("name|utterances\nzoe|4\nnobody|0\n")
    return folder


@pytest.fixture
def lists(tmp_path: Path) -> FilelistsCorpus:
    """Lists of the reference's kind: the base has speakers 0, 1 and 3, of whom 3 was only validated on."""
    files = {
        "base_train.txt": "w/a.wav|0|ˈiːvən\nw/b.wav|1|nˈɛvɚ\n",
        "base_val.txt": "w/c.wav|3|jˈɛs\n",
        "base_test.txt": "w/d.wav|0|nˈoʊ\n",
        "transcripts.tsv": "a\tEven\nb\tNever\nc\tYes\nd\tNo\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return FilelistsCorpus(root=str(tmp_path), filelists=str(tmp_path), transcripts="transcripts.tsv")


def test_speakers_and_texts_are_known_when_the_bundle_says_them(
    bundle: Path, make_clip: MakeClip, tmp_path: Path
) -> None:
    noted = TrainedOn.of([make_clip("a", "Yes.", phonemes="jɛs")])
    (bundle / "trained_on.csv").write_text(noted.text, encoding="utf-8")
    (known,) = known_bases(FolderCorpus(root=HERE), PretrainedBase(path=str(bundle)), tmp_path)
    assert known.utterances == {"zoe": 4, "nobody": 0}
    assert known.trained_on == noted


def test_texts_are_unknown_when_the_bundle_does_not_say_them(bundle: Path, tmp_path: Path) -> None:
    (known,) = known_bases(FolderCorpus(root=HERE), PretrainedBase(path=str(bundle)), tmp_path)
    assert known.trained_on is None


def test_nothing_is_known_when_there_is_no_base(bundle: Path, tmp_path: Path) -> None:
    corpus = FolderCorpus(root=HERE)
    assert known_bases(corpus, FromScratch(), tmp_path) == []
    assert known_bases(corpus, PretrainedBase(path=str(bundle), forget=True), tmp_path) == []


def test_bundle_is_refused_when_it_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no base bundle: it lacks model"):
        known_bases(FolderCorpus(root=HERE), PretrainedBase(path=str(tmp_path)), tmp_path)


def test_untrained_rows_are_counted_when_lists_leave_them_out(lists: FilelistsCorpus, tmp_path: Path) -> None:
    (known,) = known_bases(lists, FromScratch(), tmp_path / "cache")
    assert known.utterances == {"0": 1, "1": 1, "2": 0, "3": 0}
    assert known.source == "base_train.txt"


def test_only_the_training_list_is_known_when_lists_are_read(
    lists: FilelistsCorpus, make_clip: MakeClip, tmp_path: Path
) -> None:
    (known,) = known_bases(lists, FromScratch(), tmp_path / "cache")
    assert known.trained_on is not None
    assert known.trained_on.spelling == {fingerprint("even"), fingerprint("never")}
    assert known.trained_on.knows_phonemes(make_clip("x", phonemes="nˈɛvɚ"))
    assert not known.trained_on.knows_phonemes(make_clip("x", phonemes="jˈɛs"))
    assert known.files == {fingerprint("w/a"), fingerprint("w/b")}


def test_lists_are_read_again_when_they_change(lists: FilelistsCorpus, tmp_path: Path) -> None:
    before = known_bases(lists, FromScratch(), tmp_path / "cache")
    assert known_bases(lists, FromScratch(), tmp_path / "cache") == before
    (tmp_path / "base_train.txt").write_text("w/a.wav|0|ˈiːvən\nw/b.wav|2|nˈɛvɚ\n", encoding="utf-8")
    (known,) = known_bases(lists, FromScratch(), tmp_path / "cache")
    assert known.utterances == {"0": 1, "1": 0, "2": 1, "3": 0}


def test_lists_say_nothing_of_a_base_when_they_are_only_of_new_voices(lists: FilelistsCorpus, tmp_path: Path) -> None:
    (tmp_path / "base_test.txt").unlink()
    assert known_bases(lists, FromScratch(), tmp_path / "cache") == []


def test_bundle_knows_its_recordings_when_they_were_noted(
    tone: np.ndarray, write_wave: WriteWave, make_clip: MakeClip, tmp_path: Path
) -> None:
    path = write_wave("a.wav", tone)
    noted = trained_on([make_clip("a", "Yes.", phonemes="jɛs")], tmp_path / "cache")
    assert noted.recording == {audio_facts(path, tmp_path / "cache").samples}
    assert noted.spelling == {fingerprint("yes")}
