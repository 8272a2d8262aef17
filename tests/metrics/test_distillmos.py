"""DistillMOS: the published model's numbers, and direction."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from metrics.distillmos import DistillMos
from metrics.judges.distillmos_judge import DistillMosJudge, opinion_windows
from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Utterance


def test_opinions_are_those_of_the_published_model(judges: Judges, speech: list[Utterance]) -> None:
    waves = [utterance.wave_16k for utterance in speech]
    judge = judges.get(DistillMosJudge, "v7")
    opinions = judge([*waves, np.concatenate(waves)])  # the last fills several windows
    assert opinions == pytest.approx([3.0799, 3.6894, 3.4640, 4.4131, 4.5202, 4.2823, 4.2714], abs=2e-3)


def test_windows_overlap_and_the_last_ends_with_the_clip() -> None:
    clip = np.linspace(0.1, 1, 122_880 + 20_000, dtype=np.float32)
    windows = opinion_windows(clip)
    assert windows.shape == (3, 122_880)
    torch.testing.assert_close(windows.amax(dim=1), torch.ones(3))
    assert opinion_windows(clip[:16_000])[0, 16_000:].abs().max() == 0


def test_opinion_falls_when_noise_is_added_and_is_nan_without_sound(judges: Judges, speech: list[Utterance]) -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, speech[3].wave.size).astype(np.float32)
    scorer = DistillMos().prepare(KnownVoices({}), judges)
    clean, noisy, silent = scorer(
        [speech[3], replace(speech[3], wave=speech[3].wave + noise), replace(speech[3], wave=noise * 0)]
    )
    assert 1 <= noisy.values["distillmos"] < clean.values["distillmos"] - 1
    assert clean.values["distillmos"] <= 5
    assert math.isnan(silent.values["distillmos"])
