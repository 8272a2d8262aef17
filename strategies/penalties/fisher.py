"""Stay near the base where the base's voices need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from strategies.context import AdaptationContext
from strategies.own_losses import OwnLosses
from strategies.penalties.penalty import Penalty, PenaltyTerms
from strategies.rehearsal.generated import Generated
from vits.common.bounds import Above, AtLeast, check_fields
from vits.common.errors import InputError
from vits.common.registry import register
from vits.corpus.batching import Batch
from vits.corpus.features import PreparedUtterance
from vits.spectrogram import MelSpectrogram
from vits.synthesizer import Synthesizer, TrainingPass

MEL_WEIGHT = 45.0  # as in training


@register("penalty", "fisher")
@dataclass(frozen=True)
class Fisher(Penalty):
    """The squared distance of the trained shared parameters from those of the base, each as its importance says.

    `weight / 2 * sum F (p - p0)^2`, where `F` are the mean squared gradients of the model's own losses over
    `utterances` that base voices speak in the untouched base, divided by their mean over all trained parameters: with
    equal importances it is `l2_sp` of the same weight. It adds no parameters; two numbers are kept for each trained
    one.
    Kirkpatrick et al., Overcoming catastrophic forgetting in neural networks, 2017, equation 3 (elastic weight
    consolidation), with the empirical Fisher information.
    """

    weight: Annotated[float, Above(0)] = 0.1
    utterances: Annotated[int, AtLeast(1)] = 16

    def __post_init__(self) -> None:
        check_fields(self, "penalty.fisher")

    def prepare(self, context: AdaptationContext) -> PenaltyTerms:
        trained = context.require_trained("fisher")
        rehearsed = Generated(utterances=self.utterances).prepare(context)
        importances = importance(
            context, trained, ((item, rehearsed.rows[item.clip.speaker]) for item in rehearsed.utterances)
        )
        starts = {name: parameter.detach().clone() for name, parameter in trained.items()}

        def distance(synthesizer: Synthesizer, batch: Batch, made: TrainingPass) -> dict[str, Tensor]:
            squares = [(importances[name] * (now - starts[name]).square()).sum() for name, now in trained.items()]
            return {"fisher": self.weight / 2 * torch.stack(squares).sum()}

        return distance


def importance(
    context: AdaptationContext, parameters: Mapping[str, nn.Parameter], spoken: Iterable[tuple[PreparedUtterance, int]]
) -> dict[str, Tensor]:
    """Mean squared gradients of the losses of utterances, each by the row of its speaker, divided by their mean."""
    sums = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    rows = context.base.speaker_embedding.weight.detach()
    mel = MelSpectrogram(context.spec.analysis()).to(rows.device)
    with context.base_at_rest() as base, torch.enable_grad():
        losses = OwnLosses(base, mel, MEL_WEIGHT)
        for utterance, row in spoken:
            loss = losses(utterance, rows[[row]]).sum()
            gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
            for name, gradient in zip(parameters, gradients, strict=True):
                if gradient is not None:
                    sums[name] += gradient.square()
    total = sum(float(square.sum()) for square in sums.values())
    mean = total / sum(square.numel() for square in sums.values())
    if not mean:
        raise InputError("penalty=fisher finds no gradient of the base's losses in what is trained; use penalty=l2_sp")
    return {name: square / mean for name, square in sums.items()}
