"""A figure as SVG, drawn once and coloured twice: for a file of its own and for a light or dark page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER, INK, FAINT = "#ffffff", "#1f2328", "#8a929b"
SERIES = ("#0969da", "#c2410c", "#1a7f37", "#8250df", "#b3247a", "#0f7b83", "#8a6500", "#57606a")
STYLE: Mapping[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and takes the page's font
    "text.parse_math": False,  # a name may hold a dollar sign
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.alpha": 0.22,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "lines.markersize": 5,
}


@dataclass(frozen=True)
class Picture:
    """A figure: its file name without suffix, what it shows, how to read it, and its SVG for a file."""

    name: str
    alt: str
    caption: str
    svg: str
    folded: bool = False

    @property
    def inline(self) -> str:
        """The SVG as part of a page: no header, no ids but those it refers to, colours from the page's style."""
        svg = self.svg[self.svg.index("<svg") :]
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        svg = re.sub(r'<g id="[^"]*"', "<g", svg)
        for colour, variable in colour_variables().items():
            svg = svg.replace(colour, f"var({variable})")
        svg = svg.replace(PAPER, "transparent")
        return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def colour_variables() -> dict[str, str]:
    """The CSS variable in the place of each colour."""
    return {INK: "--ink", FAINT: "--faint", **{colour: f"--series-{i}" for i, colour in enumerate(SERIES)}}


def picture(
    name: str,
    alt: str,
    caption: str,
    size: tuple[float, float],
    draw: Callable[[Figure], None],
    *,
    folded: bool = False,
) -> Picture:
    """Draw with the report's style; the same data give the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, facecolor=PAPER)
    return Picture(name, alt, caption, text.getvalue(), folded)
