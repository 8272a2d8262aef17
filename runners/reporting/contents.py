"""The report's sections, in the order in which they are read. To add one: a file in `sections/`, and a line here."""

from __future__ import annotations

from collections.abc import Callable

from runners.reporting.analysis import Analysis
from runners.reporting.data_tables import data_tables
from runners.reporting.document import Document, Section
from runners.reporting.numbers import counted
from runners.reporting.sections.answer_section import answer_section
from runners.reporting.sections.change_section import adaptation_section, retention_section
from runners.reporting.sections.cost_section import cost_section
from runners.reporting.sections.curve_section import curve_section
from runners.reporting.sections.ears_section import ears_section
from runners.reporting.sections.effect_section import effect_section
from runners.reporting.sections.growth_section import growth_section
from runners.reporting.sections.homework_section import homework_section
from runners.reporting.sections.listening_section import listening_section
from runners.reporting.sections.metric_section import metric_section, undefined_section
from runners.reporting.sections.others_section import others_section
from runners.reporting.sections.progress_section import progress_section
from runners.reporting.sections.race_section import race_section
from runners.reporting.sections.ranking_section import ranking_section
from runners.reporting.sections.setup_section import corpus_section, setup_section
from runners.reporting.sections.speaker_section import speaker_section
from runners.reporting.sections.trade_off_section import trade_off_section

SECTIONS: tuple[Callable[[Analysis], Section | None], ...] = (
    answer_section,
    homework_section,
    ranking_section,
    others_section,
    race_section,
    cost_section,
    effect_section,
    ears_section,
    trade_off_section,
    listening_section,
    speaker_section,
    progress_section,
    curve_section,
    growth_section,
    adaptation_section,
    retention_section,
    metric_section,
    undefined_section,
    corpus_section,
    setup_section,
)


def document(analysis: Analysis) -> Document:
    """The whole report of an experiment."""
    experiment = analysis.experiment
    sections = (section(analysis) for section in SECTIONS)
    subtitle = (
        f"{counted(len(experiment.systems), 'system')}, {counted(len(experiment.speakers), 'new voice')}, "
        f"{counted(len(experiment.seeds), 'seed')}"
    )
    present = tuple(section for section in sections if section is not None)
    return Document(f"{experiment.name}: which strategy suits these voices?", subtitle, present, data_tables(analysis))
