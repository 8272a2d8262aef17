from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from torch import nn

from vits.common.errors import InputError
from vits.common.kept_files import keep
from vits.corpus.audio import read_audio
from vits.corpus.clip import Clip
from vits.corpus.feature_cache import FeatureCache
from vits.corpus.features import PreparedCorpus, PreparedUtterance, prepare, with_phonemes
from vits.spectrogram import AudioAnalysis, LinearSpectrogram, MelSpectrogram
from vits.text.phonemizer import EspeakPhonemizer
from vits.text.tokens import Tokenizer

ANALYSIS = AudioAnalysis()


class Counted(nn.Module):
    """A mel spectrogram that counts how often it is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.mel = MelSpectrogram(ANALYSIS)
        self.times = 0

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        self.times += 1
        return self.mel(wave)


def ready(clips: list[Clip], cache: Path, spectrogram: nn.Module | None = None, **limits: int) -> PreparedCorpus:
    module = spectrogram or MelSpectrogram(ANALYSIS)
    return prepare(clips, ANALYSIS, module, Tokenizer(), EspeakPhonemizer(), cache, **limits)


def same(first: PreparedUtterance, second: PreparedUtterance) -> bool:
    return all(torch.equal(getattr(first, n), getattr(second, n)) for n in ("tokens", "wave", "spectrogram"))


def flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :]


@pytest.fixture
def clip(write_tone: Callable[..., Path]) -> Clip:
    return Clip(write_tone("a.flac", seconds=1.0), "040", "Yes.", "a", split="train")


def test_wave_and_spectrogram_agree_when_prepared(clip: Clip, tmp_path: Path) -> None:
    utterance = ready([clip], tmp_path / "cache")[0]
    assert utterance.wave.shape == (86 * 256,)
    assert utterance.spectrogram.shape == (80, 86)
    wave = torch.from_numpy(read_audio(clip.path, 22050))[: 86 * 256]
    assert torch.equal(utterance.wave, wave)
    assert torch.equal(utterance.spectrogram, MelSpectrogram(ANALYSIS)(wave[None])[0])
    assert utterance.clip == replace(clip, phonemes="jˈɛs.")
    assert torch.equal(utterance.tokens, Tokenizer()("jˈɛs."))


def test_own_phonemes_are_kept_when_the_corpus_brings_them(clip: Clip, tmp_path: Path) -> None:
    clips = with_phonemes([replace(clip, phonemes="nˈoʊ"), clip, clip], EspeakPhonemizer(), tmp_path)
    assert [each.phonemes for each in clips] == ["nˈoʊ", "jˈɛs.", "jˈɛs."]


def test_spectrogram_is_computed_once_when_prepared_again(clip: Clip, tmp_path: Path) -> None:
    counted = Counted()
    first = ready([clip], tmp_path / "cache", counted)[0]
    renamed = replace(clip, path=clip.path.rename(tmp_path / "b.flac"))
    second = ready([renamed], tmp_path / "cache", counted)[0]
    assert counted.times == 1
    assert same(first, second)


def test_key_changes_when_recording_analysis_or_spectrogram_do(clip: Clip, tmp_path: Path) -> None:
    mel, linear = MelSpectrogram(ANALYSIS), LinearSpectrogram(ANALYSIS)
    other = replace(ANALYSIS, fmax_hz=8000.0)
    keys = [
        FeatureCache(tmp_path, ANALYSIS, mel).key(clip.path),
        FeatureCache(tmp_path, ANALYSIS, linear).key(clip.path),
        FeatureCache(tmp_path, other, mel).key(clip.path),
        FeatureCache(tmp_path, ANALYSIS, MelSpectrogram(other)).key(clip.path),
    ]
    assert keys[0] == FeatureCache(tmp_path / "elsewhere", ANALYSIS, MelSpectrogram(ANALYSIS)).key(clip.path)
    clip.path.write_bytes(clip.path.read_bytes() + b"\0")
    keys.append(FeatureCache(tmp_path, ANALYSIS, mel).key(clip.path))
    assert len(set(keys)) == 5


@pytest.mark.parametrize("damage", ["empty", "garbage", "cut", "a bit", "first bit", "other tensors"])
def test_cached_file_is_made_again_when_damaged(clip: Clip, tmp_path: Path, damage: str) -> None:
    prepared = ready([clip], tmp_path / "cache")
    before = prepared[0]
    (cached,) = (tmp_path / "cache").rglob("*.features")
    whole = cached.read_bytes()
    damaged = {
        "empty": b"",
        "garbage": os.urandom(999),
        "cut": whole[:-100],
        "a bit": flipped(whole, len(whole) // 2),
        "first bit": flipped(whole, 0),
    }
    if damage == "other tensors":
        keep(tmp_path / "other", save({"other": torch.zeros(1)}))
        damaged[damage] = (tmp_path / "other").read_bytes()
    cached.write_bytes(damaged[damage])
    assert same(prepared[0], before)
    assert cached.read_bytes() == whole
    cached.write_bytes(damaged[damage])
    assert ready([clip], tmp_path / "cache").frames == [86]


def test_cached_file_is_whole_when_many_write_it(clip: Clip, tmp_path: Path) -> None:
    caches = [FeatureCache(tmp_path / "cache", ANALYSIS, MelSpectrogram(ANALYSIS)) for _ in range(8)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        measured = set(pool.map(lambda cache: cache.measure(clip.path), caches))
    assert {frames for _, frames in measured} == {86}
    assert len([path for path in (tmp_path / "cache").rglob("*") if path.is_file()]) == 1


def test_clips_are_counted_by_reason_when_left_out(write_tone: Callable[..., Path], tmp_path: Path) -> None:
    def spoken(name: str, seconds: float, text: str = "Yes.", phonemes: str | None = None) -> Clip:
        return Clip(write_tone(f"{name}.wav", seconds=seconds), "1", text, name, phonemes, "train")

    clips = [
        spoken("whole", 1.0),
        spoken("short", 0.3),
        spoken("tiny", 0.01),
        spoken("long", 3.0),
        spoken("dense", 0.5, text="Far too many words for so short a clip, aren't there?"),
        spoken("silent", 1.0, phonemes="東京"),
        spoken("dots", 1.0, text="..."),
    ]
    prepared = ready(clips, tmp_path / "cache", min_frames=32, max_frames=200)
    assert [clip.name for clip in prepared.clips] == ["whole"]
    assert prepared.skipped == {
        "shorter than the minimum": 2,
        "longer than the limit": 1,
        "more tokens than frames": 1,
        "no known symbol in its phonemes": 2,
    }
    with pytest.raises(
        InputError, match=r"no clip of 2 can be used \(2 shorter than the minimum; allowed are 32 to 200"
    ):
        ready(clips[1:3], tmp_path / "cache", min_frames=32, max_frames=200)


def test_splits_are_taken_apart_when_prepared_together(write_tone: Callable[..., Path], tmp_path: Path) -> None:
    clips = [
        Clip(write_tone(f"{i}.wav", seconds=0.5 + i / 10), "1", "Yes.", str(i), split=split)
        for i, split in enumerate(["train", "test", "train"])
    ]
    prepared = ready(clips, tmp_path / "cache")
    train = prepared.in_split("train")
    assert [clip.name for clip in train.clips] == ["0", "2"]
    assert train.frames == [prepared.frames[0], prepared.frames[2]]
    assert [utterance.clip.name for utterance in train] == ["0", "2"]
    assert [len(u.wave) // 256 for u in prepared] == prepared.frames
    with pytest.raises(InputError, match="no clip is in the split 'validation'; choose one of test, train"):
        prepared.in_split("validation")


def test_threads_are_as_before_when_preparing_fails(clip: Clip, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    broken = tmp_path / "broken.wav"
    broken.write_bytes(os.urandom(100))
    with pytest.raises(InputError, match=r"broken\.wav can't be read as audio"):
        ready([clip, replace(clip, path=broken)], tmp_path / "cache")
    assert torch.get_num_threads() == before
