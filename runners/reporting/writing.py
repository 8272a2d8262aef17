"""From an experiment's folder to the report's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from metrics.metric import Metric
from runners.reporting.analysis import Analysis, analyse
from runners.reporting.answer import answer
from runners.reporting.contents import document
from runners.reporting.document import Document
from runners.reporting.html import as_html
from runners.reporting.looks_taken import remember
from runners.reporting.markdown import as_markdown
from runners.reporting.results import load_experiment
from runners.reporting.settings import WANDB, ReportSettings
from runners.results.undecided import write_undecided
from vits.common.atomic_files import write_atomically

FOLDER, PAGE, TEXT, FIGURES = "report", "index.html", "report.md", "figures"


@dataclass(frozen=True)
class Written:
    """The answer's lines, the metrics that it is about, and where the report can be read."""

    answer: tuple[str, ...]
    headline: tuple[Metric, ...]
    places: tuple[str, ...]


def report(experiment: Path, settings: ReportSettings) -> Written:
    """Compare the cells of an experiment's folder and write the report into it.

    Raises:
        InputError: the folder has no finished cell, or none with test scores; or the report can't be published,
            after it was written.
    """
    analysis = analyse(load_experiment(experiment), settings)
    page = document(analysis)
    places = [str(write_report(page, experiment / FOLDER))]
    remember(analysis.experiment)
    write_undecided(experiment, _undecided(analysis))
    if settings.publish == WANDB:
        from runners.reporting.wandb_report import publish

        places.append(publish(analysis, page))
    return Written(answer(analysis), analysis.headline, tuple(places))


def _undecided(analysis: Analysis) -> list[Mapping[str, str]]:
    """The systems that may be the best, as all facets of their cells; none where one alone may be."""
    rivals = dict.fromkeys([analysis.recommended.label, *analysis.verdicts.recommended.rivals])
    return [analysis.systems[label].cells[0].facets for label in rivals] if len(rivals) > 1 else []


def write_report(page: Document, folder: Path) -> Path:
    """Write the page, the Markdown, the figures and the tables into a folder; returns the page's path."""
    files = {
        folder / PAGE: as_html(page),
        folder / TEXT: as_markdown(page, FIGURES),
        **{folder / FIGURES / f"{picture.name}.svg": picture.svg for picture in page.pictures},
        **{
            folder / f"{name}.csv": table.to_csv(index=False, na_rep="nan", lineterminator="\n")
            for name, table in page.data.items()
            if len(table)
        },
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    return folder / PAGE
