"""The larger judge: its own names, and what it hears."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from metrics.cer_faster_whisper import FasterWhisperCharacterErrorRate
from metrics.judges.faster_whisper_judge import FasterWhisperJudge
from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Utterance
from metrics.wer import WordErrorRate
from metrics.wer_faster_whisper import FasterWhisperWordErrorRate
from vits.common.errors import InputError

NOBODY = KnownVoices({})


def test_names_are_its_own() -> None:
    assert not set(FasterWhisperWordErrorRate().values) & set(WordErrorRate().values)
    assert FasterWhisperWordErrorRate().identity != WordErrorRate().identity


def test_rate_is_zero_when_the_text_is_what_is_said(judges: Judges, speech: list[Utterance]) -> None:
    pytest.importorskip("faster_whisper")
    batch = [speech[0], speech[3], replace(speech[0], text="The sun rose slowly behind the chimneys.")]
    scores = FasterWhisperWordErrorRate().prepare(NOBODY, judges)(batch)
    assert [score.values["wer_fw_base"] for score in scores] == [0.0, 0.0, 1 / 7]
    assert scores[2].values["wer_fw_base_substitutions"] == 1
    assert scores[0].notes["wer_fw_base_transcript"].startswith("The moon rose slowly")
    assert set(scores[0].values) == set(FasterWhisperWordErrorRate().values)


def test_letters_are_counted_in_the_same_transcripts_when_both_rates_are_asked_for(
    judges: Judges, speech: list[Utterance], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faster_whisper")
    batch = [speech[0], replace(speech[0], text="The noon rose slowly behind the chimneys.")]
    FasterWhisperWordErrorRate().prepare(NOBODY, judges)(batch)
    monkeypatch.setattr(FasterWhisperJudge, "listen", lambda *_: pytest.fail("transcribed again"))
    scores = FasterWhisperCharacterErrorRate().prepare(NOBODY, judges)(batch)
    assert [score.values["cer_fw_base"] for score in scores] == [0.0, 1 / 40]
    assert set(scores[0].values) == set(FasterWhisperCharacterErrorRate().values)


def test_every_word_is_deleted_when_there_is_no_sound(judges: Judges, speech: list[Utterance]) -> None:
    pytest.importorskip("faster_whisper")
    silent = replace(speech[0], wave=np.zeros(0, dtype=np.float32))
    (score,) = FasterWhisperWordErrorRate().prepare(NOBODY, judges)([silent])
    assert (score.values["wer_fw_base"], score.values["wer_fw_base_deletions"]) == (1.0, 7.0)


def test_extra_is_named_when_the_package_is_missing(judges: Judges, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(InputError, match=r"needs the package faster_whisper.*voicegrid\[faster-whisper\]"):
        FasterWhisperJudge.load("base", judges.cache_dir, judges.device)
