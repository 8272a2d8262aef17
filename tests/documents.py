"""The commands that README.md and docs/ tell people to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`]+)`")
_COMMAND = re.compile(r"python ((?:runners|benchmarks)/\w+\.py)\b([^\n]*)")
_TO_FILL_IN = (
    (re.compile(r"<[^>\n]*>"), "somewhere"),
    (re.compile(r"\$\(\([^)]*\)\)"), "1"),
    (re.compile(r"\$\([^)]*\)"), "something"),
    (re.compile(r"\$\w+"), "1"),
)
_ENDS = ("|", "&&", ";", "done")


@dataclass(frozen=True)
class Documented:
    """A command with what a reader has to fill in filled in, and the page that it stands on."""

    page: str
    script: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {self.script} {' '.join(self.arguments)}"


def documented_commands() -> list[Documented]:
    """All of them in the order of the pages, each once."""
    found = [command for page in PAGES for command in commands_in(page.read_text(encoding="utf-8"), page.name)]
    return list(dict.fromkeys(found))


def commands_in(text: str, page: str) -> Iterator[Documented]:
    """Those of blocks, where lines go on behind a backslash, and those within sentences, where they may be broken."""
    blocks = [block.replace("\\\n", "") for block in _BLOCK.findall(text)]
    inline = [" ".join(code.split()) for code in _INLINE.findall(_BLOCK.sub("", text))]
    for code in (*blocks, *inline):
        for script, arguments in _COMMAND.findall(code):
            yield Documented(page, script, _words(arguments))


def _words(arguments: str) -> tuple[str, ...]:
    for pattern, filled in _TO_FILL_IN:
        arguments = pattern.sub(filled, arguments)
    words = shlex.split(arguments, comments=True)
    return tuple(words[: next((place for place, word in enumerate(words) if word in _ENDS), len(words))])
