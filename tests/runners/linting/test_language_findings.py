from __future__ import annotations

from pathlib import Path

import pytest
import torch
from linting_material import MakeClip

from metrics.judges.judge import Judges
from metrics.judges.language_codes import whisper_code
from metrics.judges.language_detection import SpokenLanguage
from runners.linting import spoken_language
from runners.linting.finding import Severity
from runners.linting.listening import HeardCache
from runners.linting.spoken_language import detect_languages, wrong_language
from vits.common.errors import InputError
from vits.corpus.clip import Clip


@pytest.fixture
def clips(make_clip: MakeClip, tmp_path: Path) -> list[Clip]:
    """Clips of which it is known in which language they are."""
    cache: HeardCache = spoken_language._cache(tmp_path)
    heard = {"a": ("en", 0.99), "b": ("de", 0.55), "c": ("de", 0.95), "d": ("cy", 0.3)}
    made = [make_clip(name, "Text.") for name in heard]
    for clip in made:
        clip.path.write_text(clip.name)
        cache.keep(clip, SpokenLanguage(*heard[clip.name]))
    return made


def test_clips_are_named_surest_first_when_another_language_is_likely(clips: list[Clip], tmp_path: Path) -> None:
    (finding,) = wrong_language(clips, tmp_path, "en-gb")
    assert finding.concerned == ("c: de (0.95)", "b: de (0.55)")
    assert finding.what == "2 of 4 recordings that Whisper listened to are in another language than en"


def test_expected_language_is_that_of_the_corpus_when_it_is_not_english(clips: list[Clip], tmp_path: Path) -> None:
    (finding,) = wrong_language(clips, tmp_path, "de")
    assert finding.concerned == ("a: en (0.99)",)


def test_judge_is_not_needed_when_all_was_heard_before(clips: list[Clip], tmp_path: Path) -> None:
    assert detect_languages(clips, Judges(tmp_path, torch.device("meta"))) == []


def test_check_is_skipped_when_the_judge_can_not_be_had(
    make_clip: MakeClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(cls: object, name: str, cache_dir: Path, device: torch.device) -> object:
        raise InputError("can't get the weights")

    monkeypatch.setattr(spoken_language.LanguageJudge, "load", classmethod(unreachable))
    clip = make_clip("a", "Text.")
    clip.path.write_text("a")
    (finding,) = detect_languages([clip], Judges(tmp_path, torch.device("cpu")))
    assert finding.severity is Severity.SKIPPED
    assert finding.what == "the language spoken can't be detected (can't get the weights)"


@pytest.mark.parametrize(("espeak", "whisper"), [("en-us", "en"), ("de", "de"), ("cmn", "zh"), ("nb", "no")])
def test_code_is_whispers_when_espeak_has_another(espeak: str, whisper: str) -> None:
    assert whisper_code(espeak) == whisper
