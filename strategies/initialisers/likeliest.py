"""Start from the base speakers whose rows explain the recordings best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch

from strategies.context import AdaptationContext, Enrolment
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from strategies.initialisers.own_losses import OwnLosses, evenly_chosen
from vits.common.bounds import Above, AtLeast, check_fields
from vits.common.registry import register
from vits.spectrogram import MelSpectrogram


@register("strategy", "likeliest")
@dataclass(frozen=True)
class Likeliest(EmbeddingInit):
    """The base row under which the model's own losses on the enrolment recordings are lowest; nobody judges.

    `recordings` of each voice are listened to, at even distances. With `neighbours` of 2 or more it is the mixture
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
                heard = evenly_chosen(enrolment.recordings, self.recordings)
                losses = torch.stack([of_row(one, speakers.embeddings) for one in heard]).mean(0)
            lowest, places = losses.topk(self.neighbours, largest=False)
            if self.neighbours == 1:
                return InitialEmbedding(speakers.embeddings[places[0]].clone(), speakers.names[int(places[0])])
            shares = torch.softmax((lowest[0] - lowest) / self.temperature, dim=0)
            return InitialEmbedding(shares @ speakers.embeddings[places])

        return start
