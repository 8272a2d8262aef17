"""The base's own voices speak the new voices' sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.context import AdaptationContext
from strategies.rehearsal.rehearsal import Rehearsal, Rehearsed
from vits.common.bounds import Above, AtLeast, Below, check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.corpus.features import PreparedUtterance
from vits.synthesizer import Synthesizer

SPLIT = "rehearsal"
PREFIX = "base/"  # before a base speaker's name, which a new speaker may have as well
TRIES = 5  # sentences for an utterance before it is given up as too short


@register("rehearsal", "generated")
@dataclass(frozen=True)
class Generated(Rehearsal):
    """Utterances that the base itself spoke are trained along, so that its voices stay what they are.

    `utterances` of them, of base speakers at even distances in their table, each with a training sentence; they
    make up `share` of each batch. Those that are shorter than a training segment are spoken again with other
    words. Adds no parameters. Robins, Catastrophic Forgetting, Rehearsal and Pseudorehearsal, 1995, section 4;
    Shin et al., Continual Learning with Deep Generative Replay, 2017.
    """

    share: Annotated[float, Above(0), Below(1)] = 0.25
    utterances: Annotated[int, AtLeast(1)] = 64
    noise_scale: Annotated[float, AtLeast(0)] = 0.667

    def __post_init__(self) -> None:
        check_fields(self, "rehearsal")

    def prepare(self, context: AdaptationContext) -> Rehearsed:
        speakers, texts = context.base_speakers, context.texts
        if not len(speakers) or not texts:
            raise InputError(
                f"rehearsal=generated lets base voices speak training sentences, but there are {len(speakers)} voices "
                f"and {len(texts)} sentences; use rehearsal=none or another base"
            )
        shuffled = torch.randperm(len(texts), generator=context.generator).tolist()
        sentences = cycle(texts[place] for place in shuffled)
        places = [number * len(speakers) // self.utterances for number in range(self.utterances)]
        with context.base_at_rest() as base:
            voices = _BaseVoices(base, context, self.noise_scale)
            tried = (self._first_usable(islice(sentences, TRIES), voices, place) for place in places)
            spoken = [utterance for utterance in tried if utterance is not None]
        if not spoken:
            raise InputError(
                "the base speaks no training sentence for as long as a training segment, "
                f"training.segment_frames={context.segment_frames}; lower it"
            )
        rows = dict(zip(speakers.names, speakers.rows, strict=True))
        numbered = [_numbered(utterance, number) for number, utterance in enumerate(spoken)]
        return Rehearsed(numbered, {PREFIX + name: row for name, row in rows.items()}, self.share)

    def _first_usable(
        self, sentences: Iterable[PreparedUtterance], voices: _BaseVoices, place: int
    ) -> PreparedUtterance | None:
        """The first sentence that a voice speaks for long enough to be trained on."""
        for sentence in sentences:
            wave = voices.speak(sentence, place)
            frames = len(wave) // voices.hop_length
            if frames >= max(voices.segment_frames, len(sentence.tokens)):
                return voices.prepared(sentence, place, wave)
        return None


class _BaseVoices:
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

    def prepared(self, sentence: PreparedUtterance, place: int, wave: Float[Tensor, "samples"]) -> PreparedUtterance:
        """What was spoken as an utterance to train on."""
        clip = replace(sentence.clip, path=Path(), speaker=PREFIX + self.speakers.names[place], split=SPLIT)
        return PreparedUtterance(clip, sentence.tokens, wave, self.spectrogram(wave.unsqueeze(0)).squeeze(0))


def _numbered(utterance: PreparedUtterance, number: int) -> PreparedUtterance:
    """The same with a name that nothing else has."""
    return replace(utterance, clip=replace(utterance.clip, name=f"{SPLIT}/{number:03}"))
