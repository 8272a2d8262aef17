"""The inverse short-time Fourier transform as one small matrix product and an overlap-add."""

from __future__ import annotations

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.errors import InputError


class InverseSTFT(nn.Module):
    """Audio from magnitude and phase: Hann window, frames centred, squared-window normalisation.

    The same function as `torch.istft(center=True)`, for frames so short (16 samples) that the transform is a
    matrix; exports to ONNX and takes the CPU a fraction of the time.
    """

    basis: Tensor
    window_power: Tensor

    def __init__(self, n_fft: int, hop_length: int) -> None:
        super().__init__()
        if n_fft % hop_length:
            raise InputError(f"hop_length={hop_length} must divide n_fft={n_fft} of the inverse STFT")
        self.n_fft = n_fft
        self.hop_length = hop_length
        window = torch.hann_window(n_fft, dtype=torch.float64)
        bins = n_fft // 2 + 1
        real = torch.fft.irfft(torch.eye(bins, dtype=torch.complex128), n=n_fft)
        imaginary = torch.fft.irfft(1j * torch.eye(bins, dtype=torch.complex128), n=n_fft)
        basis = torch.cat((real, imaginary)) * window
        self.register_buffer("basis", basis.mT.contiguous().float(), persistent=False)
        self.register_buffer("window_power", window.square().float().unsqueeze(1), persistent=False)

    def forward(
        self, magnitude: Float[Tensor, "batch bins frames"], phase: Float[Tensor, "batch bins frames"]
    ) -> Float[Tensor, "batch samples"]:
        """`hop_length * (frames - 1)` samples."""
        spectrum = torch.cat((magnitude * torch.cos(phase), magnitude * torch.sin(phase)), dim=1)
        audio = self._overlap_add(self.basis @ spectrum)
        power = self._overlap_add(self.window_power.expand(1, -1, spectrum.shape[2]))
        margin = self.n_fft // 2
        return audio[:, margin:-margin] / power[:, margin:-margin]

    def _overlap_add(self, frames: Float[Tensor, "batch n_fft frames"]) -> Float[Tensor, "batch samples"]:
        overlap = self.n_fft // self.hop_length
        pieces = rearrange(frames, "batch (piece hop) frames -> piece batch hop frames", piece=overlap)
        placed = [nn.functional.pad(piece, (at, overlap - 1 - at)) for at, piece in enumerate(pieces)]
        return rearrange(torch.stack(placed).sum(dim=0), "batch hop frames -> batch (frames hop)")
