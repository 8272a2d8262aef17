"""Search the row that explains the recordings best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from types import MappingProxyType
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from strategies.context import AdaptationContext, Enrolment
from strategies.initialisers.convex import Convex
from strategies.initialisers.ecapa import Ecapa
from strategies.initialisers.embedding_init import EmbeddingInit, InitialEmbedding, Initialise
from strategies.initialisers.likeliest import Likeliest
from strategies.initialisers.mean import Mean
from strategies.initialisers.nearest import Nearest
from strategies.initialisers.ridge import Ridge
from strategies.own_losses import OwnLosses, evenly_chosen
from vits.common.bounds import Above, AtLeast, OneOf, check_fields
from vits.common.registry import register
from vits.spectrogram import MelSpectrogram

STARTS: Mapping[str, type[EmbeddingInit]] = MappingProxyType(
    {"convex": Convex, "ecapa": Ecapa, "likeliest": Likeliest, "mean": Mean, "nearest": Nearest, "ridge": Ridge}
)


@register("strategy", "inversion")
@dataclass(frozen=True)
class Inversion(EmbeddingInit):
    """The row under which the model's own losses on the enrolment recordings are lowest, with all weights frozen.

    What `freeze=all_but_embedding` looks for in a training, in seconds: `steps` of Adam from the row that `start`
    gives, one recording a step, `recordings` of each voice in turn. A step is about `learning_rate` times the
    deviation of the base's rows, so that it means the same on every base. The row with the lowest mean loss over
    all of the recordings is taken among the first, the middle and the last, so that none is worse than its start.
    After Gal et al., An Image is Worth One Word: Personalizing Text-to-Image Generation using Textual Inversion,
    2022, section 4.
    """

    start: Annotated[str, OneOf(*STARTS)] = "ecapa"
    steps: Annotated[int, AtLeast(1)] = 32
    learning_rate: Annotated[float, Above(0)] = 0.1
    recordings: Annotated[int, AtLeast(1)] = 4
    mel_weight: Annotated[float, AtLeast(0)] = 45.0

    def __post_init__(self) -> None:
        check_fields(self, "strategy")

    @property
    def teachers(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Those of the start; the search itself asks nobody."""
        return STARTS[self.start]().teachers

    def prepare(self, context: AdaptationContext) -> Initialise:
        first = STARTS[self.start]().prepare(context)
        rows = context.base_speakers.embeddings
        step = self.learning_rate * float((rows - rows.mean(0)).square().mean().sqrt())
        mel = MelSpectrogram(context.spec.analysis()).to(rows.device)

        def search(enrolment: Enrolment) -> InitialEmbedding:
            enrolment.require_recordings("strategy=inversion")
            with context.base_at_rest() as base:
                losses = OwnLosses(base, mel, self.mel_weight)
                return InitialEmbedding(self._searched(losses, enrolment, first(enrolment).row, step))

        return search

    def _searched(
        self, losses: OwnLosses, enrolment: Enrolment, start: Float[Tensor, "gin"], step: float
    ) -> Float[Tensor, "gin"]:
        """The best of the rows on the way."""
        heard = evenly_chosen(enrolment.recordings, self.recordings)
        row = start.detach().clone().requires_grad_()
        optimizer = torch.optim.Adam([row], lr=step)
        reached = [start.detach().clone()]
        for number, recording in enumerate(islice(cycle(heard), self.steps), start=1):
            with torch.enable_grad():
                (row.grad,) = torch.autograd.grad(losses(recording, row.unsqueeze(0)).sum(), [row])
            optimizer.step()
            if number in (self.steps // 2, self.steps):
                reached.append(row.detach().clone())
        means = torch.stack([losses(recording, torch.stack(reached)) for recording in heard]).mean(0)
        return reached[int(means.argmin())]
