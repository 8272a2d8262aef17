"""Where is spoken, where it is cut, how loud and how noisy it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from long_recordings import RATE, demo_clips, write_recording

from metrics.metric import JUDGED_RATE
from runners.preparing.cutting import pieces, with_edges
from runners.preparing.decoding import decode
from runners.preparing.loudness import TARGET_LUFS, amplified, gain_to_target_db, loudness_lufs
from runners.preparing.voice_activity import Span, VoiceActivity, speech_runs
from runners.preparing.wada_snr import wada_snr_db
from vits.common.errors import InputError
from vits.corpus.audio import read_audio


def test_speech_is_found_where_it_is_when_there_are_pauses(tmp_path: Path) -> None:
    said = write_recording(tmp_path / "a.wav", demo_clips("040", 3))
    wave = read_audio(tmp_path / "a.wav", JUDGED_RATE)
    told: list[float] = []
    runs = VoiceActivity(tmp_path / "cache")(wave, told.append)
    found = pieces(runs, 2.0, 12.0)
    assert len(found) == len(said)
    for piece, sentence in zip(found, said, strict=True):
        assert sentence.start_s - 0.1 <= piece.start_s <= sentence.start_s + 0.4
        assert sentence.end_s - 0.6 <= piece.end_s <= sentence.end_s + 0.2
    assert sum(told) == pytest.approx(wave.size / JUDGED_RATE, abs=0.04)
    (kept,) = (tmp_path / "cache" / "voice_activity").iterdir()
    before = kept.stat().st_mtime_ns
    assert VoiceActivity(tmp_path / "cache")(wave, told.append) == runs
    assert kept.stat().st_mtime_ns == before, "it was looked up"


def test_nothing_is_speech_when_there_is_silence_or_a_click(tmp_path: Path) -> None:
    assert VoiceActivity(tmp_path)(np.zeros(JUDGED_RATE, dtype=np.float32), lambda _: None) == []
    assert speech_runs([0.0, 0.9, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0], 0.25) == []


def test_speech_goes_on_when_it_is_unsure_for_a_moment() -> None:
    (run,) = speech_runs([0.0, 0.6, 0.4, 0.2, 0.2, 0.6, 0.6, 0.0, 0.0, 0.0, 0.0], 1.0)
    assert (run.start_s, run.end_s) == (0.032, 7 * 0.032)


def test_pieces_are_cut_joined_and_divided_when_their_lengths_ask_for_it() -> None:
    runs = [
        Span(0.0, 3.0),
        Span(3.2, 5.0),
        Span(6.0, 7.0),
        Span(7.8, 12.0),
        Span(14.0, 19.0),
        Span(19.3, 23.0),
        Span(23.2, 28.0),
        Span(40.0, 40.5),
    ]
    assert pieces(runs, 2.0, 12.0) == [
        Span(0.0, 5.0),
        Span(6.0, 12.0),
        Span(14.0, 19.0),
        Span(19.3, 28.0),
        Span(40.0, 40.5),
    ]
    assert pieces([], 2.0, 12.0) == []


def test_edges_take_half_a_pause_at_most_and_nothing_of_speech() -> None:
    runs = [Span(1.0, 2.0), Span(2.1, 3.0), Span(5.0, 6.0)]
    assert with_edges(Span(1.0, 2.0), runs, 7.0) == Span(0.88, 2.05)
    assert with_edges(Span(2.1, 3.0), runs, 7.0) == Span(2.05, 3.12)
    assert with_edges(Span(5.0, 6.0), runs, 6.05) == Span(4.88, 6.05)
    assert with_edges(Span(1.5, 2.0), runs, 7.0).start_s == 1.5, "the line begins within speech"
    assert with_edges(Span(0.05, 0.9), [Span(0.05, 0.9)], 2.0).start_s == 0.0


def test_clips_have_the_same_loudness_when_their_peaks_allow_it() -> None:
    wave = read_audio(demo_clips("040", 1)[0].path, RATE)
    for level in (1.0, 0.05):
        quiet = amplified(wave, 20 * np.log10(level))
        gain = gain_to_target_db(quiet, loudness_lufs(quiet, RATE))
        assert loudness_lufs(amplified(quiet, gain), RATE) == pytest.approx(TARGET_LUFS, abs=0.05)
    spiky = wave.copy()
    spiky[100] = 1.0
    assert gain_to_target_db(spiky, -60.0) == pytest.approx(-1.0)
    assert loudness_lufs(np.zeros(RATE, dtype=np.float32), RATE) == -np.inf


@pytest.mark.parametrize("ratio_db", [0, 10, 20])
def test_noise_is_measured_when_it_was_added(ratio_db: int) -> None:
    wave = read_audio(demo_clips("040", 2)[1].path, RATE)
    noise = np.random.default_rng(0).standard_normal(wave.size)
    noise *= np.sqrt((wave**2).mean() / 10 ** (ratio_db / 10))
    assert wada_snr_db((wave + noise).astype(np.float32)) == pytest.approx(ratio_db, abs=3)


def test_clean_speech_is_far_above_noise_and_silence_is_below_it() -> None:
    assert wada_snr_db(read_audio(demo_clips("040", 2)[1].path, RATE)) > 30
    assert wada_snr_db(np.zeros(RATE, dtype=np.float32)) == -20


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "m4a"])
def test_recordings_are_read_when_they_are_of_any_common_format(suffix: str, tmp_path: Path) -> None:
    said = write_recording(tmp_path / f"a.{suffix}", demo_clips("040", 1))
    wave, rate = decode(tmp_path / f"a.{suffix}")
    assert rate == RATE
    assert wave.size / rate == pytest.approx(said[0].end_s + 1.0, abs=0.1)
    assert 0.05 < np.abs(wave).max() < 0.4


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "can't be read as audio"), (b"no audio" * 99, "can't be read as audio")]
)
def test_file_is_refused_in_one_line_when_it_is_no_recording(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "a.m4a").write_bytes(content)
    with pytest.raises(InputError, match=told):
        decode(tmp_path / "a.m4a")
