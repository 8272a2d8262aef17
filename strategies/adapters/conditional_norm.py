"""Let the voice scale and shift what is normalised."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from strategies.adapters.adapter import Adapter
from strategies.adapters.told_speaker import ToldSpeaker, tell_speaker
from vits.common.errors import InputError
from vits.common.registry import register
from vits.layers import ChannelNorm
from vits.synthesizer import Synthesizer


class SpeakerScale(ToldSpeaker):
    """A scale and a shift of each channel, as an affine function of the speaker's embedding; 1 and 0 at first.

    It stands behind a normalisation, and is told the embedding before the part that it stands in runs.
    """

    def __init__(self, channels: int, speaker_channels: int) -> None:
        super().__init__()
        self.projection = nn.Linear(speaker_channels, 2 * channels)
        nn.init.zeros_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Float[Tensor, "batch channels time"]:
        if self.speaker is None:
            return x
        scale, shift = self.projection(self.speaker.mT).mT.chunk(2, dim=1)
        return x * (1 + scale) + shift


@register("adapter", "conditional_norm")
@dataclass(frozen=True)
class ConditionalNorm(Adapter):
    """Every layer normalisation of the text encoder gets a scale and a shift that depend on the voice.

    `y (1 + W g + w) + V g + v` of a normalised `y` with all of it 0 at first; `2 channels * (gin + 1)` parameters a
    normalisation, and of a voice that is done `2 channels` numbers. Chen et al., AdaSpeech: Adaptive Text to Speech
    for Custom Voice, 2021, section 2.3 (conditional layer normalization).
    """

    def attach(self, synthesizer: Synthesizer) -> None:
        part, rows = synthesizer.text_encoder, synthesizer.speaker_embedding.weight
        norms = [module for module in part.modules() if isinstance(module, ChannelNorm)]
        if not norms:
            raise InputError("adapter=conditional_norm scales layer normalisations, and this text encoder has none")
        for norm in norms:
            norm.speaker_scale = SpeakerScale(len(norm.gamma), rows.shape[1]).to(rows)
            norm.register_forward_hook(_scale)
        tell_speaker(part)


def _scale(norm: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """Send a normalisation's output through its own scale."""
    return norm.get_submodule("speaker_scale")(output)
