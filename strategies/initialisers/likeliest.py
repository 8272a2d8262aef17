"""Start from the base speakers whose rows explain the recordings best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch

from strategies.context import AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from strategies.own_losses import OwnLosses, evenly_chosen
from vits.common.bounds import Above, AtLeast, check_fields
from vits.common.registry import register
from vits.spectrogram import MelSpectrogram

LEFT = 8  # the part of the rows that is left after the first recording is one in so many


@register("strategy", "likeliest")
@dataclass(frozen=True)
class Likeliest(EmbeddingInit):
    """The base row under which the model's own losses on the enrolment recordings are lowest; nobody judges.

    `recordings` of each voice are listened to, at even distances: the first as if every row spoke it, the others as if
    the likeliest eighth of them did (successive halving; Jamieson and Talwalkar, Non-stochastic Best Arm
    Identification, 2016). With `neighbours` of 2 or more it is the mixture
    of so many of the likeliest rows, whose shares fall by a factor e for every `temperature` that a row's loss lies
    above the lowest. One row of the table a voice, as for every initialiser; no other parameters.
    """

    recordings: Annotated[int, AtLeast(1)] = 4
    mel_weight: Annotated[float, AtLeast(0)] = 45.0
    neighbours: Annotated[int, AtLeast(1)] = 1
    temperature: Annotated[float, Above(0)] = 1.0

    def __post_init__(self) -> None:
        check_fields(self, "strategy")

    def prepare(self, context: AdaptationContext) -> Initialise:
        speakers = context.base_speakers
        speakers.require(self.neighbours, "likeliest")
        mel = MelSpectrogram(context.spec.analysis()).to(speakers.embeddings.device)

        def start(enrolment: Enrolment) -> InitialEmbedding:
            enrolment.require_recordings("strategy=likeliest")
            with context.base_at_rest() as base:
                of_row = OwnLosses(base, mel, self.mel_weight)
                first, *others = evenly_chosen(enrolment.recordings, self.recordings)
                losses = of_row(first, speakers.embeddings)
                _, left = losses.topk(max(self.neighbours, math.ceil(len(losses) / LEFT)), largest=False)
                sums = losses[left] + sum(of_row(one, speakers.embeddings[left]) for one in others)
            lowest, best = (sums / (1 + len(others))).topk(self.neighbours, largest=False)
            places = left[best]
            if self.neighbours == 1:
                return InitialEmbedding(speakers.embeddings[places[0]].clone(), speakers.names[int(places[0])])
            shares = torch.softmax((lowest[0] - lowest) / self.temperature, dim=0)
            return InitialEmbedding(shares @ speakers.embeddings[places])

        return start
