"""A listener's opinion of a clip, guessed by a network distilled from a large one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, Float32
from torch import Tensor, nn
from torch.nn import functional

from metrics.judges.judge import Judge
from metrics.judges.judge_weights import fetch, find_weights

WINDOW = 122_880  # samples, 7.68 s: what the network was trained on
LARGEST_STEP = 16_000  # samples between the windows of a longer clip
N_FFT, HOP = 320, 160
COMPRESSION = 0.3
CHANNELS = (64, 64, 128, 256, 256, 256)
FEATURES = CHANNELS[-1] * 4  # the convolutions leave four bands of 161
WIDTH, HEADS, LAYERS, FRAMES = 200, 8, 7, 384
LARGEST_BATCH = 8  # windows
PUBLISHED_NAMES = {
    "cnn.cnn.": "convolutions.",
    "transformer_pool_attn.norm_input.": "norm_features.",
    "transformer_pool_attn.transformer.norm.": "norm_input.",
    "transformer_pool_attn.transformer.linear_proj.": "projection.",
    "transformer_pool_attn.transformer.position_encoding.pe": "positions",
    "transformer_pool_attn.transformer.transformer_encoder.": "encoder.",
    "transformer_pool_attn.norm_trans.": "norm_output.",
    "transformer_pool_attn.pool.linear1.": "attention.0.",
    "transformer_pool_attn.pool.linear2.": "attention.2.",
    "transformer_pool_attn.pool.linear3.": "opinion.",
}
"""Beginnings of the published parameters' names, and ours."""


class DistillMosNetwork(nn.Module):
    """Convolutions over the compressed complex spectrogram, a transformer, and pooling by attention.

    Stahl and Gamper 2025, "Distillation and Pruning for Scalable Self-Supervised Representation-Based Speech Quality
    Assessment", https://arxiv.org/abs/2502.05356.
    """

    positions: Tensor

    def __init__(self) -> None:
        super().__init__()
        last = len(CHANNELS) - 1
        layers: list[nn.Module] = []
        for index, (given, channels) in enumerate(zip((2, *CHANNELS), CHANNELS, strict=False)):
            stride = (1 if index == 0 else 2, 2 if index == last else 1)  # of frequency, of time
            layers += [nn.Conv2d(given, channels, 3, stride, padding=(0, 1)), nn.LeakyReLU(0.1)]
        self.convolutions = nn.Sequential(*layers)
        self.norm_features, self.norm_input = nn.BatchNorm1d(FEATURES), nn.BatchNorm1d(FEATURES)
        self.projection = nn.Linear(FEATURES, WIDTH)
        self.register_buffer("positions", torch.zeros(1, FRAMES, WIDTH))
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, dim_feedforward=2 * WIDTH, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, LAYERS)
        self.norm_output = nn.BatchNorm1d(WIDTH)
        self.attention = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, 1))
        self.opinion = nn.Linear(WIDTH, 1)

    def forward(self, waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch"]:
        """Mean opinion scores of clips of 7.68 s, in [1, 5]."""
        maps = self.convolutions(compressed_spectrogram(waves))
        features = self.norm_input(self.norm_features(rearrange(maps, "b c f t -> b (c f) t")))
        hidden = self.projection(rearrange(features, "b c t -> b t c"))
        hidden = self.encoder(hidden + self.positions)
        hidden = rearrange(self.norm_output(rearrange(hidden, "b t c -> b c t")), "b c t -> b t c")
        shares = self.attention(hidden).softmax(dim=1)
        return 1 + 4 * self.opinion((shares * hidden).sum(dim=1)).sigmoid().squeeze(1)


class DistillMosJudge(Judge):
    """Opinions of clips, in the weights published as version 7."""

    def __init__(self, network: DistillMosNetwork, device: torch.device) -> None:
        self._network = network.to(device).eval()
        self._device = device

    @classmethod
    def load(cls, name: str, cache_dir: Path, device: torch.device) -> DistillMosJudge:
        path = fetch(find_weights("distillmos", name), cache_dir)
        published = torch.load(path, map_location="cpu", weights_only=True)["model"]
        network = DistillMosNetwork()
        network.load_state_dict({_our_name(key): value for key, value in published.items()}, strict=True)
        return cls(network, device)

    @torch.inference_mode()
    def __call__(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> list[float]:
        """Mean opinion scores of clips at 16 kHz, in their order, each the mean over its windows."""
        windows = [opinion_windows(wave) for wave in waves]
        together = torch.cat(windows).split(LARGEST_BATCH)
        scores = torch.cat([self._network(batch.to(self._device)).cpu() for batch in together])
        return [float(of_clip.mean()) for of_clip in scores.split([len(of_clip) for of_clip in windows])]


def opinion_windows(wave: Float32[np.ndarray, "samples"]) -> Float[Tensor, "windows 122880"]:
    """A clip in windows of 7.68 s at most 1 s apart, each at full scale; a shorter one ends in silence."""
    clip = functional.pad(torch.from_numpy(wave), (0, max(0, WINDOW - wave.size)))
    rest = clip.numel() - WINDOW
    starts = np.linspace(0, rest, math.ceil(rest / LARGEST_STEP) + 1).astype(int)
    windows = torch.stack([clip[start : start + WINDOW] for start in starts])
    return windows / (windows.abs().amax(dim=1, keepdim=True) + 1e-8)


def compressed_spectrogram(waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch 2 161 frames"]:
    """Real and imaginary part of a spectrogram whose magnitudes were raised to the power of 0.3."""
    window = torch.hann_window(N_FFT, device=waves.device)
    padded = functional.pad(waves, ((N_FFT - HOP) // 2, (N_FFT - HOP) // 2), mode="reflect")
    spectrogram = torch.stft(padded, N_FFT, HOP, window=window, center=False, return_complex=True)
    scale = spectrogram.abs().clamp_min(1e-12) ** (COMPRESSION - 1)
    return rearrange(torch.view_as_real(spectrogram * scale), "b f t part -> b part f t")


def _our_name(published: str) -> str:
    """The name that a published parameter has here."""
    (beginning,) = (prefix for prefix in PUBLISHED_NAMES if published.startswith(prefix))
    return PUBLISHED_NAMES[beginning] + published.removeprefix(beginning)
