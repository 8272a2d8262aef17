"""Add a small network after each transformer layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from strategies.adapters.per_voice import VoiceAdapter, VoiceSets
from vits.attention import TransformerLayer
from vits.common.bounds import AtLeast, AtMost, check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.synthesizer import Synthesizer


class ResidualBottleneck(nn.Module):
    """Adds to each position what a narrow layer makes of it; nothing at first, for its second matrix is 0."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.down = nn.Conv1d(channels, width, 1)
        self.up = nn.Conv1d(width, channels, 1)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(torch.as_tensor(self.up.bias))

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Float[Tensor, "batch channels time"]:
        return x + self.up(torch.relu(self.down(x)))


class BottlenecksByVoice(VoiceSets):
    """A bottleneck behind a layer for each of some voices."""

    def alone(self, own: nn.Module, layer: nn.Module, x: Tensor, output: Tensor) -> Tensor:
        return own(output)


@register("adapter", "bottleneck")
@dataclass(frozen=True)
class Bottleneck(VoiceAdapter):
    """A residual adapter after every transformer layer, of `width` channels inside.

    `x + U relu(D x + d) + u` with `U = 0` and `u = 0` at first, in the text encoder and, where the flow has
    transformer layers, there as well; `width * (2 channels + 1) + channels` parameters a layer. It is not linear, so
    that it doesn't merge. With `per_voice` each new voice has bottlenecks of its own.
    Houlsby et al., Parameter-Efficient Transfer Learning for NLP, 2019, section 2.1, with one adapter a layer, after
    its last normalisation, as Bapna and Firat, Simple, Scalable Adaptation for Neural Machine Translation, 2019.
    """

    width: Annotated[int, AtLeast(1), AtMost(4096)] = 16

    def __post_init__(self) -> None:
        check_fields(self, "adapter")

    def attach(self, synthesizer: Synthesizer) -> None:
        layers = [module for module in synthesizer.modules() if isinstance(module, TransformerLayer)]
        if not layers:
            raise InputError("adapter=bottleneck stands after transformer layers, and this model has none; use lora")
        self.stand_at(synthesizer, layers, self._new_bottleneck, BottlenecksByVoice)

    def share(self, layer: nn.Module, module: nn.Module) -> None:
        layer.register_module("bottleneck", module)
        layer.register_forward_hook(_pass_through)

    def _new_bottleneck(self, layer: TransformerLayer) -> ResidualBottleneck:
        norm = layer.feed_forward_norm.gamma
        return ResidualBottleneck(len(norm), self.width).to(norm).train(layer.training)


def _pass_through(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """Send a layer's output through its own bottleneck."""
    return layer.get_submodule("bottleneck")(output)
