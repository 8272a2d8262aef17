from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.corpus.clip import Clip
from vits.corpus.split import HoldOut, read_split, split_by_sentence, write_split


def corpus_of(sentences: dict[str, list[str]]) -> list[Clip]:
    return [
        Clip(Path(f"/data/{speaker}/{i}.wav"), speaker, text, f"{speaker}/{i}")
        for speaker, texts in sentences.items()
        for i, text in enumerate(texts)
    ]


def counts(clips: list[Clip]) -> dict[str, Counter[str | None]]:
    found: dict[str, Counter[str | None]] = defaultdict(Counter)
    for clip in clips:
        found[clip.speaker][clip.split] += 1
    return found


own_sentences = st.lists(st.integers(3, 60), min_size=1, max_size=4).map(
    lambda sizes: corpus_of({f"s{s}": [f"sentence {s} {i}" for i in range(n)] for s, n in enumerate(sizes)})
)
shared_sentences = st.lists(
    st.lists(st.integers(0, 30), min_size=10, max_size=31, unique=True), min_size=1, max_size=5
).map(lambda sets: corpus_of({f"s{s}": [f"sentence {i}" for i in chosen] for s, chosen in enumerate(sets)}))
hold_outs = st.builds(HoldOut, st.integers(0, 8), st.integers(0, 30), st.integers(0, 5))


@given(own_sentences, hold_outs)
def test_sizes_are_those_asked_for_when_sentences_are_not_shared(clips: list[Clip], hold_out: HoldOut) -> None:
    total = Counter(clip.speaker for clip in clips)
    for speaker, sizes in counts(split_by_sentence(clips, hold_out)).items():
        assert sizes["test"] == hold_out.target("test", total[speaker]) <= hold_out.test
        assert sizes["validation"] == hold_out.target("validation", total[speaker]) <= hold_out.validation
        assert sizes["train"] >= max(1, (total[speaker] - 1) // 2)


@given(st.one_of(own_sentences, shared_sentences), hold_outs)
def test_no_sentence_is_in_two_splits_when_speakers_share_it(clips: list[Clip], hold_out: HoldOut) -> None:
    splits: dict[str, set[str | None]] = defaultdict(set)
    for clip in split_by_sentence(clips, hold_out):
        splits[clip.sentence].add(clip.split)
    assert all(len(found) == 1 for found in splits.values())


@given(st.one_of(own_sentences, shared_sentences), hold_outs)
def test_every_speaker_has_every_split_when_there_are_enough_sentences(clips: list[Clip], hold_out: HoldOut) -> None:
    for sizes in counts(split_by_sentence(clips, hold_out)).values():
        assert set(sizes) == {"train", *hold_out.splits}


@given(st.one_of(own_sentences, shared_sentences), hold_outs, st.randoms())
def test_split_is_the_same_when_clips_come_in_another_order(clips: list[Clip], hold_out: HoldOut, random) -> None:
    shuffled = random.sample(clips, len(clips))
    first = {clip.name: clip.split for clip in split_by_sentence(clips, hold_out)}
    assert first == {clip.name: clip.split for clip in split_by_sentence(shuffled, hold_out)}


def test_split_differs_when_the_seed_does() -> None:
    clips = corpus_of({"a": [f"sentence {i}" for i in range(40)]})
    assert split_by_sentence(clips, HoldOut(seed=0)) != split_by_sentence(clips, HoldOut(seed=1))


def test_case_and_punctuation_do_not_matter_when_sentences_are_compared() -> None:
    clips = corpus_of({"a": ["Yes, Sir!", "b", "c"], "b": ["yes sir", "d", "e"]})
    split = {clip.name: clip.split for clip in split_by_sentence(clips, HoldOut())}
    assert split["a/0"] == split["b/0"]


def test_error_names_the_speaker_when_there_are_too_few_sentences() -> None:
    clips = corpus_of({"a": ["one", "two", "three"], "b": ["four", "five", "Four."]})
    with pytest.raises(InputError, match="speaker b has 2 different sentences, and at least 3 are needed"):
        split_by_sentence(clips, HoldOut())
    assert len(split_by_sentence(clips, HoldOut(validation=0))) == 6


def test_error_says_what_to_do_when_shared_sentences_admit_no_split() -> None:
    triples = {"a": ["1", "2", "3"], "b": ["1", "2", "4"], "c": ["1", "3", "4"], "d": ["2", "3", "4"]}
    with pytest.raises(InputError, match=r"shares its sentences with others .* column `split`"):
        split_by_sentence(corpus_of(triples), HoldOut())


def test_error_names_the_size_when_it_is_negative() -> None:
    with pytest.raises(InputError, match=r"data\.test=-1 must be"):
        HoldOut(test=-1)


def test_splits_are_found_again_when_written_down(tmp_path: Path) -> None:
    clips = split_by_sentence(corpus_of({"a": ["one", "two", "three"], "b": ['"x"', "y", "z"]}), HoldOut())
    write_split(tmp_path / "split.csv", clips)
    lines = (tmp_path / "split.csv").read_text().splitlines()
    assert lines[0] == "split|speaker|text|path"
    assert lines[1:] == sorted(lines[1:])
    unsplit = corpus_of({"a": ["one", "two", "three"], "b": ['"x"', "y", "z"]})
    assert sorted(read_split(tmp_path / "split.csv", unsplit), key=str) == sorted(clips, key=str)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"split\.csv:1: the header is ''"),
        ("path|split\n", r"split\.csv:1: the header is"),
        ("split|speaker|text|path\ntest|a|one\n", r"split\.csv:2: 3 fields"),
        ("split|speaker|text|path\ntest|a|one|x/y.wav\n", r"split\.csv:2: the corpus has no clip 'x/y\.wav'"),
    ],
)
def test_error_names_file_and_line_when_a_split_is_malformed(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "split.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_split(tmp_path / "split.csv", corpus_of({"a": ["one"]}))
