from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from linting_material import MakeClip

from metrics.judges.judge import Judges
from metrics.metric import KeptScore, Score
from metrics.wer import WordErrorRate
from runners.linting.finding import Severity
from runners.linting.listening import HeardCache, sample
from runners.linting.transcripts import disagreements, transcribe
from vits.common.atomic_files import default_cache_dir
from vits.corpus.clip import Clip
from vits.corpus.folder import FolderCorpus

SPEECH = Path(__file__).parents[2] / "data" / "speech"
WER = WordErrorRate()


def score(errors: int, words: int, heard: str) -> Score:
    """The score of a transcript whose errors are all substitutions."""
    values = dict.fromkeys(WER.values, 0.0)
    values |= {"wer": errors / words, "wer_substitutions": float(errors), "wer_reference_words": float(words)}
    return Score(values, {"transcript": heard})


@pytest.fixture
def cache(tmp_path: Path) -> HeardCache:
    return HeardCache(tmp_path, WER.identity, KeptScore)


def heard(cache: HeardCache, clip: Clip, errors: int, words: int = 10) -> Clip:
    """The clip, after Whisper has listened to it."""
    clip.path.write_text(clip.name)
    cache.keep(clip, score(errors, words, f"heard {clip.name}"))
    return clip


def test_clips_are_named_worst_first_when_whisper_hears_other_words(
    cache: HeardCache, make_clip: MakeClip, tmp_path: Path
) -> None:
    clips = [heard(cache, make_clip(name, "Text.", name), errors) for name, errors in (("a", 6), ("b", 5), ("c", 9))]
    of_clips, of_speakers = disagreements(clips, WER, tmp_path, "en-us", max_wer=0.5)
    assert of_clips.concerned == (
        "c: WER 0.90, heard 'heard c' for 'Text.'",
        "a: WER 0.60, heard 'heard a' for 'Text.'",
    )
    assert of_clips.what.startswith("in 2 of 3 recordings that it listened to")
    assert of_speakers.concerned == ("c: WER 0.90", "a: WER 0.60", "b: WER 0.50")


def test_speaker_is_named_when_all_its_words_together_are_misheard(
    cache: HeardCache, make_clip: MakeClip, tmp_path: Path
) -> None:
    clips = [heard(cache, make_clip("a", "Text.", "ada"), 4), heard(cache, make_clip("b", "Text.", "ada"), 3, 30)]
    assert disagreements(clips, WER, tmp_path, "en-us", max_wer=0.5) == []  # 7 of 40 words
    (finding,) = disagreements(clips[:1], WER, tmp_path, "en-us", max_wer=0.5)
    assert finding.concerned == ("ada: WER 0.40",)


def test_check_is_skipped_when_whisper_has_not_listened(cache: HeardCache, make_clip: MakeClip, tmp_path: Path) -> None:
    unheard = make_clip("b", "Text.")
    unheard.path.write_text("b")
    clips = [heard(cache, make_clip("a", "Text."), 0), unheard]
    (finding,) = disagreements(clips, WER, tmp_path, "en-us", max_wer=0.5)
    assert finding.severity is Severity.SKIPPED
    assert finding.what == "Whisper has not listened to 1 of the 2 recordings of its sample"


def test_clip_is_unheard_again_when_its_text_is_corrected(
    cache: HeardCache, make_clip: MakeClip, tmp_path: Path
) -> None:
    clip = heard(cache, make_clip("a", "Text."), 0)
    assert disagreements([clip], WER, tmp_path, "en-us", max_wer=0.5) == []
    (finding,) = disagreements([replace(clip, text="Another text.")], WER, tmp_path, "en-us", max_wer=0.5)
    assert finding.severity is Severity.SKIPPED


def test_check_is_skipped_when_the_language_is_not_english(make_clip: MakeClip, tmp_path: Path) -> None:
    (finding,) = disagreements([make_clip("a", "Ja.")], WER, tmp_path, "de", max_wer=0.5)
    assert finding.severity is Severity.SKIPPED
    assert "hears English alone, and data.language=de" in finding.what


def test_check_is_skipped_when_there_are_no_spellings(make_clip: MakeClip, tmp_path: Path) -> None:
    (finding,) = disagreements([make_clip("a", phonemes="ja")], WER, tmp_path, "en-us", max_wer=0.5)
    assert finding.severity is Severity.SKIPPED
    assert "data.transcripts" in finding.remedy


def test_wrong_text_is_found_when_whisper_listens_to_real_speech(tmp_path: Path) -> None:
    right, wrong, *_ = FolderCorpus(root=str(SPEECH)).read()
    clips = [right, replace(wrong, text="Nothing of this kind was ever said by anybody here.")]
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    listening = Judges(tmp_path, judges.device, {(WER.transcriber, WER.model): judges.get(WER.transcriber, WER.model)})
    transcribe(clips, WER, listening)
    finding, *_ = disagreements(clips, WER, tmp_path, "en-us", max_wer=0.5)
    (worst,) = finding.concerned
    assert worst.startswith(f"{wrong.name}: WER ")
    transcribe(clips, WER, Judges(tmp_path, torch.device("meta")))  # all known: needs no judge


def test_sample_is_of_test_clips_first_when_speakers_have_more(make_clip: MakeClip) -> None:
    clips = [
        make_clip("a"),
        make_clip("b", split="validation"),
        make_clip("c", split="test"),
        make_clip("d", split="homework"),
        make_clip("e", speaker="ben"),
    ]
    assert [clip.name for clip in sample(clips, 2)] == ["c", "d", "e"]
    assert [clip.name for clip in sample(clips, 3)] == ["c", "d", "b", "e"]
    assert sample(clips, 0) == []
    assert len(sample(clips, None)) == len(clips)
