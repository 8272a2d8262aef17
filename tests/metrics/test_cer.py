"""Character errors against counts by hand, and one transcript for two metrics."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.cer import CharacterErrorRate, count_character_errors
from metrics.error_rate import Errors
from metrics.judges.judge import Judges
from metrics.judges.whisper_judge import WhisperJudge
from metrics.metric import KnownVoices, Utterance
from metrics.wer import WordErrorRate

NOBODY = KnownVoices({})
NORMALISED = st.text("abc ").map(lambda text: " ".join(text.split()))


@pytest.mark.parametrize(
    ("hypothesis", "expected"),
    [
        ("the moon", Errors(0, 0, 0, 8)),
        ("the noon", Errors(1, 0, 0, 8)),
        ("themoon", Errors(0, 1, 0, 8)),
        ("the moons", Errors(0, 0, 1, 8)),
        ("", Errors(0, 8, 0, 8)),
    ],
)
def test_errors_are_counted_as_by_hand(hypothesis: str, expected: Errors) -> None:
    assert count_character_errors("the moon", hypothesis) == expected


def test_rate_is_undefined_when_the_reference_is_empty() -> None:
    assert math.isnan(count_character_errors("", "you").rate)


@given(NORMALISED.filter(bool), NORMALISED)
def test_counts_turn_one_length_into_the_other(reference: str, hypothesis: str) -> None:
    errors = count_character_errors(reference, hypothesis)
    assert errors.reference_length - errors.deletions + errors.insertions == len(hypothesis)
    assert (errors.rate == 0) == (reference == hypothesis)


def test_rate_is_zero_when_the_text_is_what_is_said(judges: Judges, speech: list[Utterance]) -> None:
    scores = CharacterErrorRate().prepare(NOBODY, judges)(speech)
    assert [score.values["cer"] for score in scores] == [0.0] * 6
    assert all(set(score.values) == set(CharacterErrorRate().values) for score in scores)


def test_one_letter_costs_less_than_a_word_when_a_word_is_almost_right(judges: Judges, speech: list[Utterance]) -> None:
    # spoken: The moon rose slowly behind the chimneys.
    altered = [replace(speech[0], text="The noon rose slowly behind the chimneys.")]
    (letters,) = CharacterErrorRate().prepare(NOBODY, judges)(altered)
    (words,) = WordErrorRate().prepare(NOBODY, judges)(altered)
    assert letters.values["cer"] == 1 / letters.values["cer_reference_characters"] == 1 / 40
    assert words.values["wer"] == 1 / 7


def test_every_character_is_deleted_when_there_is_no_sound(judges: Judges, speech: list[Utterance]) -> None:
    silent = replace(speech[0], wave=np.zeros(22_050, dtype=np.float32))
    (score,) = CharacterErrorRate().prepare(NOBODY, judges)([silent])
    assert (score.values["cer"], score.values["cer_deletions"]) == (1.0, 40.0)


def test_clips_are_transcribed_once_when_wer_and_cer_are_asked_for(
    judges: Judges, speech: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [replace(utterance, wave=utterance.wave * 0.7) for utterance in speech[:2]]
    WordErrorRate().prepare(NOBODY, judges)(batch)
    monkeypatch.setattr(WhisperJudge, "listen", lambda *_: pytest.fail("transcribed again"))
    scores = CharacterErrorRate().prepare(NOBODY, judges)(batch)
    assert [score.values["cer"] for score in scores] == [0.0, 0.0]


def test_corpus_rate_weighs_by_characters_when_summarised() -> None:
    rows = pd.DataFrame(
        {
            "cer": [0.5, 0.0, math.nan],
            "cer_substitutions": [1.0, 0.0, 0.0],
            "cer_deletions": [0.0, 0.0, 0.0],
            "cer_insertions": [0.0, 0.0, 3.0],
            "cer_reference_characters": [2.0, 8.0, 0.0],
        }
    )
    summary = CharacterErrorRate().summarise({name: rows[name].to_numpy() for name in rows})
    assert (summary["cer"], summary["cer_substitutions"], summary["cer_insertions"]) == (0.1, 0.1, 0.0)
    assert summary["cer_reference_characters"] == 10
