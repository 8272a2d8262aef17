from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linting_material import MakeClip, WriteWave

from runners.linting.audio_facts import audio_facts, measure, measure_all
from vits.common.kept_files import keep_json

RATE = 16_000


def test_facts_are_those_of_the_wave_when_it_is_sound(tone: np.ndarray) -> None:
    facts = measure(tone, RATE)
    assert facts.duration_s == 1.0
    assert facts.clipped == 0.0
    assert facts.loudest_db == pytest.approx(20 * np.log10(np.sqrt(np.mean(tone**2))), abs=0.5)


@pytest.mark.parametrize("ceiling", [1.0, 0.7])
def test_clipping_is_seen_when_peaks_are_cut_at_any_level(tone: np.ndarray, ceiling: float) -> None:
    cut = np.clip(tone * 4, -ceiling, ceiling)
    share = float(np.mean(np.abs(tone * 4) >= ceiling))
    assert share > 0.01
    assert measure(cut, RATE).clipped == pytest.approx(share, rel=0.1)


@given(hz=st.integers(80, 4000), level=st.floats(0.05, 0.99), rate=st.sampled_from([16_000, 22_050, 24_000]))
def test_clipping_is_not_seen_when_a_tone_is_only_loud(hz: int, level: float, rate: int) -> None:
    time = np.arange(rate // 4) / rate
    wave = level * np.sin(2 * np.pi * hz * time + 0.3) * (1 - 0.2 * time)
    assert measure(wave.astype(np.float32), rate).clipped < 1e-4


def test_level_is_the_lowest_when_nothing_sounds() -> None:
    facts = measure(np.zeros(RATE, dtype=np.float32), RATE)
    assert facts.loudest_db == -120.0
    assert facts.clipped == 0.0


def test_level_is_that_of_the_loud_part_when_the_rest_is_silent(tone: np.ndarray) -> None:
    mostly_silent = np.concatenate([np.zeros(9 * RATE, dtype=np.float32), tone])
    assert measure(mostly_silent, RATE).loudest_db == pytest.approx(measure(tone, RATE).loudest_db, abs=0.5)


def test_fingerprint_is_the_same_when_only_name_and_format_differ(
    tone: np.ndarray, write_wave: WriteWave, tmp_path: Path
) -> None:
    paths = [write_wave(name, tone) for name in ("a.wav", "b.flac")]
    first, second = (audio_facts(path, tmp_path / "cache") for path in paths)
    assert first.samples == second.samples
    louder = audio_facts(write_wave("c.wav", tone * 1.01), tmp_path / "cache")
    assert louder.samples != first.samples


def test_facts_are_measured_once_when_asked_again(tone: np.ndarray, write_wave: WriteWave, tmp_path: Path) -> None:
    path, cache = write_wave("a.wav", tone), tmp_path / "cache"
    first = audio_facts(path, cache)
    (kept,) = (cache / "audio_facts").iterdir()
    keep_json(kept, {**asdict(first), "duration_s": 7.0})
    assert audio_facts(path, cache).duration_s == 7.0
    for damaged in ("{damaged", "", kept.read_text().replace("7.0", "1.5")):
        kept.write_text(damaged)
        assert audio_facts(path, cache) == first


def test_recordings_are_sorted_out_when_missing_or_unreadable(
    tone: np.ndarray, write_wave: WriteWave, make_clip: MakeClip, tmp_path: Path
) -> None:
    write_wave("good.wav", tone)
    (tmp_path / "bad.wav").write_bytes(b"no audio")
    (tmp_path / "empty.wav").write_bytes(b"")
    recordings = measure_all([make_clip(name) for name in ("good", "bad", "empty", "gone")], tmp_path / "cache")
    assert set(recordings.facts) == {"good"}
    assert set(recordings.unreadable) == {"bad", "empty"}
    assert "bad.wav can't be read as audio" in recordings.unreadable["bad"]
