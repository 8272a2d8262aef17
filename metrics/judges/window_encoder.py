"""Whisper's encoder on what is shorter than its 30 s, without computing most of the silence behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor
from torch.nn import functional

from metrics.judges.silent_positions import Positions
from metrics.judges.whisper_attention import KeysAndValues, attend, split_heads

STRIDE = 16  # of so many positions of silence, one is computed
SILENCE = -0.5  # Whisper's log mel of silence behind a clip that is neither soft nor loud
SILENT_SAMPLES, SILENT_FRAMES = 960, 8  # behind a clip, so that what is computed last is of silence alone
OF_SILENCE = 3  # positions of them that hear nothing but silence

States = Float[Tensor, "_ state"]
Pair = tuple[States, States]
Complete = Callable[[States, States], Pair]
"""What makes keys and values of all positions of those that are computed; asked once for each attention, in order."""


class WindowEncoder:
    """What Whisper's decoder hears of a window of at most 30 s, as if silence followed up to 30 s.

    Behind a short clip nearly all positions are silence. What the model makes of a window of silence alone is known;
    what the clip changes in it is computed at one in `stride` positions and interpolated between them, layer by
    layer, so that every query still asks all positions. With a stride of 1 it is Whisper's own encoder.
    """

    def __init__(self, model: Any, stride: int = STRIDE) -> None:  # a whisper.Whisper, which is untyped
        self._encoder, self._decoder = model.encoder, model.decoder
        self._stride = stride
        self._silence: list[Pair] = []

    @torch.inference_mode()
    def __call__(self, window: Float32[np.ndarray, "samples"]) -> list[KeysAndValues]:
        """Keys and values of each of the decoder's attentions to the window."""
        places = self._encoder.positional_embedding
        mel = _log_mel(window, self._encoder.conv1, 2 * len(places))
        front = self._front(mel)
        if len(front) >= len(places):
            return self._layers(front + places, lambda keys, values: (keys, values))
        positions = Positions.of(len(front) - OF_SILENCE, len(places), self._stride)
        sources = positions.computed.clamp(max=len(front) - OF_SILENCE)  # from there on all is silence
        sources[-1] = len(front) - 1
        hidden = front[sources] + places[positions.computed]
        return self._layers(hidden, self._completing(positions))

    def _layers(self, hidden: States, complete: Complete) -> list[KeysAndValues]:
        hidden = hidden.unsqueeze(0)
        for block in self._encoder.blocks:
            given = block.attn_ln(hidden)
            hidden = hidden + attend(block.attn, given, _heard(block.attn, given[0], complete))
            hidden = hidden + block.mlp(block.mlp_ln(hidden))
        features = self._encoder.ln_post(hidden)[0]
        return [_heard(block.cross_attn, features, complete) for block in self._decoder.blocks]

    def _completing(self, positions: Positions) -> Complete:
        """All positions of the computed ones, on the ground of silence."""
        silences = iter(self._of_silence())

        def complete(keys: States, values: States) -> Pair:
            of_keys, of_values = next(silences)
            return positions.everywhere(keys, of_keys), positions.everywhere(values, of_values)

        return complete

    def _of_silence(self) -> Sequence[Pair]:
        """Keys and values of every attention that hears a window of nothing but silence, in order."""
        if not self._silence:
            places = self._encoder.positional_embedding
            mel = torch.full((self._encoder.conv1.in_channels, 2 * len(places)), SILENCE)
            known: list[Pair] = []

            def keep(keys: States, values: States) -> Pair:
                known.append((keys, values))
                return keys, values

            self._layers(self._front(mel.to(places.device)) + places, keep)
            self._silence = known
        return self._silence

    def _front(self, mel: Float[Tensor, "mels frames"]) -> States:
        """The two convolutions before the positions are told."""
        hidden = functional.gelu(self._encoder.conv1(mel.unsqueeze(0)))
        return functional.gelu(self._encoder.conv2(hidden))[0].T


def _heard(attention: Any, states: States, complete: Complete) -> KeysAndValues:
    keys, values = complete(attention.key(states), attention.value(states))
    return split_heads(keys.unsqueeze(0), attention), split_heads(values.unsqueeze(0), attention)


def _log_mel(window: Float32[np.ndarray, "samples"], first: Any, most: int) -> Float[Tensor, "mels frames"]:
    """Whisper's input, without most of the silence behind a short window; an even number of frames.

    `first` is the encoder's first convolution, which takes 80 mels, or 128 in the largest models.
    """
    import whisper

    log_mel = partial(whisper.log_mel_spectrogram, n_mels=first.in_channels, device=first.weight.device)
    mel = log_mel(torch.from_numpy(window), padding=SILENT_SAMPLES)
    silence = SILENT_FRAMES + mel.shape[1] % 2
    if mel.shape[1] + silence > most:
        return log_mel(whisper.pad_or_trim(torch.from_numpy(window)))
    return torch.cat([mel, mel[:, -1:].expand(-1, silence)], dim=1)
