"""Corpora as other tools for speech want them, read without a setting, and refused where they are wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from vits.common.errors import InputError
from vits.corpus.folder import FolderCorpus

if TYPE_CHECKING:
    from conftest import Writing


def corpus_of(writing: Writing) -> FolderCorpus:
    return FolderCorpus(root=str(writing.folder), validation=1, test=1)


@pytest.mark.parametrize("suffix", [".lab", ".txt"])
def test_texts_beside_recordings_are_read_whatever_lies_alone(writing: Writing, suffix: str) -> None:
    for item in writing.spoken:
        writing.recording(f"{item.speaker}/session/{item.number}.wav", item)
        writing.text(f"{item.speaker}/session/{item.number}{suffix}", f"{item.text}\n")
    writing.recording("040/session/99.wav", writing.spoken[0])
    writing.text("040/session/98.txt", "Nobody recorded this.")
    corpus = corpus_of(writing)
    assert writing.said(corpus) == writing.expected
    assert "with their texts beside them" in corpus.described()
    assert "2 recordings without a text or texts without a recording left out" in corpus.described()


def test_texts_beside_recordings_are_of_one_voice_without_folders(writing: Writing) -> None:
    for item in writing.of_one:
        writing.recording(f"{item.id}.flac", item)
        writing.text(f"{item.id}.lab", item.text)
    assert writing.said(corpus_of(writing)) == {("voices", item.text) for item in writing.of_one}


def test_folders_that_may_be_voices_or_hold_them_are_refused(writing: Writing) -> None:
    for item in writing.spoken:
        writing.recording(f"all/{item.speaker}/{item.number}.wav", item)
        writing.text(f"all/{item.speaker}/{item.number}.txt", item.text)
    with pytest.raises(InputError, match=r"may hold 1 voice \(all\) or 2 \(.*lay the recordings of each voice"):
        corpus_of(writing).clips()


@pytest.mark.parametrize(
    ("name", "keys"),
    [("metadata.jsonl", ("file_name", "text", "speaker")), ("train_manifest.json", ("audio_filepath", "text", "spk"))],
)
def test_objects_on_lines_are_read(writing: Writing, name: str, keys: tuple[str, str, str]) -> None:
    for item in writing.spoken:
        writing.recording(f"wavs/{item.id}.wav", item)
    values = [(f"wavs/{item.id}.wav", item.text, item.speaker) for item in writing.spoken]
    lines = [json.dumps({**dict(zip(keys, row, strict=True)), "duration": 1.5}) for row in values]
    writing.text(name, "\n".join(lines) + "\n")
    assert writing.said(corpus_of(writing)) == writing.expected


def test_second_line_that_is_no_object_is_named(writing: Writing) -> None:
    writing.recording("a.wav", writing.spoken[0])
    writing.text("metadata.jsonl", '{"file_name": "a.wav", "text": "One."}\n{"file_name": "a.wav",\n')
    with pytest.raises(InputError, match=r"metadata\.jsonl:2"):
        corpus_of(writing).clips()


def kaldi(writing: Writing, command: str = "") -> None:
    for item in writing.spoken:
        writing.recording(f"wav/{item.id}.wav", item)
    of = {
        "wav.scp": [f"{item.id} /data/corpus/wav/{item.id}.wav{command}" for item in writing.spoken],
        "text": [f"{item.id} {item.text}" for item in writing.spoken],
        "utt2spk": [f"{item.id} {item.speaker}" for item in writing.spoken],
    }
    for name, lines in of.items():
        writing.text(name, "\n".join(lines) + "\n")


def test_kaldi_is_read_when_its_paths_are_another_machines(writing: Writing) -> None:
    kaldi(writing)
    assert writing.said(corpus_of(writing)) == writing.expected
    assert "is Kaldi" in corpus_of(writing).described()


def test_kaldi_is_refused_with_commands_segments_and_unknown_speakers(writing: Writing) -> None:
    kaldi(writing, " sph2pipe |")
    with pytest.raises(InputError, match=r"wav\.scp:1: .* is a command, and none is run"):
        corpus_of(writing).clips()
    kaldi(writing)
    writing.text("utt2spk", "nobody nobody\n")
    with pytest.raises(InputError, match="utt2spk doesn't say who speaks"):
        corpus_of(writing).clips()
    writing.text("segments", "a b 0 1\n")
    with pytest.raises(InputError, match="segments cuts long recordings"):
        corpus_of(writing).clips()


def test_gpt_sovits_is_read_and_a_short_line_named(writing: Writing) -> None:
    for item in writing.spoken:
        writing.recording(f"wavs/{item.id}.wav", item)
    lines = [f"D:\\sovits\\wavs\\{item.id}.wav|{item.speaker}|EN|{item.text}" for item in writing.spoken]
    writing.text("slicer.list", "\r\n".join(lines))
    assert writing.said(corpus_of(writing)) == writing.expected
    writing.text("slicer.list", "\n".join([*lines, "wavs/x.wav|a|text"]))
    with pytest.raises(InputError, match=r"slicer\.list:7: 3 fields where there must be path\|speaker\|language\|text"):
        corpus_of(writing).clips()
    writing.text("other.list", "")
    with pytest.raises(InputError, match=r"from other\.list or from slicer\.list"):
        corpus_of(writing).clips()


def test_arctic_is_read_one_voice_or_several(writing: Writing) -> None:
    for item in writing.spoken:
        writing.recording(f"cmu_us_{item.speaker}_arctic/wav/arctic_a{item.number:04}.wav", item)
    for speaker in {item.speaker for item in writing.spoken}:
        own = [item for item in writing.spoken if item.speaker == speaker]
        lines = [f'( arctic_a{item.number:04} "{item.text}" )' for item in own]
        writing.text(f"cmu_us_{speaker}_arctic/etc/txt.done.data", "\n".join(lines) + "\n")
    expected = {(f"cmu_us_{item.speaker}_arctic", item.text) for item in writing.spoken}
    assert writing.said(corpus_of(writing)) == expected
    first = writing.spoken[0].speaker
    alone = FolderCorpus(root=str(writing.folder / f"cmu_us_{first}_arctic"), validation=1, test=1)
    assert {clip.text for clip in alone.clips()} == {item.text for item in writing.of_one}


def test_only_table_is_read_whatever_its_name_if_it_lists_recordings(writing: Writing) -> None:
    for item in writing.spoken:
        writing.recording(f"{item.id}.wav", item)
    table = "File;Speaker;Transcript\n" + "".join(f"{i.id}.wav;{i.speaker};{i.text}\n" for i in writing.spoken)
    writing.text("my takes.csv", table)
    assert writing.said(corpus_of(writing)) == writing.expected
    writing.text("my takes.csv", "name,age\nanna,41\n")
    with pytest.raises(InputError, match="there is no corpus in"):
        corpus_of(writing).clips()
