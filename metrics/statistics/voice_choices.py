"""Where one voice is better served by another system than all voices together are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metrics.statistics.contrasts import Reach, contrasts, headline
from metrics.statistics.paired_scores import PairedScores
from metrics.statistics.variance_components import components


@dataclass(frozen=True)
class VoiceChoice:
    """A system that is surely better for one voice than the one recommended for all, and by how much at least."""

    speaker: str
    system: str
    estimate: float
    at_least: float


def better_for_one_voice(
    scores: PairedScores, recommended: str, *, alpha: float = 0.05, reach: Reach | None = None
) -> tuple[VoiceChoice, ...]:
    """For each voice the system that surely gains most over the recommended one, if any does.

    All voices and systems share `alpha` (Bonferroni), one-sided: with `alpha` at most, anybody is advised against
    the recommendation without gain. Seeds' variance is that of single voices' means, again over all systems.
    """
    others = [k for k, system in enumerate(scores.systems) if system != recommended]
    if len(scores.speakers) == 1 or not others:
        return ()
    place, tests = scores.systems.index(recommended), len(others) * len(scores.speakers)
    eye = np.eye(len(scores.systems))
    choices = []
    for speaker in scores.speakers:
        parts = components(scores.of_speakers([speaker]))
        found = contrasts(parts, eye[others] - eye[place], reach or headline(parts))
        at_least = found.estimates - found.half_widths(2 * alpha / tests)
        best = int(at_least.argmax())
        if at_least[best] > 0:
            estimate = float(found.estimates[best])
            choices.append(VoiceChoice(speaker, scores.systems[others[best]], estimate, float(at_least[best])))
    return tuple(choices)
