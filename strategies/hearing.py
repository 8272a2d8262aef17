"""How encoders of voices hear base speakers and new voices, so that these can be compared.

A base brings ECAPA's voiceprints of its recordings, and not the recordings. What another encoder makes of its speakers
is known from what the base itself says as each of them: how its rows sound, and not how the people do. Where encoders
are to be compared with each other, all of them hear the same speech, ECAPA too: beside voiceprints of recordings, from
which rows may even have been predicted, the others would be at a disadvantage that says nothing of new voices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from strategies.base_voices import BaseVoices
from strategies.context import ECAPA, AdaptationContext, Enrolment
from strategies.own_losses import evenly_chosen
from vits.common.bounds import AtLeast, AtMost, OneOf
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance

ENCODERS: Mapping[str, str] = MappingProxyType({"ecapa": ECAPA, "ge2e": "ge2e"})
"""Encoders as settings call them, and as metrics name them as their judges."""
BOTH, CHOSEN = "both", "chosen"
Encoder = Annotated[str, OneOf(*ENCODERS, BOTH, CHOSEN)]
"""One of them, both at once, or the one of these three that guesses base speakers best that are left out."""
Sentences = Annotated[int, AtLeast(1), AtMost(100)]
"""How many sentences each base speaker says, to be heard."""
NOISE_SCALE = 0.667  # as sentences are spoken when they are scored

Way = tuple[str, ...]
"""Encoders that hear together: the product of two voices is then the mean of their products."""


def teachers_of(encoder: str) -> tuple[str, ...]:
    """The judges that are asked."""
    return (ENCODERS[encoder],) if encoder in ENCODERS else tuple(ENCODERS.values())


class Hearing:
    """Unit voiceprints of base speakers and of new voices by the same encoders.

    The base speaks when its speakers are first to be heard: `sentences` of the training texts as each of them, with
    the mean of which a speaker's voiceprint is made. With `ecapa` alone they are the base's own, of recordings.
    """

    def __init__(self, context: AdaptationContext, encoder: str, sentences: int, strategy: str) -> None:
        self.context = context
        self.sentences = sentences
        self.strategy = strategy
        self.recorded = encoder == "ecapa"
        of_one = {name: ((name,),) for name in ENCODERS}
        self.ways: tuple[Way, ...] = {
            **of_one,
            BOTH: (tuple(ENCODERS),),
            CHOSEN: (*((name,) for name in ENCODERS), tuple(ENCODERS)),
        }[encoder]
        self._heard: dict[str, Tensor] = {}
        if self.recorded:
            context.base_speakers.require_voiceprints(strategy)

    def check(self, enrolment: Enrolment) -> None:
        """Check that a new voice can be heard.

        Raises:
            InputError: only its voiceprint by ECAPA is known.
        """
        if not self.recorded:
            enrolment.require_recordings(f"strategy={self.strategy}")

    def base(self, way: Way) -> Float[Tensor, "speakers print"]:
        """How base speakers sound."""
        return _together([self._base_speakers(encoder) for encoder in way])

    def new(self, way: Way, enrolment: Enrolment) -> Float[Tensor, "print"]:
        """How a new voice sounds."""
        return _together([self._new_voice(encoder, enrolment).unsqueeze(0) for encoder in way]).squeeze(0)

    def _new_voice(self, encoder: str, enrolment: Enrolment) -> Float[Tensor, "print"]:
        if self.recorded:
            return enrolment.mean_voiceprint
        return normalize(self.context.hear(ENCODERS[encoder], enrolment.recordings).mean(0), dim=0)

    def _base_speakers(self, encoder: str) -> Float[Tensor, "speakers print"]:
        if self.recorded:
            return self.context.base_speakers.voiceprints
        if encoder not in self._heard:
            prints = self.context.hear(ENCODERS[encoder], self._speech)
            of_each = prints.unflatten(0, (len(self.context.base_speakers), -1))
            self._heard[encoder] = normalize(of_each.mean(1), dim=1)
        return self._heard[encoder]

    @cached_property
    def _speech(self) -> list[PreparedUtterance]:
        """The same sentences by every base speaker, one speaker behind the other."""
        if not self.context.texts:
            raise InputError(
                f"strategy={self.strategy} lets base speakers say training sentences, but there are none; "
                "use strategy.encoder=ecapa"
            )
        said = evenly_chosen(self.context.texts, self.sentences)
        with self.context.base_at_rest() as base:
            voices = BaseVoices(base, self.context, NOISE_SCALE)
            return [
                voices.prepared(sentence, voices.speak(sentence, place), speaker=name, split="heard")
                for place, name in enumerate(voices.speakers.names)
                for sentence in said
            ]


def _together(prints: list[Float[Tensor, "speakers _"]]) -> Float[Tensor, "speakers print"]:
    """Unit voiceprints of several encoders as unit vectors whose product is the mean of theirs."""
    return torch.cat(prints, dim=1) / math.sqrt(len(prints))
