"""How many weights a part has, from its sizes alone: counted before anything is allocated.

The leading terms of each part, so that a count is right to a third or errs upwards; `kernel * in * out` is a
convolution's. Sizes are named as the constructors name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Sizes = Mapping[str, Any]


def none(sizes: Sizes) -> int:
    """Of a part without weights, or with so few that they don't count."""
    return 0


def text_encoder(sizes: Sizes) -> int:
    hidden, latent = sizes["hidden_channels"], sizes["latent_channels"]
    layers = sizes["n_layers"] * _transformer_layer(hidden, sizes["filter_channels"], sizes["kernel_size"])
    return layers + hidden * (sizes["n_symbols"] + 2 * latent + sizes.get("speaker_channels", 0))


def posterior_encoder(sizes: Sizes) -> int:
    hidden = sizes["hidden_channels"]
    return _wavenet(sizes) + hidden * (sizes["spectrogram_channels"] + 2 * sizes["latent_channels"])


def convolutional_flow(sizes: Sizes) -> int:
    """With all the transformers that one of these flows has."""
    hidden, half = sizes["hidden_channels"], sizes["latent_channels"] // 2
    transformers = 2 * _transformer_layer(half, half, 3) + _transformer_layer(hidden, hidden, sizes["kernel_size"])
    return sizes["n_steps"] * (_wavenet(sizes) + 2 * half * hidden + transformers + 10 * hidden**2)


def causal_flow(sizes: Sizes) -> int:
    hidden = sizes["hidden_channels"]
    layer = _transformer_layer(hidden, sizes["filter_channels"], sizes["kernel_size"])
    told = 2 * hidden * sizes["speaker_channels"]
    return sizes["n_steps"] * (sizes["n_layers"] * (layer + told) + 2 * hidden**2 + hidden * sizes["latent_channels"])


def deterministic_duration_predictor(sizes: Sizes) -> int:
    hidden, filtered = sizes["hidden_channels"], sizes["filter_channels"]
    return sizes["kernel_size"] * filtered * (hidden + filtered) + hidden * sizes["speaker_channels"]


def stochastic_duration_predictor(sizes: Sizes) -> int:
    filtered = sizes["filter_channels"]
    stack = sizes["n_layers"] * filtered * (filtered + sizes["kernel_size"])
    step = stack + 3 * sizes["n_bins"] * filtered
    rest = filtered * (2 * filtered + sizes["hidden_channels"] + sizes["speaker_channels"])
    return 2 * stack + 2 * sizes["n_steps"] * step + rest


def upsampling_decoder(sizes: Sizes) -> int:
    """Of the trunk, the spectra's projection and the inverse STFT's matrix."""
    channels = sizes["initial_channels"]
    total = channels * (7 * sizes["latent_channels"] + sizes.get("speaker_channels", 0))
    blocks = sum(
        2 * len(dilations) * kernel_size
        for kernel_size, dilations in zip(sizes["resblock_kernel_sizes"], sizes["resblock_dilations"], strict=False)
    )
    for kernel_size in sizes["upsample_kernel_sizes"]:
        channels //= 2
        total += channels**2 * (2 * kernel_size + blocks)
    n_fft = sizes.get("n_fft", 0)
    return total + 7 * channels * sizes.get("n_bands", 1) * (n_fft + 2) + n_fft * (n_fft + 2)


def convnext_decoder(sizes: Sizes) -> int:
    channels, n_fft = sizes["channels"], sizes["n_fft"]
    blocks = sizes["n_blocks"] * channels * (2 * sizes["hidden_channels"] + 12)
    return blocks + channels * (7 * sizes["latent_channels"] + n_fft + 2) + n_fft * (n_fft + 2)


def multi_period_discriminator(sizes: Sizes) -> int:
    return sizes["width"] ** 2 * (6 + 8 * len(sizes["periods"]))


def duration_discriminator(sizes: Sizes) -> int:
    filtered = sizes["filter_channels"]
    return sizes["kernel_size"] * filtered * (sizes["hidden_channels"] + 4 * filtered)


def _transformer_layer(channels: int, filter_channels: int, kernel_size: int) -> int:
    return 4 * channels**2 + 2 * kernel_size * channels * filter_channels


def _wavenet(sizes: Sizes) -> int:
    hidden = sizes["hidden_channels"]
    return sizes["n_layers"] * hidden * (2 * hidden * (sizes["kernel_size"] + 1) + 2 * sizes["speaker_channels"])
