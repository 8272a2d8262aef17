"""Which layout a folder has: exactly one, or the error says what it may be."""

from __future__ import annotations

from collections.abc import Mapping

import vits.corpus.layouts
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import shown_path
from vits.common.registry import import_all, registered
from vits.corpus.layouts.layout import Layout, Place
from vits.corpus.table_text import table_lines


def layouts() -> Mapping[str, Layout]:
    """All layouts by name: a file in `vits/corpus/layouts/` is one."""
    import_all(vits.corpus.layouts)
    return {name: cls() for name, cls in registered("layout").items()}


def layout_of(place: Place, name: str | None) -> tuple[Layout, str]:
    """The layout of that name, or the one that the folder has, and what it is in a few words.

    Raises:
        InputError: there is none of that name, or the folder has none or may have several.
    """
    known = layouts()
    if name is not None:
        if name not in known:
            raise InputError(f"data.layout={shown(name)} isn't known; choose from {', '.join(known)}")
        return known[name], name
    found = {name: what for name, layout in known.items() if (what := layout.found(place)) is not None}
    if not found:
        raise _none(place, known)
    if len(found) > 1:
        readings = " or ".join(f"{what} (data.layout={name})" for name, what in found.items())
        raise InputError(f"{shown_path(place.folder)} may be {readings}; choose one")
    ((name, what),) = found.items()
    return known[name], what


def _none(place: Place, known: Mapping[str, Layout]) -> InputError:
    """What is wrong where no layout fits."""
    tables = place.tables
    if not tables:
        needs = "; ".join(f"{name}: {layout.needs}" for name, layout in known.items())
        return InputError(f"there is no corpus in {shown_path(place.folder)}; it needs one of these: {needs}")
    path = tables[0].path
    number, header = next(((number, line) for number, line in table_lines(path) if line.strip()), (1, ""))
    return InputError(
        f"{shown_path(path)}:{number}: the header is {shown(header)}; it must name a path, a text and, of several "
        "voices, a speaker, such as path|speaker|text, or every line must be id|text, id|text|normalised, "
        "id|speaker|text or path|text|speaker"
    )
