"""Each layout as its authors lay it out, read without a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vits.corpus.folder import FolderCorpus

if TYPE_CHECKING:
    from conftest import Writing


def corpus_of(writing: Writing) -> FolderCorpus:
    return FolderCorpus(root=str(writing.folder), validation=1, test=1)


@pytest.mark.parametrize("header", ["", "id|text|normalised\n", "ID|Transcription|Normalized Text\n"])
def test_ljspeech_is_read_with_and_without_header(writing: Writing, header: str) -> None:
    for item in writing.of_one:
        writing.recording(f"wavs/{item.id}.wav", item)
    lines = [f"{item.id}|{item.text.replace('two', '2')}|{item.text}" for item in writing.of_one]
    writing.text("metadata.csv", header + "\n".join(lines) + "\n")
    corpus = corpus_of(writing)
    assert writing.said(corpus) == {("voices", item.text) for item in writing.of_one}
    assert {clip.name for clip in corpus.clips()} == {f"wavs/{item.id}" for item in writing.of_one}
    assert "3 recordings of the voice 'voices'" in corpus.described()


@pytest.mark.parametrize("folder", ["wav48/{0}/{1}.wav", "wav48_silence_trimmed/{0}/{1}_mic1.flac"])
def test_vctk_is_read_when_some_texts_and_recordings_are_alone(writing: Writing, folder: str) -> None:
    for item in writing.spoken:
        writing.recording(folder.format(item.speaker, item.id), item)
        writing.text(f"txt/{item.speaker}/{item.id}.txt", f"{item.text}\n")
        if "mic1" in folder:
            writing.recording(folder.format(item.speaker, item.id).replace("mic1", "mic2"), item)
    writing.text("txt/040/040_099.txt", "Nobody recorded this.")
    writing.recording("/".join(folder.split("/")[:2]).format("315") + "/315_001.flac", writing.spoken[0])
    writing.text("txt/315/log.csv", "")
    corpus = corpus_of(writing)
    assert writing.said(corpus) == writing.expected
    described = corpus.described()
    assert "is VCTK (txt/ and wav48" in described
    assert "6 recordings of 2 voices; 1 texts without a recording left out; 1 recordings without a text" in described


def test_second_microphone_is_heard_when_the_first_is_missing(writing: Writing) -> None:
    for item in writing.spoken:
        microphone = 2 if item.number == 1 else 1
        writing.recording(f"wav48_silence_trimmed/{item.speaker}/{item.id}_mic{microphone}.flac", item)
        writing.text(f"txt/{item.speaker}/{item.id}.txt", item.text)
    assert writing.said(corpus_of(writing)) == writing.expected


def test_piper_is_read_when_there_are_several_voices(writing: Writing) -> None:
    for item in writing.spoken:
        writing.recording(f"wav/{item.id}.wav", item)
    lines = [f"{item.id}|{item.speaker}|{item.text}" for item in writing.spoken]
    writing.text("metadata.csv", "\n".join(lines))
    assert writing.said(corpus_of(writing)) == writing.expected
    assert "as Piper" in corpus_of(writing).described()


def test_piper_is_read_when_there_is_one_voice(writing: Writing) -> None:
    for item in writing.of_one:
        writing.recording(f"{item.id}.wav", item)
    writing.text("metadata.csv", "\n".join(f"{item.id}.wav|{item.text}" for item in writing.of_one))
    assert writing.said(corpus_of(writing)) == {("voices", item.text) for item in writing.of_one}


def test_styletts2_is_read_when_the_speaker_comes_last(writing: Writing) -> None:
    for item in writing.spoken:
        writing.recording(f"{item.id}.wav", item)
    writing.text("metadata.csv", "\n".join(f"{item.id}.wav|{item.text}|{item.speaker}" for item in writing.spoken))
    assert writing.said(corpus_of(writing)) == writing.expected


def test_coqui_is_read_when_its_tables_hold_no_test(writing: Writing) -> None:
    header = "audio_file|text|speaker_name|emotion_name\n"
    lines = [f"wavs/{item.id}.wav|{item.text}|{item.speaker}|neutral\n" for item in writing.spoken]
    for item in writing.spoken:
        writing.recording(f"wavs/{item.id}.wav", item)
    writing.text("metadata_train.csv", header + "".join(lines[1:]))
    writing.text("metadata_eval.csv", header + lines[0])
    corpus = corpus_of(writing)
    assert writing.said(corpus) == writing.expected
    assert {clip.split for clip in corpus.clips()} == {"train", "validation", "test"}
    assert "have no test, so that sentences are held out of all" in corpus.described()


def common_voice(writing: Writing, tables: dict[str, list[tuple[str, str, str]]]) -> None:
    """Write tables of speaker, recording and sentence."""
    for split, rows in tables.items():
        lines = [f"{speaker}\t{path}\t1\t{sentence}\t2\t0\n" for speaker, path, sentence in rows]
        writing.text(f"{split}.tsv", "client_id\tpath\tsentence_id\tsentence\tup_votes\tdown_votes\n" + "".join(lines))


def test_common_voice_keeps_its_splits_when_its_speakers_are_in_several(writing: Writing) -> None:
    tables: dict[str, list[tuple[str, str, str]]] = {"train": [], "dev": [], "test": []}
    for item in writing.spoken:
        writing.recording(f"clips/common_voice_en_{item.id}.mp3", item)
        row = (item.speaker, f"common_voice_en_{item.id}.mp3", item.text)
        tables[list(tables)[item.number - 1]].append(row)
    common_voice(writing, tables)
    clips = corpus_of(writing).clips()
    assert writing.said(corpus_of(writing)) == writing.expected
    assert [clip.split for clip in clips] == ["train", "train", "validation", "validation", "test", "test"]


def test_common_voice_is_split_anew_when_its_splits_divide_the_speakers(writing: Writing) -> None:
    tables: dict[str, list[tuple[str, str, str]]] = {}
    for speaker, split in (("a", "train"), ("b", "dev"), ("c", "test")):
        for item in writing.of_one:
            writing.recording(f"clips/{speaker}{item.number}.mp3", item)
            tables.setdefault(split, []).append((speaker, f"{speaker}{item.number}.mp3", item.text))
    common_voice(writing, tables)
    by_speaker = {(clip.speaker, clip.split) for clip in corpus_of(writing).clips()}
    assert len(by_speaker) == 9
    assert "its splits divide the speakers" in corpus_of(writing).described()


def test_common_voice_is_read_when_there_is_only_what_is_validated(writing: Writing) -> None:
    for item in writing.spoken:
        writing.recording(f"clips/{item.id}.mp3", item)
    common_voice(writing, {"validated": [(item.speaker, f"{item.id}.mp3", item.text) for item in writing.spoken]})
    assert writing.said(corpus_of(writing)) == writing.expected


@pytest.mark.parametrize("subset", ["", "train-clean-100/"])
def test_libritts_is_read_when_it_is_a_subset_or_holds_some(writing: Writing, subset: str) -> None:
    for item in writing.spoken:
        start = f"{subset}{item.speaker}/1241/{item.speaker}_1241_{item.number:06}_000000"
        writing.recording(f"{start}.wav", item)
        writing.text(f"{start}.normalized.txt", f"{item.text}\n")
        writing.text(f"{start}.original.txt", "An original text.")
    writing.text("SPEAKERS.txt", "; ID |SEX")
    assert writing.said(corpus_of(writing)) == writing.expected
    assert "LibriTTS" in corpus_of(writing).described()


@pytest.mark.parametrize("separator", ["|", "\t", ";", ","])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_table_is_read_when_a_spreadsheet_wrote_it(writing: Writing, separator: str, ends: str) -> None:
    lines = ["Path,Speaker,Text,Split", "# the first take was better,,,"]
    splits = ("Train", "valid", "TEST")
    for item in writing.spoken:
        writing.recording(f"takes/{item.id}.ogg", item)
        lines.append(f'takes\\{item.id},{item.speaker},"{item.text}, he said, ""now"".",{splits[item.number - 1]}')
    quoted = [line.replace(", he said, ", "<said>").replace(",", separator) for line in lines]
    writing.text("metadata.csv", "\ufeff" + ends.join(quoted).replace("<said>", ", he said, ") + ends)
    clips = corpus_of(writing).clips()
    assert {(clip.speaker, clip.text) for clip in clips} == {
        (item.speaker, f'{item.text}, he said, "now".') for item in writing.spoken
    }
    assert [clip.split for clip in clips[:3]] == ["train", "validation", "test"]
