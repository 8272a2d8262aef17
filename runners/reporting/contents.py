"""The report's sections, in the order in which they are read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from metrics.metric import Metric
from metrics.statistics import Estimate
from runners.reporting.analysis import Analysis
from runners.reporting.changes import Change
from runners.reporting.conclusions import caveats, conclusions
from runners.reporting.data_tables import data_tables
from runners.reporting.document import Document, Entry, Points, Section, Table
from runners.reporting.figures import curves, intervals, pareto
from runners.reporting.listening_audio import listening
from runners.reporting.naming import OWN_TEACHER, reference_label, title, with_direction
from runners.reporting.numbers import NONE, counted, decimals_for, interval, listed, percent, plain, signed
from runners.reporting.ranking import Ranking
from runners.reporting.results import DEFAULT, CellResult, System
from strategies.adaptation import AXES
from vits.corpus.split import TEST, TRAIN, VALIDATION

MOST_PAIRS = 45  # of ten systems; more are listed in pairs.csv


def document(analysis: Analysis) -> Document:
    """The whole report of an experiment."""
    experiment = analysis.experiment
    sections = (
        _conclusions(analysis),
        _ranking(analysis),
        _trade_off(analysis),
        _listening(analysis),
        _speakers(analysis),
        _curves(analysis),
        _adaptation(analysis),
        _retention(analysis),
        _other_metrics(analysis),
        _undefined(analysis),
        _findings(analysis),
        _setup(analysis),
    )
    subtitle = (
        f"{counted(len(experiment.systems), 'system')}, {counted(len(experiment.speakers), 'new voice')}, "
        f"{counted(len(experiment.seeds), 'seed')}"
    )
    present = tuple(section for section in sections if section is not None)
    return Document(f"{experiment.name}: which strategy suits these voices?", subtitle, present, data_tables(analysis))


def _conclusions(analysis: Analysis) -> Section:
    return Section(
        "conclusions",
        "Conclusions",
        (),
        (Points(conclusions(analysis)), Points(caveats(analysis), title="How far this reaches")),
    )


def _ranking(analysis: Analysis) -> Section:
    rankings = [analysis.rankings[metric.name] for metric in analysis.headline]
    return Section(
        "ranking",
        "Ranking",
        (),
        (
            _ranking_table(analysis, rankings),
            intervals(rankings, analysis.systems, analysis.settings.level),
            *(_pairs_table(ranking) for ranking in rankings if ranking.comparison.pairs),
        ),
    )


def _ranking_table(analysis: Analysis, rankings: Sequence[Ranking]) -> Table:
    several_seeds = len(analysis.experiment.seeds) > 1
    columns = ["system", "trained parameters", *(["seeds"] if several_seeds else [])]
    for ranking in rankings:
        columns += [with_direction(ranking.metric), "group"]
    rows = []
    for label, system in analysis.systems.items():
        row = [Entry(label), Entry(f"{system.trainable:,} ({system.trainable_percent:.1f} %)")]
        row += [Entry(listed([str(seed) for seed in system.seeds]))] if several_seeds else []
        rows.append((*row, *(entry for ranking in rankings for entry in _ranked(ranking, system))))
    rows += _reference_rows(analysis, [ranking.metric for ranking in rankings], len(columns) - 2 * len(rankings))
    notes = [
        f"In brackets: {percent(analysis.settings.level)} intervals. A system is named "
        "strategy · freeze policy · what else; "
        f"ordered by {title(analysis.headline[0])}. Two systems with a "
        "common letter in a column can't be told apart by that metric; not to be told apart does not mean to be equal.",
    ]
    if any(system.is_taught_by(r.metric) for r in rankings for system in analysis.systems.values()):
        notes.append(
            f"“{OWN_TEACHER}” means that the system learned from this judge's encoder, so its score there is biased."
        )
    notes.append(f"Copy-synthesis and other reference lines are those of {analysis.first.best.system}.")
    return Table("Systems, best first", tuple(columns), tuple(rows), notes=tuple(notes))


def _ranked(ranking: Ranking, system: System) -> Iterator[Entry]:
    """The mean with its interval, and the letters of a system by a metric."""
    estimate, decimals = ranking.estimate(system.label), _decimals(ranking)
    mark = OWN_TEACHER if system.is_taught_by(ranking.metric) else ""
    bounds = interval(estimate.lower, estimate.upper, decimals)
    yield Entry(plain(estimate.mean, decimals), bounds, mark, is_strong=_stands_out(ranking, system))
    yield Entry(ranking.letters.get(system.label, ""))


def _stands_out(ranking: Ranking, system: System) -> bool:
    """Whether the system leads while others don't."""
    return system.label in ranking.leaders and len(ranking.leaders) < len(ranking.estimates)


