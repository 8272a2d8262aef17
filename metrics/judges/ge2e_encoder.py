"""Voiceprints by a second judge: an LSTM trained with the generalised end-to-end loss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn
from torch.nn.functional import normalize

from metrics.judges.judge_weights import fetch, find_weights
from metrics.judges.speaker_encoder import SpeakerEncoder
from metrics.metric import JUDGED_RATE

N_MELS = 40
N_FFT = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
WINDOW = 160  # frames, 1.6 s: what the network was trained on
STEP = WINDOW // 2
LEAST_FILLED = 0.75  # of a clip's last window; the frames of a shorter rest lie in the one before, at least half
LEVEL_DBFS = -30.0  # quieter clips are raised to it, since the network sees power and not its logarithm
LARGEST_BATCH = 64  # windows


class Ge2eNetwork(nn.Module):
    """Three LSTM layers over mel power; the last state, projected, is the voiceprint. Its numbers are never negative.

    Wan et al. 2018, "Generalized End-to-End Loss for Speaker Verification", https://arxiv.org/abs/1710.10467,
    section 3; the projection's ReLU is of the published weights.
    """

    def __init__(self, channels: int = 256, layers: int = 3) -> None:
        super().__init__()
        self.lstm = nn.LSTM(N_MELS, channels, layers, batch_first=True)
        self.linear = nn.Linear(channels, channels)

    def forward(self, mel: Float[Tensor, "batch frames mels"]) -> Float[Tensor, "batch print"]:
        _, (state, _) = self.lstm(mel)
        return normalize(self.linear(state[-1]).relu(), dim=-1)


class Ge2eEncoder(SpeakerEncoder):
    """Speaker embeddings of the GE2E network published with Resemblyzer.

    Trained on LibriSpeech-other and VoxCeleb 1 and 2. A clip is heard in windows of 1.6 s that overlap by half, and
    its voiceprint is the direction of the mean of theirs (Wan et al. 2018, section 3.2). As no number of a voiceprint
    is negative, even different people have high cosines, around 0.6: only values of one encoder compare.
    """

    family: ClassVar[str] = "ge2e"
    size: ClassVar[int] = 256

    def __init__(self, network: Ge2eNetwork, device: torch.device) -> None:
        super().__init__()
        self._network = network.to(device).eval().requires_grad_(False)
        self._device = device

    @classmethod
    def load(cls, name: str, cache_dir: Path, device: torch.device) -> Ge2eEncoder:
        path = fetch(find_weights(cls.family, name), cache_dir)
        published = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        network = Ge2eNetwork()
        # the rest are the scale and the bias of the loss it was trained with
        network.load_state_dict({key: published[key] for key in network.state_dict()}, strict=True)
        return cls(network, device)

    def embed(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> Float[Tensor, "batch 256"]:
        """Each clip by itself: beside others, the last digits would tell beside whom."""
        return torch.stack([normalize(self._embed(_windows(wave)).mean(dim=0), dim=0) for wave in waves])

    def listen(self, waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch 256"]:
        """In one window, which may be shorter or longer than those of `embed`."""
        with torch.backends.cudnn.flags(enabled=False):  # its recurrent layers have no gradients while they don't train
            return self._network(_mel_power(_raised(waves))[:, :-1])  # the last frame is of the padding

    @torch.inference_mode()
    def _embed(self, windows: Float[Tensor, "windows 160 40"]) -> Float[Tensor, "windows 256"]:
        return torch.cat([self._network(batch.to(self._device)).cpu() for batch in windows.split(LARGEST_BATCH)])


def _windows(wave: Float32[np.ndarray, "samples"]) -> Float[Tensor, "windows 160 40"]:
    """Mel power of a clip, cut into overlapping windows; silence is appended to fill the last one."""
    starts = window_starts(wave.size)
    padded = np.pad(raised(wave), (0, max(0, (starts[-1] + WINDOW) * HOP - wave.size)))
    frames = _mel_power(torch.from_numpy(padded)[None])[0]
    return torch.stack([frames[start : start + WINDOW] for start in starts])


def _mel_power(waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames 40"]:
    """What librosa computes of them, but for the last digits: numpy's products depend on how many threads it found."""
    import librosa

    window = torch.hann_window(N_FFT, device=waves.device)
    spectrum = torch.stft(waves, N_FFT, HOP, window=window, pad_mode="constant", return_complex=True)
    filters = torch.from_numpy(librosa.filters.mel(sr=JUDGED_RATE, n_fft=N_FFT, n_mels=N_MELS)).to(waves)
    return (filters @ spectrum.abs().square()).mT


def _raised(waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch samples"]:
    """As `raised` does, for each of them; the level counts as a constant."""
    rms = waves.detach().square().mean(1, keepdim=True).sqrt()
    least = 10 ** (LEVEL_DBFS / 20)
    return waves * torch.where((rms < least) & (rms > 0), least / rms.clamp_min(1e-12), torch.ones_like(rms))


def window_starts(samples: int) -> list[int]:
    """The first frame of each window of a clip of that many samples.

    A window whose audio is less than three quarters of it is left out, unless it is the only one.
    """
    last = samples / HOP - LEAST_FILLED * WINDOW  # the frame at which a window is just filled enough
    return [0, *range(STEP, int(last) + 1, STEP)]


def raised(wave: Float32[np.ndarray, "samples"]) -> Float32[np.ndarray, "samples"]:
    """The clip at a root mean square of -30 dBFS, if it is quieter than that."""
    rms = float(np.sqrt(np.mean(wave.astype(np.float64) ** 2)))
    least = 10 ** (LEVEL_DBFS / 20)
    return wave if rms >= least or rms == 0 else (wave * (least / rms)).astype(np.float32)
