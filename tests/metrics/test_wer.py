"""Word errors against counts by hand, hallucinations, and Whisper on real speech."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.error_rate import Errors, english_normaliser, without_punctuation
from metrics.judges.judge import Judges
from metrics.judges.transcriber import Transcript
from metrics.judges.whisper_judge import WhisperJudge
from metrics.metric import KnownVoices, Utterance
from metrics.wer import WordErrorRate, count_errors, hallucination

NOBODY = KnownVoices({})


@pytest.fixture(scope="session")
def whisper(judges: Judges) -> WhisperJudge:
    return judges.get(WhisperJudge, "tiny.en")


@pytest.mark.parametrize(
    ("hypothesis", "expected"),
    [
        ("the moon rose slowly", Errors(0, 0, 0, 4)),
        ("the noon rose slowly", Errors(1, 0, 0, 4)),
        ("the moon slowly", Errors(0, 1, 0, 4)),
        ("the big moon rose slowly", Errors(0, 0, 1, 4)),
        ("a moon rose very slowly", Errors(1, 0, 1, 4)),
        ("", Errors(0, 4, 0, 4)),
    ],
)
def test_errors_are_counted_as_by_hand(hypothesis: str, expected: Errors) -> None:
    assert count_errors("the moon rose slowly", hypothesis) == expected


def test_dots_are_no_words() -> None:
    assert without_punctuation(". half past 3 . . o'clock $") == "half past 3 o'clock"


def test_rate_is_undefined_when_the_reference_has_no_words() -> None:
    errors = count_errors("", "hello there")
    assert errors == Errors(0, 0, 2, 0)
    assert math.isnan(errors.rate)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(rainbow have been formed)", "rainbow have been formed"),
        ("[Rainbow] {have} <been> formed", "rainbow have been formed"),
        ("Rainbow (have [been]) formed", "rainbow have been formed"),
        ("rainbow (have been formed", "rainbow have been formed"),
        ("a < b and c > d", "a b and c d"),
        ("(（【Rainbow】）) 「formed」", "rainbow formed"),
        ("salt & pepper", "salt and pepper"),
        ("rain\u00adbow\u200b formed\x00now", "rainbow formed now"),
        ("cafe\u0301", "cafe"),
        ("Dr. (Smith) doesn't (uh) know", "doctor smith does not know"),
        ("five dollars (and 50%)", "$5 and 50%"),
        ("()", ""),
    ],
)
def test_words_are_those_that_are_spoken_when_normalised(text: str, words: str) -> None:
    assert english_normaliser()(text) == words


@given(st.lists(st.sampled_from(["the", "moon", "rose", "slowly", "behind"]), min_size=1), st.sampled_from("()[]{}<>"))
def test_brackets_change_no_word_when_put_anywhere(words: list[str], bracket: str) -> None:
    normalised = english_normaliser()
    for position in range(len(words)):
        text = " ".join([*words[:position], bracket + words[position], *words[position + 1 :]])
        assert normalised(text) == " ".join(words)


@pytest.mark.parametrize(
    ("transcript", "errors", "reason"),
    [
        (Transcript("the moon rose", 0.9, 0.01), Errors(0, 0, 0, 3), None),
        (Transcript("the the the the", 2.5, 0.01), Errors(0, 0, 1, 3), "loop"),
        (Transcript("you see the moon and the stars", 1.0, 0.01), Errors(0, 0, 4, 3), "invented"),
        (Transcript("you see the moon and stars", 1.0, 0.01), Errors(0, 0, 3, 3), None),
        (Transcript("you", 0.3, 0.9), Errors(1, 2, 0, 3), "silence"),
        (Transcript("", 0.0, 0.9), Errors(0, 3, 0, 3), None),
    ],
)
def test_hallucination_is_named_by_the_documented_rule(
    transcript: Transcript, errors: Errors, reason: str | None
) -> None:
    assert hallucination(transcript, errors) == reason
    score = WordErrorRate().score(transcript, errors)
    assert score.values["wer_hallucinated"] == float(reason is not None)
    assert score.notes.get("hallucination") == reason
    assert score.notes["transcript"] == transcript.text


def test_rate_is_zero_when_the_text_is_what_is_said(judges: Judges, speech: list[Utterance]) -> None:
    scores = WordErrorRate().prepare(NOBODY, judges)(speech)
    assert [score.values["wer"] for score in scores] == [0.0] * 6
    assert scores[0].notes["transcript"].lower().startswith("the moon rose slowly")
    assert all(set(score.values) == set(WordErrorRate().values) for score in scores)


def test_counts_are_those_of_the_altered_reference(judges: Judges, speech: list[Utterance]) -> None:
    # spoken: The moon rose slowly behind the chimneys.
    altered = [
        replace(speech[0], text="The sun rose slowly behind the chimneys!"),
        replace(speech[0], text="The full moon rose slowly behind the chimneys."),
        replace(speech[0], text="The moon rose behind the chimneys."),
        replace(speech[0], text="..."),
        replace(speech[0], text="(The moon rose slowly) [behind the chimneys.]"),
    ]
    scores = [score.values for score in WordErrorRate().prepare(NOBODY, judges)(altered)]
    kinds = ("wer_substitutions", "wer_deletions", "wer_insertions", "wer_reference_words")
    assert [tuple(score[kind] for kind in kinds) for score in scores] == [
        (1, 0, 0, 7),
        (0, 1, 0, 8),
        (0, 0, 1, 6),
        (0, 0, 7, 0),
        (0, 0, 0, 7),
    ]
    assert [score["wer"] for score in scores[:3]] == [1 / 7, 1 / 8, 1 / 6]
    assert math.isnan(scores[3]["wer"])


@pytest.mark.parametrize("wave", [np.zeros(0), np.zeros(32_000), np.full(32_000, np.nan)])
def test_every_word_is_deleted_when_there_is_no_sound(
    judges: Judges, speech: list[Utterance], wave: np.ndarray
) -> None:
    silent = replace(speech[0], wave=wave.astype(np.float32))
    (score,) = WordErrorRate().prepare(NOBODY, judges)([silent])
    assert (score.values["wer"], score.values["wer_deletions"]) == (1.0, 7.0)


def test_invention_is_flagged_and_kept_when_only_noise_is_heard(judges: Judges, speech: list[Utterance]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 44_100).astype(np.float32)
    (score,) = WordErrorRate().prepare(NOBODY, judges)([replace(speech[0], wave=noise)])
    assert score.values["wer_hallucinated"] == 1
    assert score.values["wer"] == 1
    assert score.notes["hallucination"] == "silence"


def test_loop_is_flagged_when_a_word_is_repeated_without_end(judges: Judges, speech: list[Utterance]) -> None:
    repeated = np.tile(speech[0].wave[:16_500], 30)
    (score,) = WordErrorRate().prepare(NOBODY, judges)([replace(speech[0], wave=repeated)])
    assert score.notes["hallucination"] == "loop"
    assert score.values["wer"] > 1


def test_transcripts_are_the_same_when_batched(whisper: WhisperJudge, speech: list[Utterance]) -> None:
    waves = [utterance.wave_16k for utterance in speech]
    together = whisper.listen(waves)
    alone = [whisper.listen([wave])[0] for wave in waves]
    assert [heard.text for heard in together] == [heard.text for heard in alone]
    for a, b in zip(together, alone, strict=True):
        assert a.no_speech_probability == pytest.approx(b.no_speech_probability, abs=1e-4)


def test_all_is_heard_when_a_clip_is_longer_than_a_window(whisper: WhisperJudge, speech: list[Utterance]) -> None:
    pause = np.zeros(28 * 16_000, dtype=np.float32)
    pause += np.random.default_rng(0).normal(0, 1e-4, pause.size).astype(np.float32)
    long = np.concatenate([speech[0].wave_16k, pause, speech[1].wave_16k])
    (transcript,) = whisper.transcribe([long])
    assert "chimneys" in transcript.text
    assert "sugar" in transcript.text


def test_corpus_rate_weighs_by_words_when_summarised() -> None:
    rows = pd.DataFrame(
        {
            "wer": [0.5, 0.0, math.nan],
            "wer_substitutions": [1.0, 0.0, 0.0],
            "wer_deletions": [0.0, 0.0, 0.0],
            "wer_insertions": [0.0, 0.0, 3.0],
            "wer_reference_words": [2.0, 8.0, 0.0],
            "wer_hallucinated": [0.0, 0.0, 1.0],
        }
    )
    summary = WordErrorRate().summarise({name: rows[name].to_numpy() for name in rows})
    weights = rows[WordErrorRate.weight]
    assert summary["wer"] == (rows["wer"].fillna(0) * weights).sum() / weights[rows["wer"].notna()].sum()
    assert summary["wer"] == 0.1
    assert summary["wer_substitutions"] == 0.1
    assert summary["wer_insertions"] == 0.0
    assert summary["wer_reference_words"] == 10
    assert summary["wer_hallucinated"] == pytest.approx(1 / 3)
    assert math.isnan(WordErrorRate().summarise({name: rows[name].to_numpy()[2:] for name in rows})["wer"])
