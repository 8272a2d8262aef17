"""The base's own voices: what it says as each of its speakers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.context import AdaptationContext
from vits.corpus.features import PreparedUtterance
from vits.synthesizer import Synthesizer


class BaseVoices:
    """Base speakers, by their place among the trained ones, who say what others said."""

    def __init__(self, base: Synthesizer, context: AdaptationContext, noise_scale: float) -> None:
        self.base = base
        self.speakers = context.base_speakers
        self.noise_scale = noise_scale
        self.hop_length = base.samples_per_frame
        self.segment_frames = context.segment_frames
        self.spectrogram = context.spec.spectrogram()
        self.device = base.speaker_embedding.weight.device
        seed = int(torch.randint(2**62, (), generator=context.generator))
        self.generator = torch.Generator(self.device).manual_seed(seed)

    def speak(self, sentence: PreparedUtterance, place: int) -> Float[Tensor, "samples"]:
        """Its audio, of whole frames, in [-1, 1] on the CPU."""
        speech = self.base.infer(
            sentence.tokens.unsqueeze(0).to(self.device),
            torch.tensor([len(sentence.tokens)], device=self.device),
            torch.tensor([self.speakers.rows[place]], device=self.device),
            noise_scale=self.noise_scale,
            generator=self.generator,
        )
        return speech.audio[0, 0, : int(speech.lengths[0])].float().clamp(-1, 1).cpu()

    def prepared(
        self, sentence: PreparedUtterance, wave: Float[Tensor, "samples"], *, speaker: str, split: str
    ) -> PreparedUtterance:
        """What was spoken as an utterance to train on."""
        clip = replace(sentence.clip, path=Path(), speaker=speaker, split=split)
        return PreparedUtterance(clip, sentence.tokens, wave, self.spectrogram(wave.unsqueeze(0)).squeeze(0))

    def is_usable(self, sentence: PreparedUtterance, wave: Float[Tensor, "samples"]) -> bool:
        """Whether it was spoken for long enough to be trained on."""
        return len(wave) // self.hop_length >= max(self.segment_frames, len(sentence.tokens))
