"""The report as Markdown: tables, and links to the figures' files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runners.reporting.document import Block, Document, Entry, Points, Table
from runners.reporting.listening_audio import Listening
from runners.reporting.picture import Picture

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")


def as_markdown(document: Document, figures: str) -> str:
    """The text; `figures` is the folder of the figures' files, relative to the text's own."""
    lines = [f"# {escape(document.title)}", "", escape(document.subtitle), ""]
    for section in document.sections:
        lines += [f"## {escape(section.title)}", ""]
        lines += [part for paragraph in section.paragraphs for part in (escape(paragraph), "")]
        for block in section.blocks:
            lines += [*_block(block, figures), ""]
    names = ", ".join(f"[{name}.csv]({name}.csv)" for name, table in document.data.items() if len(table))
    if names:
        lines += [f"The numbers in full: {names}.", ""]
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _block(block: Block, figures: str) -> Iterator[str]:
    match block:
        case Points():
            if block.title:
                yield from (f"**{escape(block.title)}**", "")
            yield from (f"- {escape(sentence)}" for sentence in block.sentences)
        case Table():
            yield from _table(block)
        case Picture():
            yield f"![{escape(block.alt)}]({figures}/{block.name}.svg)"
            yield ""
            yield f"*{escape(block.caption)}*"
        case Listening():
            yield from _listening(block)


def _table(table: Table) -> Iterator[str]:
    yield f"**{escape(table.caption)}**"
    yield ""
    yield _row([escape(column) for column in table.columns])
    yield _row(["---" if place < table.n_labels else "---:" for place in range(len(table.columns))])
    for row in table.rows:
        yield _row([_entry(entry) for entry in row])
    for note in table.notes:
        yield ""
        yield escape(note)


def _row(fields: list[str]) -> str:
    return f"| {' | '.join(fields)} |"


def _entry(entry: Entry) -> str:
    text = escape(entry.text)
    if text and entry.is_strong:
        text = f"**{text}**"
    if text and entry.is_aside:
        text = f"*{text}*"
    detail = escape(entry.detail)
    mark = f"({escape(entry.mark)})" if entry.mark else ""
    return " ".join(part for part in (text, detail, mark) if part)


def _listening(found: Listening) -> Iterator[str]:
    """What was heard; the sound itself is in the page."""
    for sentence in found.sentences:
        yield f"**{escape(sentence.speaker)}**: “{escape(sentence.text)}”"
        yield ""
        yield _row(["system", "heard", "scores"])
        yield _row(["---", "---", "---"])
        for player in sentence.players:
            yield _row([escape(player.label), escape(player.heard), escape(", ".join(player.scores))])
        yield ""
    yield from (f"- {escape(remark)}" for remark in found.remarks)
