from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.istft import InverseSTFT


@settings(max_examples=40)
@given(
    sizes=st.sampled_from([(16, 4), (16, 8), (8, 2), (32, 4)]),
    frames=st.integers(6, 40),
    batch=st.integers(1, 3),
    seed=st.integers(0, 1000),
)
def test_audio_equals_torch_istft_when_spectrum_is_any(
    sizes: tuple[int, int], frames: int, batch: int, seed: int
) -> None:
    n_fft, hop_length = sizes
    generator = torch.Generator().manual_seed(seed)
    magnitude = torch.rand(batch, n_fft // 2 + 1, frames, generator=generator)
    phase = (torch.rand(magnitude.shape, generator=generator) - 0.5) * 8
    expected = torch.istft(
        torch.polar(magnitude, phase), n_fft, hop_length, window=torch.hann_window(n_fft), center=True
    )
    audio = InverseSTFT(n_fft, hop_length)(magnitude, phase)
    assert audio.shape == (batch, hop_length * (frames - 1))
    torch.testing.assert_close(audio, expected, atol=1e-5, rtol=1e-5)


def test_audio_comes_back_when_spectrum_is_its_own() -> None:
    wave = torch.randn(2, 64, generator=torch.Generator().manual_seed(0))
    spectrum = torch.stft(wave, 16, 4, window=torch.hann_window(16), return_complex=True)
    torch.testing.assert_close(InverseSTFT(16, 4)(spectrum.abs(), spectrum.angle()), wave, atol=1e-5, rtol=1e-5)


def test_hop_is_refused_when_it_does_not_divide_the_transform() -> None:
    with pytest.raises(InputError, match="hop_length=5 must divide n_fft=16"):
        InverseSTFT(16, 5)
