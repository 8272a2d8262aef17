"""The files of answers that listeners send back, as votes and ratings of systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vits.common.errors import InputError
from vits.common.readers import read_json

HIGHEST = 5  # of the scale


@dataclass(frozen=True)
class Sound:
    """One synthesised sentence that was heard."""

    system: str
    speaker: str
    utterance: str

    @property
    def sentence(self) -> str:
        """What is said and by whom, whatever the system."""
        return f"{self.speaker}/{self.utterance}"


@dataclass(frozen=True)
class Preference:
    """A listener prefers one sound to another of the same sentence; `again` marks the repetition of a pair."""

    rater: str
    winner: Sound
    loser: Sound
    again: bool

    @property
    def pair(self) -> frozenset[Sound]:
        return frozenset((self.winner, self.loser))


@dataclass(frozen=True)
class Rating:
    """How alike a listener finds a sound's voice and the recording's: 1 (another voice) to 5 (the same)."""

    rater: str
    sound: Sound
    score: int


@dataclass(frozen=True)
class Answers:
    """All that was answered, of all listeners."""

    preferences: tuple[Preference, ...]
    ratings: tuple[Rating, ...]

    @property
    def raters(self) -> tuple[str, ...]:
        return tuple(sorted({answer.rater for answer in (*self.preferences, *self.ratings)}))

    def contradictions(self) -> Mapping[str, tuple[int, int]]:
        """Of each listener how many of the repeated pairs they answered otherwise, and how many they heard again."""
        first = {(p.rater, p.pair): p.winner for p in self.preferences if not p.again}
        found: dict[str, tuple[int, int]] = {}
        for p in self.preferences:
            if p.again and (p.rater, p.pair) in first:
                others, n = found.get(p.rater, (0, 0))
                found[p.rater] = others + (first[p.rater, p.pair] != p.winner), n + 1
        return found


def read_answers(key: Path, files: Sequence[Path]) -> Answers:
    """The answers of all files, by the key of the test that they belong to.

    Raises:
        InputError: a file is damaged, belongs to another test, or a listener's answers are given twice.
    """
    test = read_json(key, dict[str, Any])
    sounds = {int(number): Sound(**sound) for number, sound in test["sounds"].items()}
    preferences: list[Preference] = []
    ratings: list[Rating] = []
    seen: dict[str, Path] = {}
    for path in files:
        content = read_json(path, dict[str, Any])
        rater = _rater(content, test["test"], path)
        if rater in seen:
            raise InputError(f"{path} and {seen[rater]} are both of listener {rater}; give each listener's file once")
        seen[rater] = path
        for answer in _list(content, path):
            read = _answer(answer, rater, sounds, path)
            (preferences if isinstance(read, Preference) else ratings).append(read)  # pyright: ignore[reportArgumentType]
    return Answers(tuple(preferences), tuple(ratings))


def _rater(content: Mapping[str, Any], test: str, path: Path) -> str:
    if content.get("test") != test:
        raise InputError(
            f"{path} belongs to another listening test than {test}; give the files of this experiment's page, as it "
            "was when they were made"
        )
    rater = content.get("rater")
    if not isinstance(rater, int) or isinstance(rater, bool) or rater < 1:
        raise InputError(f"{path}: rater={rater!r} must be a number from 1; the file is damaged")
    return str(rater)


def _list(content: Mapping[str, Any], path: Path) -> list[Any]:
    answers = content.get("answers")
    if not isinstance(answers, list):
        raise InputError(f"{path} has no list of answers; it is damaged")
    return answers


def _answer(answer: Any, rater: str, sounds: Mapping[int, Sound], path: Path) -> Preference | Rating:
    """One answer: of two sounds the preferred one, of one sound its score."""
    heard = answer.get("sounds") if isinstance(answer, dict) else None
    given = answer.get("answer") if isinstance(answer, dict) else None
    if not isinstance(heard, list) or not all(isinstance(n, int) and n in sounds for n in heard):
        raise InputError(f"{path}: an answer names no sounds of the test; the file is damaged")
    if len(heard) == 1 and isinstance(given, int) and 1 <= given <= HIGHEST:
        return Rating(rater, sounds[heard[0]], given)
    if len(heard) == 2 and heard[0] != heard[1] and isinstance(given, int) and given in heard:
        loser = heard[1] if given == heard[0] else heard[0]
        return Preference(rater, sounds[given], sounds[loser], answer.get("repeats") is not None)
    raise InputError(f"{path}: the answer {given!r} is none of the choices; the file is damaged")
