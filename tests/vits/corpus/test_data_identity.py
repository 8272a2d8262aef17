"""Other data have another identity, whatever it is that changed; the same data have the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from vits.corpus.clip import Clip
from vits.corpus.data_identity import corpus_identity
from vits.corpus.feature_cache import FeatureCache
from vits.corpus.features import PreparedCorpus, PreparedUtterance, prepare
from vits.spectrogram import AudioAnalysis, MelSpectrogram
from vits.text.phonemizer import EspeakPhonemizer
from vits.text.tokens import Tokenizer

ANALYSIS = AudioAnalysis()


@pytest.fixture
def clips(write_tone: Callable[..., Path]) -> list[Clip]:
    """Two speakers with a clip each in every split."""
    return [
        Clip(write_tone(f"{split}{who}.wav", seconds=0.5 + 0.1 * i), who, "Yes.", f"{split}{who}", "jˈɛs.", split)
        for i, (split, who) in enumerate((s, w) for s in ("train", "validation", "test") for w in ("ada", "ben"))
    ]


def prepared(clips: list[Clip], folder: Path, max_frames: int | None = None) -> PreparedCorpus:
    spectrogram = MelSpectrogram(ANALYSIS)
    return prepare(clips, ANALYSIS, spectrogram, Tokenizer(), EspeakPhonemizer(), folder, max_frames=max_frames)


def identity(clips: list[Clip], folder: Path, max_frames: int | None = None) -> str:
    corpus = prepared(clips, folder, max_frames)
    return corpus_identity({split: corpus.in_split(split) for split in ("train", "validation", "test")})


@pytest.mark.parametrize("split", ["train", "validation", "test"])
@pytest.mark.parametrize("change", ["recording", "text", "speaker", "phonemes", "split", "swapped speakers", "order"])
def test_identity_is_another_when_anything_that_is_read_changed(
    split: str, change: str, clips: list[Clip], tmp_path: Path
) -> None:
    before = identity(clips, tmp_path / "cache")
    first, second = (index for index, clip in enumerate(clips) if clip.split == split)
    changed = list(clips)
    if change == "recording":
        clips[first].path.write_bytes(clips[second].path.read_bytes())
    elif change == "swapped speakers":
        changed[first] = replace(clips[first], speaker="ben")
        changed[second] = replace(clips[second], speaker="ada")
    elif change == "order":
        changed[first], changed[second] = clips[second], clips[first]
    else:
        others = {
            "text": "Yes!",
            "speaker": "cleo",
            "phonemes": "nˈoʊ.",
            "split": "train" if split != "train" else "test",
        }
        changed[first] = replace(clips[first], **{change: others[change]})
    assert identity(changed, tmp_path / "cache") != before


def test_identity_is_another_when_a_test_clip_falls_out(clips: list[Clip], tmp_path: Path) -> None:
    assert identity(clips, tmp_path / "cache", max_frames=80) != identity(clips, tmp_path / "cache")


def test_identity_is_the_same_when_only_the_place_changed(clips: list[Clip], tmp_path: Path) -> None:
    before = identity(clips, tmp_path / "cache")
    moved = [replace(clip, path=clip.path.rename(tmp_path / f"moved-{clip.path.name}")) for clip in clips]
    assert identity(moved, tmp_path / "other cache") == before


def test_utterances_have_the_keys_of_their_corpus_when_read(clips: list[Clip], tmp_path: Path) -> None:
    corpus = prepared(clips, tmp_path / "cache")
    assert corpus.content_keys == [utterance.content_key for utterance in corpus]
    assert corpus_identity({"train": corpus}) == corpus_identity({"train": list(corpus)})


def test_key_covers_the_wave_when_nothing_was_recorded(clips: list[Clip]) -> None:
    spoken = PreparedUtterance(clips[0], torch.zeros(3).long(), torch.zeros(256), torch.zeros(80, 1))
    assert spoken.content_key != replace(spoken, wave=torch.ones(256)).content_key


def test_identity_takes_less_than_50_ms_when_there_are_600_clips(clips: list[Clip], tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, ANALYSIS, MelSpectrogram(ANALYSIS))
    many = PreparedCorpus(clips * 100, [torch.zeros(1).long()] * 600, ["key" * 13] * 600, [1] * 600, cache, {})
    started = time.process_time()
    corpus_identity({"train": many})
    assert time.process_time() - started < 0.05
