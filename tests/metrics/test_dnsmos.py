"""DNSMOS: the published script's numbers, and direction."""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
import pytest

from metrics.dnsmos import Dnsmos, DnsmosJudge, listening_windows
from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Utterance
from vits.common.errors import InputError

pytest.importorskip("onnxruntime")


def test_scores_are_those_of_the_published_script(judges: Judges, speech: list[Utterance]) -> None:
    scores = judges.get(DnsmosJudge, "p835")([speech[0].wave_16k, speech[2].wave_16k])
    published = [[3.4807, 4.0425, 3.2071], [3.5171, 4.1093, 3.2596]]  # signal, background, overall
    np.testing.assert_allclose(scores, published, atol=2e-3)


@pytest.mark.parametrize(("seconds", "windows"), [(1, 7), (5, 1), (9.01, 1), (9.5, 1), (11, 2), (12.9, 3)])
def test_short_clips_are_doubled_and_long_ones_cut(seconds: float, windows: int) -> None:
    clip = np.arange(round(seconds * 16_000), dtype=np.float32)
    cut = listening_windows(clip)
    assert cut.shape == (windows, 144_160)
    assert cut[0, -1] == 144_159 % clip.size


def test_score_falls_when_noise_is_added_and_is_nan_without_sound(judges: Judges, speech: list[Utterance]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, speech[3].wave.size).astype(np.float32)
    scorer = Dnsmos().prepare(KnownVoices({}), judges)
    clean, noisy, silent = scorer(
        [speech[3], replace(speech[3], wave=speech[3].wave + noise), replace(speech[3], wave=noise * 0)]
    )
    assert noisy.values["dnsmos"] < clean.values["dnsmos"] - 0.5
    assert noisy.values["dnsmos_bak"] < clean.values["dnsmos_bak"] - 1
    for value in Dnsmos().values:
        assert 1 <= clean.values[value] <= 5
        assert math.isnan(silent.values[value])


def test_extra_is_named_when_the_package_is_missing(judges: Judges, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"metrics=dnsmos needs .* onnxruntime.*pip install 'voicegrid\[quality\]'"):
        DnsmosJudge.load("p835", judges.cache_dir, judges.device)
