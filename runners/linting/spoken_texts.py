"""Texts that a reader, espeak and the judge's normalisation may take differently."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from metrics.judges.language_codes import is_english
from runners.linting.finding import Finding, Severity
from vits.corpus.clip import Clip
from vits.text.scripts import LATIN, script_of

CHECK = "spoken texts"
_BRACKETS = re.compile(r"[()\[\]{}<>（）［］｛｝＜＞⟨⟩〈〉《》「」『』【】〔〕]")
_SYMBOLS = re.compile(r"[&%$€£¥#@+=*/\\^~|_°§©®™½¼¾²³×÷]|[^\W\d_]\.[^\W\d_]\.")
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Drs|Prof|St|Jr|Sr|Gen|Col|Capt|Lt|Sgt|Maj|Rev|Hon|Mt|Ave|Rd|Blvd|Inc|Ltd|Co|Corp|Dept|vs|etc|"
    r"e\.g|i\.e|approx|No|vol|fig|pp?|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.(?=[\s,;:)]*(?:\S|$))"
)


def differently_read(clips: Sequence[Clip], language: str) -> list[Finding]:
    """The texts of each kind, a finding for each kind that there is."""
    texts = list(dict.fromkeys(clip.text for clip in clips if clip.text))
    script = _main_script(texts)
    kinds: list[tuple[str, Callable[[str], bool], str]] = [
        ("brackets", _has(_BRACKETS), "their words are read and scored, though a speaker may have left them out"),
        ("digits", lambda text: any(letter.isnumeric() for letter in text), "one number can be read in many ways"),
        ("symbols", _has(_SYMBOLS), "espeak reads some of them as words, and the judge's normalisation drops them"),
        ("abbreviations", lambda text: _is_abbreviated(text, language), "one abbreviation can be read in many ways"),
        (
            f"letters of another script than {script.lower()}",
            lambda text: _foreign(text, script),
            "espeak spells them out or is silent, and the judge writes what it hears in its own script",
        ),
    ]
    return [
        _finding(name, found, len(texts), why)
        for name, concerns, why in kinds
        if (found := [text for text in texts if concerns(text)])
    ]


def _finding(name: str, found: Sequence[str], count: int, why: str) -> Finding:
    return Finding(
        Severity.WARNING,
        CHECK,
        "corpus",
        f"{len(found)} of {count} texts have {name}",
        f"{why}, so words may be learned or counted as errors that nobody made",
        "write them as they are spoken",
        tuple(found),
    )


def _has(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.search(text) is not None


def _is_abbreviated(text: str, language: str) -> bool:
    """Whether there is an English abbreviation; which words others abbreviate isn't known here."""
    return is_english(language) and _ABBREVIATION.search(text) is not None


def _foreign(text: str, main: str) -> bool:
    return any(script_of(letter) != main for letter in set(text) if letter.isalpha())


def _main_script(texts: Sequence[str]) -> str:
    """The script of most letters."""
    letters = Counter(letter for text in texts for letter in text if letter.isalpha())
    scripts: Counter[str] = Counter()
    for letter, count in letters.items():
        scripts[script_of(letter)] += count
    return scripts.most_common(1)[0][0] if scripts else LATIN
