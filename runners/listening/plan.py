"""Who hears what, in which order: balanced over raters, systems, sentences and sides."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

N_REPEATED = 2  # pairs that each rater hears again, sides exchanged: who answers otherwise contradicts themself


@dataclass(frozen=True)
class Trial:
    """One question: two sounds of a sentence to choose from, or one to compare with the recording.

    `stimuli` are numbers of the sounds in the page; `repeats` is the place of the trial that this one repeats.
    """

    sentence: int
    stimuli: tuple[int, ...]
    repeats: int | None = None

    @property
    def is_preference(self) -> bool:
        return len(self.stimuli) == 2


def plan(n_systems: int, n_sentences: int, n_raters: int, seed: int) -> list[list[Trial]]:
    """The trials of every rater, in their order.

    Each rater hears every pair of systems once and every system once beside the recording. The sentence of a pair
    moves on from rater to rater, so that over as many raters as there are sentences each pair is heard with each
    (a cyclic Latin square), and so does the side on which a system is heard. The order is drawn for each rater.
    """
    return [_of_rater(n_systems, n_sentences, rater, random.Random(f"{seed} {rater}")) for rater in range(n_raters)]


def _of_rater(n_systems: int, n_sentences: int, rater: int, draw: random.Random) -> list[Trial]:
    pairs = list(combinations(range(n_systems), 2))
    trials = [_pair(pair, (rater + place) % n_sentences, place, rater, n_systems) for place, pair in enumerate(pairs)]
    trials += [
        Trial(sentence := (rater + system) % n_sentences, (_stimulus(sentence, system, n_systems),))
        for system in range(n_systems)
    ]
    draw.shuffle(trials)
    return [*trials, *_repeated(trials, draw)]


def _pair(pair: Sequence[int], sentence: int, place: int, rater: int, n_systems: int) -> Trial:
    turned = (rater // 2 + rater + place) % 2
    first, second = (_stimulus(sentence, system, n_systems) for system in pair)
    return Trial(sentence, (second, first) if turned else (first, second))


def _repeated(trials: Sequence[Trial], draw: random.Random) -> list[Trial]:
    """Some of the pairs again, with their sides exchanged."""
    places = [place for place, trial in enumerate(trials) if trial.is_preference]
    chosen = draw.sample(places, min(N_REPEATED, len(places)))
    return [Trial(trials[place].sentence, trials[place].stimuli[::-1], place) for place in chosen]


def _stimulus(sentence: int, system: int, n_systems: int) -> int:
    """The number of a sound; which system it is of, only the key tells (`making`)."""
    return sentence * n_systems + system
