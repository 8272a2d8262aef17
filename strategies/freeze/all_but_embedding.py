"""Train the new speakers' embeddings alone."""

from __future__ import annotations

from dataclasses import dataclass

from strategies.freeze.freeze_policy import FROZEN, FreezePolicy, RateSchedule
from vits.common.registry import register


@register("freeze", "all_but_embedding")
@dataclass(frozen=True)
class AllButEmbedding(FreezePolicy):
    """A new voice is one vector, and nothing else moves."""

    def schedule(self, parameter_name: str) -> RateSchedule:
        return FROZEN
