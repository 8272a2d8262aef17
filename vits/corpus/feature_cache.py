"""Waves and spectrograms of recordings, computed once."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float32
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from vits.common.atomic_files import content_key
from vits.common.kept_files import keep, kept
from vits.common.readers import read_bytes
from vits.corpus.audio import read_audio
from vits.spectrogram import AudioAnalysis

FORMAT = 2  # of the cached files; raise it when the code that makes them changes its result


@dataclass(frozen=True)
class Features:
    """What is computed from a recording. The wave is cut to whole frames: `frames * hop_length` samples."""

    wave: Float32[Tensor, "samples"]
    spectrogram: Float32[Tensor, "channels frames"]


class FeatureCache:
    """Waves and spectrograms of recordings, kept under a key of all that determines them.

    The key covers the recording's bytes, the analysis, the spectrogram's class and filters and the format.
    A file of the cache that is missing or damaged, if only by a bit, is made again from the recording. No key is
    remembered: the recording's bytes are read each time, so that a changed recording is always noticed.
    """

    def __init__(self, directory: Path, analysis: AudioAnalysis, spectrogram: nn.Module) -> None:
        self.directory = directory
        self.analysis = analysis
        self.spectrogram = spectrogram

    def key(self, recording: Path) -> str:
        """The name of a recording's features.

        Raises:
            InputError: the recording is missing or can't be read.
        """
        return content_key([read_bytes(recording), self._identity])

    def measure(self, recording: Path) -> tuple[str, int]:
        """The key and the number of frames of a recording, whose features are in the cache afterwards."""
        key = self.key(recording)
        return key, self.load(recording, key).spectrogram.shape[1]

    def load(self, recording: Path, key: str) -> Features:
        """The features, from the cache or else from the recording.

        Raises:
            InputError: the recording has to be read and can't be.
        """
        path = self._path(key)
        stored = _unpacked(kept(path))
        if stored is not None:
            return stored
        made = self._compute(recording)
        keep(path, save({"wave": made.wave, "spectrogram": made.spectrogram}))
        return made

    @functools.cached_property
    def _identity(self) -> bytes:
        """All but the recording that determines the features."""
        filters = [buffer.detach().cpu().numpy().tobytes() for _, buffer in self.spectrogram.named_buffers()]
        settings = f"{FORMAT} {type(self.spectrogram).__qualname__} {sorted(asdict(self.analysis).items())}"
        return content_key([settings.encode(), *filters]).encode()

    @torch.no_grad()
    def _compute(self, recording: Path) -> Features:
        samples = read_audio(recording, self.analysis.sample_rate)
        frames = self.analysis.frames(len(samples))
        wave = torch.from_numpy(samples[: frames * self.analysis.hop_length].copy())
        return Features(wave, self._analysed(wave).contiguous())

    def _analysed(self, wave: Float32[Tensor, "samples"]) -> Float32[Tensor, "channels frames"]:
        """The spectrogram; no frames for a wave too short to be mirrored at its ends."""
        margin = (self.analysis.n_fft - self.analysis.hop_length) // 2
        if len(wave) > margin:
            return self.spectrogram(wave.unsqueeze(0)).squeeze(0)
        shortest = wave.new_zeros(1, (margin // self.analysis.hop_length + 1) * self.analysis.hop_length)
        return self.spectrogram(shortest).squeeze(0)[:, :0]

    def _path(self, key: str) -> Path:
        return self.directory / "features" / key[:2] / f"{key}.features"


def _unpacked(content: bytes | None) -> Features | None:
    """The features in a kept file; None if it holds something else."""
    if content is None:
        return None
    try:
        stored = load(content)
        return Features(stored["wave"], stored["spectrogram"])
    except (SafetensorError, KeyError):
        return None
