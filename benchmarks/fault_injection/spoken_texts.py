"""Texts in brackets and the like: what is spoken is what is scored, and a text of no words is said to be one."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator

from fault_injection.fault import End, Fault
from fault_injection.place import Material, Place, Rows
from fault_injection.process import Command, Ended

KIND = "spoken texts"
SAME = (
    ("(rainbow have been formed)", "rainbow have been formed"),
    ("[laughs] He came home.", "laughs he came home"),
    ("{braces} and <angles>", "braces and angles"),
    ("（full width） words", "full width words"),
    ("「corner」 words", "corner words"),
    ("He said (very [very] quietly) yes.", "he said very very quietly yes"),
    ("Salt & pepper.", "salt and pepper"),
    ("An un\u00adbroken word.", "an unbroken word"),
    ("A \u200bzero width space.", "a zero width space"),
    ("(unclosed bracket", "unclosed bracket"),
    ("a)b(c", "a b c"),
    ("⟦double⟧ brackets", "double brackets"),
    ("❨ornate❩ brackets", "ornate brackets"),
)
LINTED = (
    "He is 42 years (old).",
    "See §5 of it.",
    "Dr. Smith vs. Mr. Jones.",
    "Привет, мир.",
    "It costs €5.",
    "C++ & C#",
)


def faults(material: Material) -> Iterator[Fault]:
    """All members of the kind."""
    for text, spoken in SAME:
        yield Fault(
            KIND, f"{text} is scored as spoken", lambda place, pair=(text, spoken): _scoring(place, *pair), End.WELL
        )
    for text in LINTED:
        yield Fault(KIND, f"the linter names {text}", lambda place, text=text: _linting(place, text), End.WELL, _named)
    yield Fault(KIND, "a test text all in brackets is scored", lambda place: _bracketed(place), End.WELL, _has_words)


def _scoring(place: Place, text: str, spoken: str) -> Command:
    """No command of its own: a help that goes well, when both sides are normalised alike."""
    from metrics.error_rate import english_normaliser

    normalised = english_normaliser()
    if normalised(text) != normalised(spoken):
        print(f"{text!r} is {normalised(text)!r} and not {normalised(spoken)!r}", file=sys.stderr)
        return place.command("nothing.py")
    return place.command("status.py", "--help")


def _with_text(place: Place, text: str) -> None:
    def change(rows: Rows) -> None:
        next(row for row in rows if row[3] == "test")[2] = text

    place.change_rows(change)


def _linting(place: Place, text: str) -> Command:
    _with_text(place, text)
    return place.lint("out=out.csv")


def _named(place: Place, ended: Ended) -> str | None:
    """The linter's finding about texts that may be read differently."""
    with (place.folder / "out.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    return None if any(KIND in row.values() for row in rows) else "no finding of spoken texts"


def _bracketed(place: Place) -> Command:
    _with_text(place, "(rainbow have been formed)")
    return place.grid("name=odd", "metrics=[wer]", "steps=1")


def _has_words(place: Place, ended: Ended) -> str | None:
    (path,) = place.folder.glob("runs/odd/*/scores.csv")
    with path.open(encoding="utf-8", newline="") as file:
        counts = {
            row["value"]
            for row in csv.DictReader(file)
            if row["metric"] == "wer_reference_words" and row["split"] == "test"
        }
    return None if "4.0" in counts else f"reference words: {sorted(counts)}"
