"""Who says what in which split, and sentences and splits that can't be divided."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.corpus_making.corpus_plan import Split, parse_splits, plan_clips, read_sentences
from runners.corpus_making.voice_mixtures import Voice
from vits.common.errors import InputError

ADA, BEN = Voice("ada", ("af_heart",)), Voice("ben", ("bm_lewis", "am_onyx"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("One.\n\n Two | three.\n", ":3: a sentence may not contain |"),
        ("One.\nTwo.\n  One. \n", ":3: the sentence of line 1 again"),
        ("\n \n", "has no sentences"),
    ],
)
def test_sentences_are_refused_when_a_table_could_not_hold_them(content: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text(content)
    with pytest.raises(InputError) as raised:
        read_sentences(path)
    assert reason in str(raised.value)


@pytest.mark.parametrize("text", ["", "train,test:4", "train:0", "train:x", "a b:3", "train:2,train:3"])
def test_splits_are_refused_when_they_do_not_divide_the_sentences(text: str) -> None:
    with pytest.raises(InputError, match=f"splits={text}"):
        parse_splits(text)


def test_every_voice_says_the_same_when_they_share_the_sentences() -> None:
    plan = plan_clips([ADA, BEN], ["One.", "Two.", "Three."], parse_splits("train:2,test"), share=True)
    assert [(clip.path, clip.text) for clip in plan] == [
        ("train/ada/000.opus", "One."),
        ("train/ada/001.opus", "Two."),
        ("test/ada/000.opus", "Three."),
        ("train/ben/000.opus", "One."),
        ("train/ben/001.opus", "Two."),
        ("test/ben/000.opus", "Three."),
    ]


@given(n_voices=st.integers(1, 6), counts=st.lists(st.integers(1, 4), min_size=1, max_size=3), left=st.integers(0, 9))
def test_no_sentence_is_said_twice_when_each_voice_has_its_own(n_voices: int, counts: list[int], left: int) -> None:
    voices = [Voice(f"v{number}", ("af_heart",)) for number in range(n_voices)]
    splits = [*(Split(f"s{place}", count) for place, count in enumerate(counts)), Split("rest", None)]
    sentences = [str(number) for number in range(n_voices * (sum(counts) + 1) + left)]
    plan = plan_clips(voices, sentences, splits, share=False)
    assert sorted(clip.text for clip in plan) == sorted(sentences)
    assert len({clip.path for clip in plan}) == len(plan)
    said = [
        [sum(clip.voice == voice and clip.split == split.name for clip in plan) for split in splits] for voice in voices
    ]
    assert all(row[:-1] == counts for row in said)
    assert max(row[-1] for row in said) - min(row[-1] for row in said) <= 1


def test_error_names_the_number_when_there_are_too_few_sentences() -> None:
    with pytest.raises(InputError, match="need 6 sentences, but the file has 5"):
        plan_clips([ADA, BEN], list("abcde"), parse_splits("train:2,test"), share=False)
