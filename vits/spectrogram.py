"""The analysis of audio: linear and mel spectrograms as VITS defines them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.bounds import AtLeast, AtMost, check_fields
from vits.common.errors import InputError
from vits.common.sizes import FFTSize, FrequencyHz, HopLength, SampleRate

MAGNITUDE_FLOOR = 1e-6  # added to the power, so that the square root has a gradient at silence
LOG_FLOOR = 1e-5


@dataclass(frozen=True)
class AudioAnalysis:
    """How audio is cut into frames. Lengths are in samples, frequencies in Hz."""

    sample_rate: SampleRate = 22050
    n_fft: FFTSize = 1024
    hop_length: HopLength = 256
    win_length: FFTSize = 1024
    n_mels: Annotated[int, AtLeast(1), AtMost(1024)] = 80
    fmin_hz: FrequencyHz = 0.0
    fmax_hz: FrequencyHz | None = None

    def __post_init__(self) -> None:
        check_fields(self, "model.analysis")
        if self.win_length > self.n_fft:
            raise InputError(f"win_length={self.win_length} is longer than n_fft={self.n_fft}; make it at most n_fft")
        nyquist_hz = self.sample_rate / 2
        if self.fmax_hz is not None and not self.fmin_hz < self.fmax_hz <= nyquist_hz:
            raise InputError(f"fmax_hz={self.fmax_hz} must lie above fmin_hz and up to {nyquist_hz}")
        if self.fmin_hz >= nyquist_hz:
            raise InputError(f"fmin_hz={self.fmin_hz} must lie below {nyquist_hz}, half of the sample rate")
        if self.hop_length > self.n_fft:
            raise InputError(f"hop_length={self.hop_length} is longer than n_fft={self.n_fft}; make it at most n_fft")

    @property
    def n_bins(self) -> int:
        """Bins of the linear spectrogram."""
        return self.n_fft // 2 + 1

    def frames(self, samples: int) -> int:
        """Frames in so many samples."""
        return samples // self.hop_length


class LinearSpectrogram(nn.Module):
    """Magnitudes `sqrt(re^2 + im^2 + 1e-6)` of a Hann STFT; frame i is centred on sample (i + 1/2) hop."""

    window: Tensor

    def __init__(self, analysis: AudioAnalysis) -> None:
        super().__init__()
        self.analysis = analysis
        self.register_buffer("window", torch.hann_window(analysis.win_length), persistent=False)

    @property
    def channels(self) -> int:
        """Bins of a frame."""
        return self.analysis.n_bins

    def forward(self, wave: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch bins frames"]:
        """Spectrogram of audio in [-1, 1]; always in float32, whatever autocast says."""
        a = self.analysis
        margin = (a.n_fft - a.hop_length) // 2
        padded = nn.functional.pad(wave.float().unsqueeze(1), (margin, margin), mode="reflect").squeeze(1)
        spectrum = torch.stft(
            padded,
            a.n_fft,
            hop_length=a.hop_length,
            win_length=a.win_length,
            window=self.window,
            center=False,
            return_complex=True,
        )
        return torch.sqrt(spectrum.real.square() + spectrum.imag.square() + MAGNITUDE_FLOOR)


class MelSpectrogram(nn.Module):
    """Natural log of Slaney mel bands of the linear spectrogram, clamped at 1e-5."""

    filters: Tensor

    def __init__(self, analysis: AudioAnalysis) -> None:
        super().__init__()
        import librosa

        self.linear = LinearSpectrogram(analysis)
        filters = librosa.filters.mel(
            sr=analysis.sample_rate,
            n_fft=analysis.n_fft,
            n_mels=analysis.n_mels,
            fmin=analysis.fmin_hz,
            fmax=analysis.fmax_hz,
        )
        self.register_buffer("filters", torch.from_numpy(filters), persistent=False)

    @property
    def channels(self) -> int:
        """Mel bands of a frame."""
        return len(self.filters)

    def forward(self, wave: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch mels frames"]:
        return self.from_linear(self.linear(wave))

    def from_linear(self, linear: Float[Tensor, "batch bins frames"]) -> Float[Tensor, "batch mels frames"]:
        """The mel bands of magnitudes already computed."""
        return torch.log(torch.clamp(self.filters @ linear, min=LOG_FLOOR))
