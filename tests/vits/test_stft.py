"""The matrix form of the short-time Fourier transform against PyTorch's."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vits.stft import ShortTimePower


@pytest.mark.parametrize(("n_fft", "hop", "win"), [(384, 30, 150), (683, 60, 300), (171, 10, 60), (16, 4, 16)])
@given(samples=st.integers(400, 3000))
def test_power_equals_torch_stft_when_signals_are_of_any_length(n_fft: int, hop: int, win: int, samples: int) -> None:
    wave = torch.randn(2, samples, generator=torch.Generator().manual_seed(samples))
    expected = torch.stft(wave, n_fft, hop, win, torch.hann_window(win), return_complex=True).abs().square()
    power = ShortTimePower(n_fft, hop, win)(wave)
    torch.testing.assert_close(power, expected.mT, rtol=1e-4, atol=1e-3)
