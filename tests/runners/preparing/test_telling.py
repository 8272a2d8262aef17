"""What is said at the end of the noise in clips that were kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runners.cli.prepare_arguments import PrepareArguments
from runners.preparing.clip_writing import CLIP, LEFT_OUT, Part
from runners.preparing.telling import tell

ARGUMENTS = PrepareArguments(audio="a", out="o")
CLEAN = Part("a", "anna", 0.0, 3.0, CLIP, path="clips/a.flac", snr_db=40.0)


def told(parts: list[Part], capsys: pytest.CaptureFixture[str]) -> list[str]:
    tell(parts, ARGUMENTS, "")
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("noise: ")]


def test_noisy_clips_are_counted_and_the_noisiest_is_named_when_they_were_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    noisy = replace(CLEAN, path="clips/b.flac", snr_db=14.9)
    noisier = replace(CLEAN, path="clips/c.flac", snr_db=9.4)
    left_out = replace(CLEAN, path="", snr_db=3.0, outcome=LEFT_OUT, reason="noisy (SNR 3 dB, below 8)")
    (line,) = told([CLEAN, noisy, noisier, left_out], capsys)
    assert line.startswith("noise: 2 of 3 clips have an SNR below 15 dB by WADA-SNR (the noisiest: clips/c.flac, 9 dB;")
    assert line.endswith("leave them out with min_snr_db=15 if you hear it")


def test_nothing_is_said_of_noise_when_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert told([CLEAN, replace(CLEAN, snr_db=15.0)], capsys) == []