def _reference_rows(analysis: Analysis, metrics: Sequence[Metric], n_labels: int) -> Iterator[tuple[Entry, ...]]:
    """What recordings, copy-synthesis and other speakers reach."""
    references = analysis.references
    for name in dict.fromkeys(references["reference"]):
        values = references[references["reference"] == name].set_index("metric")["value"]
        row = [Entry(reference_label(str(name)), is_aside=True), *[Entry("")] * (n_labels - 1)]
        for metric in metrics:
            decimals = _decimals(analysis.rankings[metric.name])
            value = float(values.get(metric.name, math.nan))
            row += [Entry(plain(value, decimals) if math.isfinite(value) else ""), Entry("")]
        yield tuple(row)


def _pairs_table(ranking: Ranking) -> Table:
    """The verdicts in words, the surest first."""
    pairs = sorted(ranking.comparison.pairs, key=lambda verdict: (not verdict.distinguishable, verdict.p_adjusted))
    decimals = _decimals(ranking)
    rows = tuple(
        (
            Entry(pair.sentence()),
            Entry(interval(pair.lower, pair.upper, decimals)),
            Entry(plain(pair.p_adjusted, 3)),
            Entry(plain(pair.smallest_detectable, decimals)),
        )
        for pair in pairs[:MOST_PAIRS]
    )
    left_out = len(pairs) - len(rows)
    notes = (f"{left_out} more pairs are in pairs.csv.",) if left_out else ()
    return Table(
        f"Verdicts on all pairs by {title(ranking.metric)}",
        ("verdict", "interval of the difference", "p (Holm)", "smallest difference visible"),
        rows,
        notes=notes,
        folded=True,
    )


def _trade_off(analysis: Analysis) -> Section | None:
    across, *others = (analysis.rankings[metric.name] for metric in analysis.headline)
    if not others or len(analysis.systems) < 2:
        return None
    pictures = tuple(pareto(across, up, analysis.systems, analysis.references) for up in others)
    names = f"{listed([title(ranking.metric) for ranking in others])} against {title(across.metric)}"
    return Section("trade-off", f"Trade-off: {names}", (), pictures)


def _listening(analysis: Analysis) -> Section:
    settings = analysis.settings
    found = listening(
        analysis.experiment, list(analysis.systems.values()), analysis.headline, settings.sentences, settings.audio_mb
    )
    how = (
        f"{counted(len(found.sentences), 'test sentence')}, the voices in turn and each with its next sentence by "
        "name, not chosen by how they sound: the recording, then every system in the order of the ranking"
    )
    seeds = f", seed {analysis.experiment.seeds[0]} or its first" if len(analysis.experiment.seeds) > 1 else ""
    return Section("listen", "Listen", (f"{how}{seeds}. Below each stands what Whisper heard.",), (found,))


def _speakers(analysis: Analysis) -> Section:
    tables = tuple(
        _speaker_table(analysis, metric, folded=metric not in analysis.headline) for metric in _all(analysis)
    )
    return Section("speakers", "Each speaker", (), tables)


def _speaker_table(analysis: Analysis, metric: Metric, *, folded: bool) -> Table:
    rows = analysis.speakers[analysis.speakers["metric"] == metric.name]
    values = {(row.system, row.speaker): row.value for row in rows.itertuples()}
    decimals = decimals_for(values.values())
    speakers = analysis.experiment.speakers

    def entries(system: System) -> tuple[Entry, ...]:
        mark = OWN_TEACHER if system.is_taught_by(metric) else ""
        numbers = (values.get((system.label, speaker), math.nan) for speaker in speakers)
        return (Entry(system.label, mark=mark), *(Entry(plain(number, decimals)) for number in numbers))

    return Table(
        f"{with_direction(metric)} ({metric.unit}) of each speaker",
        ("system", *speakers),
        tuple(entries(system) for system in analysis.systems.values()),
        folded=folded,
    )


