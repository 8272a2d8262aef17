"""Whom the rows of an adapted model belong to."""

from __future__ import annotations

from runners.experiment.finishing import joined_speakers
from vits.bundle import BaseSpeaker


def test_base_speaker_gives_up_the_name_when_a_new_one_looks_alike() -> None:
    base = [BaseSpeaker("ada", 3), BaseSpeaker("040 (base)", 2), BaseSpeaker("040", 5), BaseSpeaker("ben", 0)]
    joined = joined_speakers(base, [BaseSpeaker("040", 7), BaseSpeaker("Ada", 1)])
    assert [speaker.name for speaker in joined] == [
        "ada (base)",
        "040 (base)",
        "040 (base) (base)",
        "ben",
        "040",
        "Ada",
    ]
    assert [speaker.utterances for speaker in joined] == [3, 2, 5, 0, 7, 1]
