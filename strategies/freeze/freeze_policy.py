"""Which parameters training may move.

A policy is a pure predicate over parameter names. What an experiment adds to the base (the new speakers'
embeddings, a conditioning of the decoder) always trains and the base speakers' rows never do, whatever the policy.
To add one: a class here, `@register("freeze", "<name>")`, and `conf/freeze/<name>.yaml`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from vits.common.registry import register

BASE_ROWS = "speaker_embedding.weight"
EMBEDDINGS = "speaker_embedding."
NEW_ROWS = "speaker_embedding.added."
ADDED = (NEW_ROWS, "decoder.trunk.conditioning.")


class FreezePolicy(ABC):
    """Which of the model's shared parameters training may move."""

    @abstractmethod
    def trainable(self, parameter_name: str) -> bool:
        """Whether a parameter outside the speaker embedding is trained."""


class PartsFrozen(FreezePolicy):
    """Everything is trained but the named parts of the synthesizer."""

    parts: ClassVar[tuple[str, ...]] = ()

    def trainable(self, parameter_name: str) -> bool:
        return parameter_name.split(".", 1)[0] not in self.parts


@register("freeze", "none")
@dataclass(frozen=True)
class Nothing(PartsFrozen):
    """All shared parameters follow the new voices."""


@register("freeze", "decoder")
@dataclass(frozen=True)
class Decoder(PartsFrozen):
    """The waveform stays as it was learned from many voices; the multi-band decoder never sees the speaker."""

    parts: ClassVar[tuple[str, ...]] = ("decoder",)


@register("freeze", "text_encoder")
@dataclass(frozen=True)
class TextEncoder(PartsFrozen):
    """How text is read stays."""

    parts: ClassVar[tuple[str, ...]] = ("text_encoder",)


@register("freeze", "posterior_encoder")
@dataclass(frozen=True)
class PosteriorEncoder(PartsFrozen):
    """How speech is heard stays."""

    parts: ClassVar[tuple[str, ...]] = ("posterior_encoder",)


@register("freeze", "flow")
@dataclass(frozen=True)
class Flow(PartsFrozen):
    """How speaker and content mix stays, but for what the embedding changes."""

    parts: ClassVar[tuple[str, ...]] = ("flow",)


@register("freeze", "duration_predictor")
@dataclass(frozen=True)
class DurationPredictor(PartsFrozen):
    """The rhythm stays, but for what the embedding changes."""

    parts: ClassVar[tuple[str, ...]] = ("duration_predictor",)


@register("freeze", "encoders")
@dataclass(frozen=True)
class Encoders(PartsFrozen):
    """How text is read and speech is heard stays."""

    parts: ClassVar[tuple[str, ...]] = ("text_encoder", "posterior_encoder")


@register("freeze", "all_but_embedding")
@dataclass(frozen=True)
class AllButEmbedding(FreezePolicy):
    """A new voice is one vector, and nothing else moves."""

    def trainable(self, parameter_name: str) -> bool:
        return False


def apply_freeze(policy: FreezePolicy, synthesizer: nn.Module) -> None:
    """Mark which parameters get gradients; those that don't must not reach an optimizer."""
    for name, parameter in synthesizer.named_parameters():
        if name.startswith(ADDED):
            trainable = True
        elif name == BASE_ROWS:
            trainable = False
        else:
            trainable = policy.trainable(name)
        parameter.requires_grad_(trainable)