def _curves(analysis: Analysis) -> Section | None:
    if analysis.curves["epoch"].nunique() < 2:
        return None
    pictures = tuple(
        curves(metric, analysis.curves, analysis.experiment, folded=metric not in analysis.headline)
        for metric in _all(analysis)
    )
    return Section("curves", "Over training", (), (*pictures, _chosen_table(analysis)))


def _chosen_table(analysis: Analysis) -> Table:
    """Which epoch each result is of, what chose it, and what that gained."""
    cells = [(system, cell) for system in analysis.systems.values() for cell in system.cells]
    gains = list(dict.fromkeys(name for _, cell in cells for name in cell.chosen.gain))
    rows = tuple(
        (
            Entry(system.label),
            Entry(str(cell.seed)),
            Entry(str(cell.chosen.epoch)),
            Entry(cell.chosen.by or "the last one"),
            *(Entry(_gain(cell, name)) for name in gains),
        )
        for system, cell in cells
    )
    notes = (
        "Chosen on the validation sentences, never on the test. The gain is the chosen epoch's score minus the last "
        "epoch's.",
    )
    return Table(
        "The epoch that each result is of",
        ("system", "seed", "epoch", "chosen by", *(f"gain in {name}" for name in gains)),
        rows,
        n_labels=2,
        notes=notes if any(cell.chosen.by for _, cell in cells) else (),
        folded=True,
    )


def _gain(cell: CellResult, name: str) -> str:
    return signed(cell.chosen.gain[name], 3) if name in cell.chosen.gain else NONE


def _adaptation(analysis: Analysis) -> Section | None:
    return _change_section(
        analysis,
        analysis.adaptation,
        "adaptation",
        "What training changed",
        "The new voices on the test sentences before training, when only their embeddings were initialised, and at "
        "the chosen epoch. Verdicts and intervals are corrected by Holm's method for the number of systems.",
    )


def _retention(analysis: Analysis) -> Section | None:
    return _change_section(
        analysis,
        analysis.retention,
        "retention",
        "What the base's own voices lost",
        "A fixed sample of the base model's speakers and sentences, spoken before and after adaptation. Verdicts and "
        "intervals are corrected by Holm's method for the number of systems.",
    )


def _change_section(
    analysis: Analysis, found: Sequence[Change], anchor: str, heading: str, paragraph: str
) -> Section | None:
    if not found:
        return None
    metrics = list(dict.fromkeys(change.metric for change in found))
    tables = tuple(_change_table(analysis, [c for c in found if c.metric == metric], metric) for metric in metrics)
    return Section(anchor, heading, (paragraph,), tables)


def _change_table(analysis: Analysis, found: Sequence[Change], metric: Metric) -> Table:
    by_label = {change.system.label: change for change in found}
    decimals = decimals_for(value for change in found for value in (change.before, change.after))
    rows = tuple(
        (
            Entry(label, mark=OWN_TEACHER if change.system.is_taught_by(metric) else ""),
            Entry(plain(change.before, decimals)),
            Entry(plain(change.after, decimals)),
            Entry(signed(change.difference, decimals), is_strong=change.distinguishable),
            Entry(interval(change.lower, change.upper, decimals)),
            Entry(change.verdict),
            Entry(plain(change.smallest_detectable, decimals)),
        )
        for label in analysis.systems
        if (change := by_label.get(label)) is not None
    )
    columns = ("system", "before", "after", "change", "interval", "verdict", "smallest change visible")
    return Table(f"{with_direction(metric)} ({metric.unit})", columns, rows)


def _other_metrics(analysis: Analysis) -> Section | None:
    if not analysis.others:
        return None
    tables = tuple(_ranking_table_of_one(analysis, analysis.rankings[metric.name]) for metric in analysis.others)
    return Section("metrics", "All other metrics", (), tables)


def _ranking_table_of_one(analysis: Analysis, ranking: Ranking) -> Table:
    rows = tuple((Entry(label), *_ranked(ranking, system)) for label, system in analysis.systems.items())
    columns = ("system", "mean", "group")
    references = tuple(_reference_rows(analysis, [ranking.metric], 1))
    heading = f"{with_direction(ranking.metric)} ({ranking.metric.unit})"
    return Table(heading, columns, rows + references, folded=True)


