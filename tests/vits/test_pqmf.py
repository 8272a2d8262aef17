from __future__ import annotations

import numpy as np
import pytest
import torch

from vits.pqmf import PQMF

EDGE = 64  # samples at each end that the filters see only a part of


def error_db(joined: torch.Tensor, wave: torch.Tensor) -> float:
    """Energy of what differs, relative to the audio, away from the ends."""
    error, signal = (joined - wave)[..., EDGE:-EDGE], wave[..., EDGE:-EDGE]
    return 10 * float(torch.log10(error.square().mean() / signal.square().mean()))


def joined_and_wave(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    wave = torch.randn(2, 1, 8192, generator=torch.Generator().manual_seed(seed))
    pqmf = PQMF()
    return pqmf.synthesis(pqmf.analysis(wave)), wave


def test_joined_bands_are_nearly_the_audio_when_delayed_by_a_sample() -> None:
    joined, wave = joined_and_wave()
    assert joined.shape == wave.shape
    # modulated about tap 30.5 of 63, so analysis and synthesis together come one sample late
    assert error_db(joined[..., 1:], wave[..., :-1]) < -15


@pytest.mark.parametrize("delay", [-1, 0, 2])
def test_joined_bands_are_not_the_audio_when_delay_is_another(delay: int) -> None:
    joined, wave = joined_and_wave()
    assert error_db(joined, wave.roll(delay, dims=-1)) > 0


@pytest.mark.parametrize("samples", [64, 4096])
def test_bands_add_up_when_waves_are_added(samples: int) -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = (torch.randn(1, 1, samples, generator=generator) for _ in range(2))
    pqmf = PQMF()
    torch.testing.assert_close(
        pqmf.analysis(one) + pqmf.analysis(other), pqmf.analysis(one + other), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("band", range(4))
def test_energy_lies_in_its_band_when_audio_is_a_tone(band: int) -> None:
    cycles_per_sample = (2 * band + 1) / 16  # the centre of the band
    tone = torch.sin(2 * np.pi * cycles_per_sample * torch.arange(4096, dtype=torch.float64)).float()
    energy = PQMF().analysis(tone.view(1, 1, -1)).square().mean((0, 2))
    assert energy.argmax() == band
    assert energy[band] / energy.sum() > 0.999


def test_bands_are_a_quarter_as_long_when_audio_is_split() -> None:
    assert PQMF().analysis(torch.zeros(3, 1, 400)).shape == (3, 4, 100)
