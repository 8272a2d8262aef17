"""Sounds that the base was never trained on: those of another language than its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from runners.linting.finding import Finding, Severity, skipped
from runners.linting.known_base import KnownBase
from vits.corpus.clip import Clip
from vits.corpus.split import TRAIN
from vits.text.symbols import SYMBOLS, shown_symbol
from vits.trained_on import TrainedOn, symbols_of

CHECK = "sounds"


def unheard_symbols(clips: Sequence[Clip], bases: Sequence[KnownBase]) -> list[Finding]:
    """Symbols of the texts' phonemes that a base never saw, and those that no model here can take."""
    findings: list[Finding] = []
    for base in bases:
        trained = base.trained_on or TrainedOn()
        new = [_takes(trained.unheard(clip.phonemes or "")) for clip in clips]
        if any(new):
            findings.append(_never_trained(base, clips, new))
        elif base.trained_on is not None and not trained.symbol:
            findings.append(skipped(CHECK, base.source, *_unknown()))
    dropped = [_strange(clip) for clip in clips]
    return [*findings, *([_dropped(clips, dropped)] if any(dropped) else [])]


def _unknown() -> tuple[str, str]:
    """What couldn't be looked for, and what to do."""
    return (
        "the base doesn't say which symbols it was trained on (its trained_on.csv has none)",
        "make the bundle again, with runners/pretrain.py or runners/import_checkpoint.py, to know",
    )


def _takes(symbols: str) -> str:
    """Those of the symbols that a model has a row for."""
    return "".join(symbol for symbol in symbols if symbol in SYMBOLS)


def _strange(clip: Clip) -> str:
    """Those of a clip's symbols that no model has a row for."""
    return "".join(symbol for symbol in symbols_of([clip.phonemes or ""]) if symbol not in SYMBOLS)


def _never_trained(base: KnownBase, clips: Sequence[Clip], new: Sequence[str]) -> Finding:
    return Finding(
        Severity.WARNING,
        CHECK,
        base.source,
        f"{_share(new)} have symbols that the base was never trained on: {_named(new)}",
        "to it they are noise; only the new recordings can teach them, and a frozen text encoder can't learn them",
        "write punctuation in other marks; for sounds use a base of that language, or train longer (steps=1600) with "
        "freeze=none, on many sentences of each",
        _counted(clips, new),
    )


def _dropped(clips: Sequence[Clip], dropped: Sequence[str]) -> Finding:
    return Finding(
        Severity.WARNING,
        CHECK,
        "corpus",
        f"{_share(dropped)} have phonemes that aren't in the alphabet: {_named(dropped)}",
        "they are left out of what the model reads, so words that differ by them are learned as one",
        "write them in other symbols in a column phonemes, if the difference matters",
        _counted(clips, dropped),
    )


def _share(found: Sequence[str]) -> str:
    return f"{sum(map(bool, found))} of {len(found)} texts"


def _named(found: Sequence[str]) -> str:
    """The symbols, those of most texts first."""
    return " ".join(shown_symbol(symbol) for symbol, _ in _counts(found))


def _counts(found: Sequence[str]) -> list[tuple[str, int]]:
    """Of how many texts each symbol is."""
    return Counter(symbol for symbols in found for symbol in symbols).most_common()


def _counted(clips: Sequence[Clip], found: Sequence[str]) -> tuple[str, ...]:
    """Each symbol with the number of its texts, and of those that are trained."""
    pairs = list(zip(clips, found, strict=True))
    trained = Counter(symbol for clip, symbols in pairs if clip.split == TRAIN for symbol in symbols)
    return tuple(
        f"{shown_symbol(symbol)} in {count}, {trained[symbol]} of them to train on" for symbol, count in _counts(found)
    )
