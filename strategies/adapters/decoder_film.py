"""Tell the decoder whose voice it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from strategies.adapters.adapter import Adapter
from vits.common.registry import register
from vits.decoder.conditioning import FilmConditioning
from vits.synthesizer import Synthesizer


@register("adapter", "decoder_film")
@dataclass(frozen=True)
class DecoderFilm(Adapter):
    """Scales and shifts the channels of the decoder's stages by an affine function of the speaker embedding.

    The iSTFT decoders never see the speaker; zero at first, so that nothing changes. Perez et al., FiLM: Visual
    Reasoning with a General Conditioning Layer, 2018, equation 1.
    """

    def attach(self, synthesizer: Synthesizer) -> None:
        trunk: Any = synthesizer.decoder.get_submodule("trunk")
        width = synthesizer.speaker_embedding.weight.shape[1]
        trunk.conditioning = FilmConditioning(trunk.stage_channels, width).to(synthesizer.speaker_embedding.weight)
