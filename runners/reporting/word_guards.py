"""Which error rate guards the words: that of another judge where the one that is named wasn't asked, and one of letters
where words aren't separated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from metrics.cer import CharacterErrorRate
from metrics.judges.language_codes import separates_words
from metrics.metric import Metric
from metrics.wer import WordErrorRate
from vits.common.registry import registered


def guards_of(named: Sequence[str], scored: Collection[str], language: str) -> list[str]:
    """The guards for scores of these names, of speech in a language given by espeak's code.

    A word error rate that is named stands for all of them: itself if it was scored, or else another judge's. In a
    language that doesn't separate words a character error rate comes first. All others stay as they are.
    """
    known: Mapping[str, type[Metric]] = {cls.name: cls for cls in registered("metrics").values()}
    words = [name for name, cls in known.items() if issubclass(cls, WordErrorRate)]
    first = [] if separates_words(language) else [n for n, cls in known.items() if issubclass(cls, CharacterErrorRate)]

    def guard(name: str) -> str:
        if name not in words:
            return name
        return next((other for other in (*first, name, *words) if other in scored), name)

    return list(dict.fromkeys(map(guard, named)))
