"""Modules within a text encoder that are told who speaks while it runs."""

from __future__ import annotations

from torch import Tensor, nn

from vits.text_encoder import TextEncoding


class ToldSpeaker(nn.Module):
    """Knows the embeddings of those who speak during a pass of the part it stands in, and nobody between passes."""

    speaker: Tensor | None = None


def tell_speaker(text_encoder: nn.Module) -> None:
    """Let a text encoder tell who speaks to all such modules within it, from now on."""
    text_encoder.register_forward_pre_hook(_tell)
    text_encoder.register_forward_hook(_forget)


def _tell(text_encoder: nn.Module, inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    """The speaker is the last input of a text encoder."""
    _tell_all(text_encoder, inputs[2])


def _forget(text_encoder: nn.Module, inputs: tuple[Tensor, Tensor, Tensor], output: TextEncoding) -> None:
    """Keep nothing of a pass that is over."""
    _tell_all(text_encoder, None)


def _tell_all(text_encoder: nn.Module, speaker: Tensor | None) -> None:
    for module in text_encoder.modules():
        if isinstance(module, ToldSpeaker):
            module.speaker = speaker
