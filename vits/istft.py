"""The inverse short-time Fourier transform as one small matrix product and an overlap-add."""

from __future__ import annotations

import torch
from einops import rearrange
from jaxtyping import Float, Int64
from torch import Tensor, nn

from vits.common.errors import InputError
from vits.layers import length_mask

SMALLEST_POWER = 1e-3  # of the overlapping windows; far below that of any place where a frame is


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
        self,
        magnitude: Float[Tensor, "batch bins frames"],
        phase: Float[Tensor, "batch bins frames"],
        steps: Int64[Tensor, "batch"] | None = None,
    ) -> Float[Tensor, "batch samples"]:
        """`hop_length * (frames - 1)` samples.

        With `steps`, item i has the frames `0 .. steps[i]` alone, as if it had been transformed without the
        others, and is zero behind sample `hop_length * steps[i]`.
        """
        power = self.window_power.expand(1, -1, magnitude.shape[2])
        if steps is not None:
            there = length_mask(steps + 1, magnitude.shape[2])
            # not a product: a magnitude that overflowed on the padding must not become NaN
            magnitude, power = magnitude.masked_fill(there == 0, 0.0), power * there
        spectrum = torch.cat((magnitude * torch.cos(phase), magnitude * torch.sin(phase)), dim=1)
        margin = self.n_fft // 2
        audio = self._overlap_add(self.basis @ spectrum)[:, margin:-margin]
        power = self._overlap_add(power)[:, margin:-margin]
        if steps is None:
            return audio / power
        before_end = length_mask(steps * self.hop_length, audio.shape[1]).squeeze(1)
        return audio / power.clamp_min(SMALLEST_POWER) * before_end

    def _overlap_add(self, frames: Float[Tensor, "batch n_fft frames"]) -> Float[Tensor, "batch samples"]:
        overlap = self.n_fft // self.hop_length
        pieces = rearrange(frames, "batch (piece hop) frames -> piece batch hop frames", piece=overlap)
        placed = [nn.functional.pad(piece, (at, overlap - 1 - at)) for at, piece in enumerate(pieces)]
        return rearrange(torch.stack(placed).sum(dim=0), "batch hop frames -> batch (frames hop)")