def _undefined(analysis: Analysis) -> Section:
    """How many values are NaN."""
    counts = {
        (estimate.system, name): estimate
        for name, ranking in analysis.rankings.items()
        for estimate in ranking.estimates
    }
    concerned = [m for m in _all(analysis) if any(counts[k].n_undefined for k in counts if k[1] == m.name)]
    if not concerned:
        said = f"Every metric gave a value for every test sentence of every system ({_how_many(analysis)})."
        return Section("undefined", "Undefined values", (said,))
    rows = tuple(
        (Entry(label), *(_undefined_entry(counts, label, metric) for metric in concerned)) for label in analysis.systems
    )
    said = "Test sentences for which a metric has no value (NaN), of all that were scored; they are left out of means."
    columns = ("system", *(title(metric) for metric in concerned))
    return Section("undefined", "Undefined values", (said,), (Table("Undefined values", columns, rows),))


def _undefined_entry(counts: Mapping[tuple[str, str], Estimate], label: str, metric: Metric) -> Entry:
    estimate = counts.get((label, metric.name))
    if estimate is None:
        return Entry("not scored")
    return Entry(f"{estimate.n_undefined} of {estimate.n_undefined + estimate.n_utterances}")


def _how_many(analysis: Analysis) -> str:
    total = sum(e.n_utterances for ranking in analysis.rankings.values() for e in ranking.estimates)
    return counted(total, "value")


def _findings(analysis: Analysis) -> Section:
    """What the linter says of the corpus."""
    lint = analysis.experiment.lint
    if lint is None:
        return Section("corpus", "The corpus", ("No linter's findings lie with these cells; see runners/lint.py.",))
    if lint.empty:
        return Section("corpus", "The corpus", ("The linter found nothing to object to.",))
    rows = tuple(tuple(Entry(str(value)) for value in row) for row in lint.itertuples(index=False))
    table = Table("What the linter found", tuple(lint.columns), rows, n_labels=len(lint.columns))
    return Section("corpus", "The corpus", (), (table,))


def _setup(analysis: Analysis) -> Section:
    """What was compared."""
    first = analysis.experiment.systems[0].cells[0]
    facts = tuple((Entry(name), Entry(value)) for name, value in _facts(analysis, first) if value)
    table = Table("What was compared", ("what", "which"), facts, n_labels=2)
    judges = tuple(
        (
            Entry(title(metric)),
            Entry(metric.unit),
            Entry("higher" if metric.higher_is_better else "lower"),
            Entry(metric.judge or "none"),
        )
        for metric in _all(analysis)
    )
    metrics = Table("Metrics", ("metric", "unit", "better is", "judge"), judges, n_labels=4)
    return Section("setup", "What was compared", (), (table, metrics))


def _facts(analysis: Analysis, cell: CellResult) -> Iterator[tuple[str, str]]:
    """Names and values of what all cells have in common; of the first cell where they differ."""
    experiment, settings, record = analysis.experiment, cell.settings, cell.record
    used = cell.clips["split"].value_counts()
    yield "data", str(settings.get("data", {}).get("root", ""))
    yield "voices", listed(experiment.speakers, most=20)
    yield "clips", ", ".join(f"{used[split]} {split}" for split in (TRAIN, VALIDATION, TEST) if split in used)
    yield "base", _distinct(str(c.settings.get("base", {}).get("path", c.record["base"])) for c in _cells(analysis))
    for axis in dict.fromkeys([*AXES, *experiment.facets]):
        yield axis, listed(sorted({system.facets.get(axis, DEFAULT) for system in experiment.systems}), most=20)
    yield "epochs", _distinct(str(c.record.get("identity_of", {}).get("epochs", "")) for c in _cells(analysis))
    yield "epochs of the results", _distinct(str(c.chosen.epoch) for c in _cells(analysis))
    yield "seeds", listed([str(seed) for seed in experiment.seeds], most=20)
    yield "device", _distinct(str(c.record.get("device", "")) for c in _cells(analysis))
    yield "versions", ", ".join(f"{name} {version}" for name, version in record.get("versions", {}).items())


def _cells(analysis: Analysis) -> list[CellResult]:
    return [cell for system in analysis.experiment.systems for cell in system.cells]


def _distinct(values: Iterable[str]) -> str:
    return listed(sorted(set(values)), most=10)


def _all(analysis: Analysis) -> tuple[Metric, ...]:
    """The metrics, the headline first."""
    return (*analysis.headline, *analysis.others)


def _decimals(ranking: Ranking) -> int:
    return decimals_for(estimate.mean for estimate in ranking.estimates)
