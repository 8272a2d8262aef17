"""Voices as they are named and mixed, and their style vectors in Kokoro's package."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from runners.corpus_making.voice_mixtures import STYLE_CHANNELS, parse_voices, read_styles
from vits.common.errors import InputError


def test_voices_are_read_when_plain_mixed_and_named() -> None:
    voices = parse_voices("af_heart, 040:bm_lewis+am_onyx,af_sky+af_sky")
    assert [voice.speaker for voice in voices] == ["af_heart", "040", "af_sky+af_sky"]
    assert [str(voice) for voice in voices] == ["af_heart", "bm_lewis+am_onyx", "af_sky+af_sky"]
    assert [voice.language for voice in voices] == ["en-us", "en-gb", "en-us"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("af_heart,", "'' is no voice"),
        ("a/b:af_heart", "'a/b:af_heart' is no voice"),
        ("..:af_heart", "can't be a folder"),
        ("xf_alpha", "xf_alpha isn't a voice of Kokoro's"),
        ("x:af_heart,x:af_sky", "two speakers x"),
        ("x:af_heart,X:af_sky", "has the speakers 'x' and 'X', which differ only in case"),
    ],
)
def test_voices_are_refused_when_they_are_no_usable_voices(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_voices(text)


@pytest.fixture
def voices_package(tmp_path: Path) -> Path:
    """An npm package with two voices of two style vectors, and a file that is none."""
    contents = {f"package/voices/{name}.bin": _style(value).tobytes() for name, value in (("af_a", 1), ("bm_b", 4))}
    path = tmp_path / "voices.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {**contents, "package/dist/af_c.bin": b"?"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _style(value: float) -> np.ndarray:
    return np.full((2, STYLE_CHANNELS), value, dtype=np.float32)


def test_mixture_is_the_average_of_its_voices_when_they_are_read(voices_package: Path) -> None:
    plain, mixture = read_styles(voices_package, parse_voices("bm_b,af_a+bm_b"))
    np.testing.assert_array_equal(plain, _style(4))
    np.testing.assert_array_equal(mixture, _style(2.5))


def test_error_lists_the_voices_when_one_is_unknown(voices_package: Path) -> None:
    with pytest.raises(InputError, match="no voice af_c; choose from af_a, bm_b"):
        read_styles(voices_package, parse_voices("af_c"))
