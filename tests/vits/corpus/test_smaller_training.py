"""Smaller training sets lie within larger ones, and touch nothing that is held out."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from vits.corpus.clip import Clip
from vits.corpus.split import SPARE, TEST, TRAIN, VALIDATION, smaller_training

CLIPS = [
    Clip(
        Path(f"{speaker}{n}.wav"), speaker, f"text {n}", f"{speaker}{n}", split=(TRAIN, TRAIN, TEST, VALIDATION)[n % 4]
    )
    for speaker, count in (("anna", 40), ("ben", 12))
    for n in range(count)
]


def trained(per_speaker: int, seed: int = 0) -> set[str]:
    return {clip.name for clip in smaller_training(CLIPS, per_speaker, seed) if clip.split == TRAIN}


@given(few=st.integers(1, 30), more=st.integers(0, 30), seed=st.integers(0, 5))
def test_smaller_set_is_part_of_the_larger_when_more_is_asked_for(few: int, more: int, seed: int) -> None:
    assert trained(few, seed) <= trained(few + more, seed)


@given(per_speaker=st.integers(1, 30))
def test_each_speaker_has_so_many_and_the_rest_is_spare(per_speaker: int) -> None:
    found = smaller_training(CLIPS, per_speaker, 0)
    for speaker, available in (("anna", 20), ("ben", 6)):
        own = [clip.split for clip in found if clip.speaker == speaker]
        assert own.count(TRAIN) == min(per_speaker, available)
        assert own.count(SPARE) == available - own.count(TRAIN)
    held_out = [(clip.name, clip.split) for clip in found if clip.split in (TEST, VALIDATION)]
    assert held_out == [(clip.name, clip.split) for clip in CLIPS if clip.split in (TEST, VALIDATION)]


def test_another_set_is_drawn_when_the_seed_is_another() -> None:
    assert trained(5, 0) != trained(5, 1)
    assert trained(5, 0) == trained(5, 0)
