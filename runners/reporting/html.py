"""The report as one page that needs nothing else: style, figures and sound lie in it, and it has no script."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from runners.reporting.document import Document, Points, Table
from runners.reporting.listening_audio import Listening
from runners.reporting.picture import Picture

BLOCKS = {Table: "table", Picture: "picture", Points: "points", Listening: "listening"}


def as_html(document: Document) -> str:
    """The page. Everything that comes from files is escaped; only our own style and figures are taken as they are."""
    environment = Environment(
        loader=PackageLoader("runners.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("page.css").render()
    template = environment.get_template("page.html")
    return template.render(document=document, style=Markup(style), svg=Markup, kind=lambda block: BLOCKS[type(block)])
