"""The base's own voices speak the new voices' sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Annotated

import torch

from strategies.base_voices import BaseVoices
from strategies.context import AdaptationContext
from strategies.rehearsal.rehearsal import Rehearsal, Rehearsed
from vits.common.bounds import Above, AtLeast, Below, check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.corpus.features import PreparedUtterance

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
            voices = BaseVoices(base, context, self.noise_scale)
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
        self, sentences: Iterable[PreparedUtterance], voices: BaseVoices, place: int
    ) -> PreparedUtterance | None:
        """The first sentence that a voice speaks for long enough to be trained on."""
        for sentence in sentences:
            wave = voices.speak(sentence, place)
            if voices.is_usable(sentence, wave):
                speaker = PREFIX + voices.speakers.names[place]
                return voices.prepared(sentence, wave, speaker=speaker, split=SPLIT)
        return None


def _numbered(utterance: PreparedUtterance, number: int) -> PreparedUtterance:
    """The same with a name that nothing else has."""
    return replace(utterance, clip=replace(utterance.clip, name=f"{SPLIT}/{number:03}"))
