"""Discriminators, losses, filter banks, spectrograms and alignment equal those that they replace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vits.alignment import search_alignment
from vits.checkpoint import load_strict
from vits.discriminators import (
    DurationDiscriminator1,
    DurationDiscriminator2,
    Judgement,
    MultiPeriodDiscriminator,
)
from vits.layers import length_mask
from vits.losses import SubbandSTFTLoss, discriminator_loss, feature_matching_loss, generator_loss, kl_loss
from vits.pqmf import PQMF
from vits.reference.name_rules import Rule, renamed
from vits.reference.reference_names import DURATION_DISCRIMINATOR, MULTI_PERIOD_DISCRIMINATOR
from vits.spectrogram import AudioAnalysis, LinearSpectrogram, MelSpectrogram

FOLDER = Path(__file__).parent / "golden" / "components"
TOLERANCE = 1e-4

LoadGolden = Callable[[nn.Module, str, tuple[Rule, ...]], nn.Module]


@pytest.fixture(scope="module")
def io() -> dict[str, Tensor]:
    with np.load(FOLDER / "io.npz") as arrays:
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


@pytest.fixture(scope="module")
def load_golden(golden_weights: Callable[..., dict[str, Tensor]]) -> LoadGolden:
    shapes = json.loads((FOLDER / "state_dict_shapes.json").read_text())

    def load(module: nn.Module, part: str, rules: tuple[Rule, ...]) -> nn.Module:
        load_strict(module, renamed(golden_weights(shapes[part]), rules), source=part)
        return module.eval().requires_grad_(False)

    return load


@pytest.fixture(scope="module")
def judged(io: dict[str, Tensor], load_golden: LoadGolden) -> tuple[list[Judgement], list[Judgement]]:
    discriminator = load_golden(MultiPeriodDiscriminator(), "mpd", MULTI_PERIOD_DISCRIMINATOR)
    return discriminator.compare(io["mpd_real"], io["mpd_fake"])


def assert_golden(ours: Tensor, stored: Tensor) -> None:
    torch.testing.assert_close(ours, stored, atol=TOLERANCE, rtol=0.0)


@pytest.mark.parametrize("index", range(6))
def test_scores_equal_golden_when_audio_is_judged(
    index: int, io: dict[str, Tensor], judged: tuple[list[Judgement], list[Judgement]]
) -> None:
    real, fake = judged
    assert_golden(real[index].score, io[f"mpd_score_real_{index}"])
    assert_golden(fake[index].score, io[f"mpd_score_fake_{index}"])


def test_adversarial_losses_equal_golden_when_audio_is_judged(
    io: dict[str, Tensor], judged: tuple[list[Judgement], list[Judgement]]
) -> None:
    real, fake = judged
    fake_scores = [judgement.score for judgement in fake]
    assert_golden(discriminator_loss([judgement.score for judgement in real], fake_scores), io["mpd_loss_disc"])
    assert_golden(generator_loss(fake_scores), io["mpd_loss_gen"])
    assert_golden(feature_matching_loss(real, fake), io["mpd_loss_fm"])


@pytest.mark.parametrize("heard", ["real", "fake"])
@pytest.mark.parametrize(("number", "kind"), [(1, DurationDiscriminator1), (2, DurationDiscriminator2)])
def test_scores_equal_golden_when_durations_are_judged(
    number: int, kind: type[nn.Module], heard: str, io: dict[str, Tensor], load_golden: LoadGolden
) -> None:
    part = f"dur_disc_{number}"
    discriminator = load_golden(kind(192, 192), part, DURATION_DISCRIMINATOR)
    scores = discriminator(io[f"{part}_h"], io[f"{part}_mask"], io[f"{part}_{heard}"])
    assert_golden(scores, io[f"{part}_out_{heard}"])


def test_kl_loss_equals_golden_when_frames_are_masked(io: dict[str, Tensor]) -> None:
    assert_golden(kl_loss(*(io[f"kl_{name}"] for name in ("z_p", "logs_q", "m_p", "logs_p", "mask"))), io["kl"])


def test_filter_bank_equals_golden_when_audio_is_split_and_joined(io: dict[str, Tensor]) -> None:
    pqmf = PQMF()
    bands = pqmf.analysis(io["mpd_real"])
    assert_golden(bands, io["pqmf_analysis"])
    assert_golden(pqmf.synthesis(bands), io["pqmf_synthesis"])


def test_subband_stft_loss_equals_golden_when_bands_differ(io: dict[str, Tensor]) -> None:
    pqmf = PQMF()
    loss = SubbandSTFTLoss()(pqmf.analysis(io["mpd_fake"]), pqmf.analysis(io["mpd_real"]))
    assert_golden(loss, io["subband_stft_loss"])


def test_spectrograms_equal_golden_when_a_wave_is_analysed(io: dict[str, Tensor]) -> None:
    assert_golden(LinearSpectrogram(AudioAnalysis())(io["wave"]), io["linear"])
    assert_golden(MelSpectrogram(AudioAnalysis())(io["wave"]), io["mel"])


def test_paths_are_exactly_golden_when_lengths_differ(io: dict[str, Tensor]) -> None:
    _, frames, tokens = io["mas_scores"].shape
    path = search_alignment(
        io["mas_scores"], length_mask(io["mas_t_text"], tokens), length_mask(io["mas_t_mel"], frames)
    )
    assert torch.equal(path, io["mas_path"])
