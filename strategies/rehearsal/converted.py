"""More sentences for the new voices: the base's voices say them, and the model converts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.base_voices import BaseVoices
from strategies.context import AdaptationContext
from strategies.rehearsal.rehearsal import Rehearsal, Rehearsed
from vits.common.bounds import Above, AtLeast, AtMost, Below, check_fields
from vits.common.errors import InputError
from vits.common.quantities import NoiseScale
from vits.common.registry import register
from vits.corpus.features import PreparedUtterance

CONVERTED = "converted"  # the split of what was made, in records
TRIES = 5  # sentences for an utterance before it is given up as too short


@dataclass(frozen=True)
class _Order:
    """Who says what, and who it is to become."""

    new_voice: str
    place: int
    sentences: Iterable[PreparedUtterance]


@register("rehearsal", "converted")
@dataclass(frozen=True)
class Converted(Rehearsal):
    """Sentences of base voices, turned into the new voices by the model's own voice conversion, are trained along.

    `utterances` of them in each new voice, which make up `share` of each batch. A base speaker, one after the other at
    even distances in the table, says what another new voice recorded, or, if there is no such sentence, the voice's
    own; then the flow takes that speaker out and puts the new voice in, at the row that `strategy` gives it. So they
    sound as much like the new voice as that row does, which is not what its recordings teach; what they add are words.
    They are trained as the new voice's, stand as `converted` in the cell's record, and are never enrolled or scored.
    No parameters. Kim et al., VITS, 2021, section 4.4 (voice conversion); Huybrechts et al., Low-resource expressive
    text-to-speech using data augmentation, 2021, section 2.
    """

    share: Annotated[float, Above(0), Below(1)] = 0.25
    utterances: Annotated[int, AtLeast(1), AtMost(10_000)] = 20
    noise_scale: NoiseScale = 0.667

    def __post_init__(self) -> None:
        check_fields(self, "rehearsal")

    def prepare(self, context: AdaptationContext) -> Rehearsed:
        speakers, texts = context.base_speakers, context.texts
        rows = context.first_rows()
        if not (len(speakers) and texts and rows):
            raise InputError(
                f"rehearsal=converted lets base voices say training sentences in the new voices' place, but there are "
                f"{len(speakers)} base voices, {len(texts)} sentences and {len(rows)} new voices; use rehearsal=none"
            )
        with context.base_at_rest() as base:
            voices = BaseVoices(base, context, self.noise_scale)
            tried = (_first_usable(order, voices, rows) for order in self._orders(context, list(rows)))
            made = [utterance for utterance in tried if utterance is not None]
        if not made:
            raise InputError(
                "the base speaks no training sentence for as long as a training segment, "
                f"training.segment_frames={context.segment_frames}; lower it"
            )
        return Rehearsed([_numbered(utterance, number) for number, utterance in enumerate(made)], {}, self.share)

    def _orders(self, context: AdaptationContext, new_voices: Sequence[str]) -> Iterator[_Order]:
        """All that is to be made, one new voice after the other."""
        shuffled = torch.randperm(len(context.texts), generator=context.generator).tolist()
        texts = [context.texts[place] for place in shuffled]
        n_speakers, total = len(context.base_speakers), self.utterances * len(new_voices)
        number = 0
        for name in new_voices:
            sentences = cycle(_unsaid(name, texts))
            for _ in range(self.utterances):
                yield _Order(name, number * n_speakers // total, islice(sentences, TRIES))
                number += 1


def _unsaid(new_voice: str, texts: Sequence[PreparedUtterance]) -> list[PreparedUtterance]:
    """What others said and the voice didn't, each sentence once; what it said itself if there is nothing else."""
    own = {item.clip.sentence for item in texts if item.clip.speaker == new_voice}
    others = {item.clip.sentence: item for item in texts if item.clip.sentence not in own}
    return list(others.values()) or list(texts)


def _first_usable(
    order: _Order, voices: BaseVoices, rows: Mapping[str, Float[Tensor, "gin"]]
) -> PreparedUtterance | None:
    """The first of the sentences that is spoken for long enough to be trained on, in the new voice."""
    for sentence in order.sentences:
        wave = voices.speak(sentence, order.place)
        if voices.is_usable(sentence, wave):
            converted = _converted(wave, order, voices, rows[order.new_voice])
            return voices.prepared(sentence, converted, speaker=order.new_voice, split=CONVERTED)
    return None


def _converted(
    wave: Float[Tensor, "samples"], order: _Order, voices: BaseVoices, row: Float[Tensor, "gin"]
) -> Float[Tensor, "samples"]:
    """The same words at the same pace in the new voice, in [-1, 1] on the CPU."""
    spectrogram = voices.spectrogram(wave.unsqueeze(0)).to(voices.device)
    source = torch.tensor([voices.speakers.rows[order.place]], device=voices.device)
    decoded = voices.base.revoice(
        spectrogram,
        torch.tensor([spectrogram.shape[2]], device=voices.device),
        voices.base.speaker_embedding(source),
        row.to(voices.device)[None, :, None],
        source=source,
    )
    return decoded.audio[0, 0, : len(wave)].float().clamp(-1, 1).cpu()


def _numbered(utterance: PreparedUtterance, number: int) -> PreparedUtterance:
    """The same with a name that nothing else has."""
    return replace(utterance, clip=replace(utterance.clip, name=f"{CONVERTED}/{number:03}"))
