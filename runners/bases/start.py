"""What a cell starts from: a model ready to take new speakers, and what is known of the old ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from strategies.adapters.adapter import Adapter
from strategies.context import BaseSpeakers
from vits.adversary import Adversary
from vits.bundle import BaseSpeaker
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer


@dataclass(frozen=True)
class DescribedBase:
    """What a base is, without its weights: its model, and a name for all that a cell takes from it."""

    spec: ModelSpec
    identity: str


@dataclass(frozen=True)
class Start(DescribedBase):
    """A model before any adaptation.

    `speakers` are those that initialisers may look at; `table` and `voiceprints` have every row of the speaker
    embedding, also those that were never trained. `trained_adversary` says whether the discriminators are more than
    noise. `adapters` are part of the model, since it was adapted before.
    """

    synthesizer: Synthesizer
    adversary: Adversary
    speakers: BaseSpeakers
    table: tuple[BaseSpeaker, ...] = ()
    voiceprints: Float[Tensor, "rows print"] | None = None
    optimizer_state: Mapping[str, Tensor] = field(default_factory=dict)
    trained_adversary: bool = False
    warnings: tuple[str, ...] = ()
    adapters: tuple[tuple[str, Adapter], ...] = ()
