"""A model as data: which class each part is and with what sizes, as `conf/model/` writes it and a bundle keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from torch import nn

from vits.adversary import Adversary
from vits.common.errors import InputError
from vits.spectrogram import AudioAnalysis
from vits.synthesizer import Synthesizer

PARTS = ("text_encoder", "posterior_encoder", "flow", "duration_predictor", "decoder")


@dataclass(frozen=True)
class ModelSpec:
    """The resolved configuration of a model; `_target_` names the class of a part, always one of `vits`.

    Raises:
        InputError: a part is missing, or names a class outside `vits`.
    """

    parts: Mapping[str, Any]

    def __post_init__(self) -> None:
        needed = (*PARTS, "analysis", "spectrogram", "speaker_embedding", "adversary")
        missing = [name for name in needed if name not in self.parts]
        if missing:
            raise InputError(f"the model's configuration lacks {', '.join(missing)}; it must give {', '.join(needed)}")
        for target in _targets(self.parts):
            if not target.startswith("vits."):
                raise InputError(
                    f"the model's configuration names the class {target!r}; only classes of vits are built"
                )

    def analysis(self) -> AudioAnalysis:
        """How audio becomes frames."""
        return _build(self.parts["analysis"])

    def spectrogram(self) -> nn.Module:
        """The module that makes what the posterior encoder hears.

        Raises:
            InputError: the posterior encoder takes another number of channels.
        """
        spectrogram = _build(self.parts["spectrogram"], analysis=self.parts["analysis"])
        taken = self.parts["posterior_encoder"].get("spectrogram_channels", spectrogram.channels)
        if taken != spectrogram.channels:
            raise InputError(
                f"the spectrogram has {spectrogram.channels} channels, but the posterior encoder takes "
                f"spectrogram_channels={taken}; make them the same"
            )
        return spectrogram

    def synthesizer(self, n_speakers: int) -> Synthesizer:
        """A new generator with random weights and so many base speakers.

        Raises:
            InputError: the decoder makes another number of samples of a frame than the analysis takes.
        """
        parts = {name: _build(self.parts[name]) for name in PARTS}
        embedding = _build(self.parts["speaker_embedding"], n_speakers=n_speakers)
        synthesizer = Synthesizer(**parts, speaker_embedding=embedding)
        hop_length = self.analysis().hop_length
        if synthesizer.samples_per_frame != hop_length:
            raise InputError(
                f"the decoder makes {synthesizer.samples_per_frame} samples of a frame, but hop_length={hop_length}; "
                "change its upsample_rates or the hop"
            )
        return synthesizer

    def adversary(self) -> Adversary:
        """New discriminators with random weights."""
        return Adversary(_build(self.parts["adversary"]))


def _build(spec: Mapping[str, Any], **more: Any) -> Any:
    try:
        return instantiate(dict(spec), **more, _convert_="all")
    except InstantiationException as error:
        if isinstance(error.__cause__, InputError):  # what a constructor refused, without Hydra's frame around it
            raise error.__cause__ from None
        raise


def _targets(node: object) -> Iterator[str]:
    """Every class that a configuration names, at any depth."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield str(node["_target_"])
        for child in node.values():
            yield from _targets(child)
    elif isinstance(node, (list, tuple)):
        for child in node:
            yield from _targets(child)
