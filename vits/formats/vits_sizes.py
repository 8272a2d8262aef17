"""The sizes by which one VITS differs from another, whatever its project calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vits.model_spec import ModelSpec

PERIODS = (2, 3, 5, 7, 11)
GROWN_CHANNELS = 256  # of the speaker table that a model of one voice is given: as many as the released model of many

Part = Mapping[str, Any]


@dataclass(frozen=True)
class VitsSizes:
    """A VITS: linear spectrogram, plain text encoder and flow, HiFi-GAN (Kim et al., VITS, 2021).

    `durations`, `upsampling`, `analysis` and `alphabet` are parts as `ModelSpec` takes them, without the sizes that all
    parts share. A model of one voice has 0 `speaker_channels`.
    """

    latent_channels: int
    hidden_channels: int
    filter_channels: int
    speaker_channels: int
    n_symbols: int
    n_heads: int
    n_layers: int
    kernel_size: int
    dropout: float
    durations: Part
    upsampling: Part
    analysis: Part
    alphabet: Part
    posterior_kernel_size: int = 5
    posterior_layers: int = 16
    flow_kernel_size: int = 5
    flow_layers: int = 4
    flow_steps: int = 4
    periods: tuple[int, ...] = PERIODS

    @property
    def spec(self) -> ModelSpec:
        """The model, with a speaker table also where there was none.

        Raises:
            InputError: a size is out of bounds.
        """
        told = self.speaker_channels or GROWN_CHANNELS
        latent, hidden = self.latent_channels, self.hidden_channels
        return ModelSpec(
            {
                "latent_channels": latent,
                "hidden_channels": hidden,
                "filter_channels": self.filter_channels,
                "speaker_channels": told,
                "analysis": {"name": "stft", **self.analysis},
                "spectrogram": {"name": "linear"},
                "alphabet": self.alphabet,
                "text_encoder": self._text_encoder(),
                "posterior_encoder": {
                    "name": "wavenet",
                    "spectrogram_channels": self.analysis["n_fft"] // 2 + 1,
                    "latent_channels": latent,
                    "hidden_channels": hidden,
                    "kernel_size": self.posterior_kernel_size,
                    "n_layers": self.posterior_layers,
                    "speaker_channels": told,
                },
                "flow": self._flow(told),
                "duration_predictor": {**self.durations, "hidden_channels": hidden, "speaker_channels": told},
                "decoder": {
                    **self.upsampling,
                    "name": "hifi_gan",
                    "latent_channels": latent,
                    "speaker_channels": told,
                },
                "speaker_embedding": {"name": "table", "channels": told},
                "adversary": {"audio": {"name": "audio", "discriminator": self._discriminator()}},
            }
        )

    def _text_encoder(self) -> Part:
        return {
            "name": "plain",
            "n_symbols": self.n_symbols,
            "latent_channels": self.latent_channels,
            "hidden_channels": self.hidden_channels,
            "filter_channels": self.filter_channels,
            "n_heads": self.n_heads,
            "n_layers": self.n_layers,
            "kernel_size": self.kernel_size,
            "dropout": self.dropout,
        }

    def _flow(self, speaker_channels: int) -> Part:
        return {
            "name": "plain",
            "latent_channels": self.latent_channels,
            "hidden_channels": self.hidden_channels,
            "kernel_size": self.flow_kernel_size,
            "n_layers": self.flow_layers,
            "speaker_channels": speaker_channels,
            "n_steps": self.flow_steps,
        }

    def _discriminator(self) -> Part:
        return {"name": "multi_period", "width": 1024, "periods": list(self.periods)}
