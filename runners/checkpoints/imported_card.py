"""The card of a base that was imported."""

from __future__ import annotations

from collections.abc import Sequence

from vits.bundle import Bundle


def imported_card(bundle: Bundle, origin: str, more: Sequence[str]) -> str:
    """Where it is from, how large it is, and what else is known of it."""
    parameters = sum(parameter.numel() for parameter in bundle.synthesizer.parameters())
    facts = (
        f"Imported from {origin}.",
        f"Model: {parameters:,} parameters, {len(bundle.trained_rows)} trained voices.",
        *more,
    )
    return "\n".join(["# Base model card", "", *(f"- {fact}" for fact in facts), ""])
