"""Pseudo quadrature mirror filters: audio as four critically sampled bands, and back.

Nguyen, Near-perfect-reconstruction pseudo-QMF banks, 1994; Yang et al., Multi-band MelGAN, 2020, section 2.3.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

TAPS = 62
CUTOFF = 0.15  # of the sampling rate's half
KAISER_BETA = 9.0


def prototype_filter() -> Float[np.ndarray, "taps"]:
    """The low-pass prototype of 63 taps that all bands are modulated from."""
    offset = np.arange(TAPS + 1) - TAPS / 2
    return CUTOFF * np.sinc(CUTOFF * offset) * np.kaiser(TAPS + 1, KAISER_BETA)


def _modulated(n_bands: int, sign: int) -> Float[Tensor, "bands 1 taps"]:
    band = np.arange(n_bands)[:, None]
    position = np.arange(TAPS + 1)[None, :] - (TAPS - 1) / 2
    angle = (2 * band + 1) * np.pi / (2 * n_bands) * position + sign * (-1.0) ** band * np.pi / 4
    return torch.from_numpy(2 * prototype_filter() * np.cos(angle)).float().unsqueeze(1)


class PQMF(nn.Module):
    """Analysis into `n_bands` bands at 1/n_bands of the rate, and synthesis from them."""

    analysis_filters: Tensor
    synthesis_filters: Tensor

    def __init__(self, n_bands: int = 4) -> None:
        super().__init__()
        self.n_bands = n_bands
        self.register_buffer("analysis_filters", _modulated(n_bands, +1), persistent=False)
        self.register_buffer("synthesis_filters", _modulated(n_bands, -1).flip(-1), persistent=False)

    def analysis(self, wave: Float[Tensor, "batch 1 samples"]) -> Float[Tensor, "batch bands reduced"]:
        """The bands of audio whose length is a multiple of `n_bands`."""
        return nn.functional.conv1d(wave, self.analysis_filters, stride=self.n_bands, padding=TAPS // 2)

    def synthesis(self, bands: Float[Tensor, "batch bands reduced"]) -> Float[Tensor, "batch 1 samples"]:
        """The audio whose bands these are; zero-stuffing and filtering in one transposed convolution."""
        return nn.functional.conv_transpose1d(
            bands * self.n_bands,
            self.synthesis_filters,
            stride=self.n_bands,
            padding=TAPS // 2,
            output_padding=self.n_bands - 1,
        )
