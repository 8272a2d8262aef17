from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vits.common.errors import InputError
from vits.corpus.audio import read_audio

RATE = 22050


def tone(seconds: float, hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [
        ("a.wav", 22050, 1),
        ("a.wav", 44100, 2),
        ("a.wav", 11025, 1),
        ("a.wav", 37123, 1),
        ("a.flac", 48000, 1),
        ("a.ogg", 32000, 2),
        ("a.opus", 24000, 1),
    ],
)
def test_tone_is_the_same_when_formats_rates_and_channels_differ(
    write_tone: Callable[..., Path], name: str, rate: int, channels: int
) -> None:
    wave = read_audio(write_tone(name, rate=rate, channels=channels), RATE)
    assert wave.dtype == np.float32
    assert wave.shape == pytest.approx((RATE,), abs=2)
    inner = slice(2000, 20000)  # filters and codecs change the ends
    assert np.abs(wave[inner] - tone(1.0)[inner]).max() < 0.1


def test_samples_are_exact_when_nothing_has_to_change(write_tone: Callable[..., Path]) -> None:
    path = write_tone("a.wav", subtype="FLOAT")
    assert np.array_equal(read_audio(path, RATE), tone(1.0).astype(np.float32))


def test_channels_are_averaged_when_they_differ(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.tile([0.5, -0.25], (100, 1)), RATE, subtype="FLOAT")
    assert read_audio(tmp_path / "a.wav", RATE) == pytest.approx(np.full(100, 0.125))


def test_error_names_the_file_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file .*nowhere\.wav"):
        read_audio(tmp_path / "nowhere.wav", RATE)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.wav", b"", "a.wav is an empty file"),
        ("a.wav", b"hello, this is a text", "a.wav can't be read as audio"),
        ("a.mp4", b"\x00\x01" * 500, "a.mp4 can't be read as audio"),
        ("a.raw", b"\x00\x01" * 500, "a.raw doesn't tell its format"),
    ],
)
def test_error_names_the_file_when_it_is_not_audio(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_audio(tmp_path / name, RATE)


def test_error_names_the_file_when_it_has_no_samples(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(0), RATE)
    with pytest.raises(InputError, match=r"a\.wav contains no audio"):
        read_audio(tmp_path / "a.wav", RATE)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_error_names_the_file_when_a_sample_is_not_finite(tmp_path: Path, value: float) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.1, value, 0.1]), RATE, subtype="FLOAT")
    with pytest.raises(InputError, match=r"a\.wav contains NaN or infinite"):
        read_audio(tmp_path / "a.wav", RATE)
