"""The card of a base model: what it was trained on, for how long, and how it scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from metrics.metric import Metric
from metrics.summary import mean_and_spread, summarise


@dataclass(frozen=True)
class TrainingFacts:
    """What there is to say about a training. Times are of the whole training, all its parts together."""

    n_voices: int
    n_utterances: int
    minutes: float
    sample_rate: int
    n_parameters: int
    steps: int
    batch_size: int
    adversary_steps: int
    hours: float
    device: str
    precision: str
    learning_rate: float
    seed: int
    kept_step: int
    teachers: tuple[str, ...]
    started_from: str | None


def write_card(
    facts: TrainingFacts, splits: str, validation: pd.DataFrame, score_lines: Sequence[str], metrics: Sequence[Metric]
) -> str:
    """The card as Markdown; `validation` has the rows of all validations."""
    heard_hours = facts.steps * facts.batch_size * facts.minutes / facts.n_utterances / 60
    columns = " | ".join(f"{metric.name.upper()} ({metric.unit})" for metric in metrics)
    start = f", from the base {facts.started_from}" if facts.started_from else ""
    chosen = "the last" if validation.empty else "the best on validation sentences"
    return "\n".join(
        [
            "# Base model card",
            "",
            f"- Data: {facts.n_voices} voices, {facts.n_utterances} utterances, "
            f"{facts.minutes:.0f} minutes at {facts.sample_rate} Hz.",
            f"- Model: {facts.n_parameters:,} parameters.",
            f"- Training: {facts.steps} steps of {facts.batch_size} utterances (about {heard_hours:.0f} hours of audio "
            f"heard), {facts.adversary_steps} of them with discriminators; {facts.hours:.1f} hours on {facts.device}, "
            f"precision {facts.precision}, learning rate {facts.learning_rate:g}, seed {facts.seed}{start}.",
            f"- Kept: step {facts.kept_step}, {chosen}.",
            f"- Teachers: {', '.join(facts.teachers) or 'none'}; a score by a teacher is not a neutral judge's.",
            "",
            f"Scores on held-out sentences of the base voices, {splits}; mean over speakers ± spread between them:",
            "",
            f"| | {columns} |",
            "|---|" + "---|" * len(metrics),
            *score_lines,
            "",
            *_curve(validation, metrics),
        ]
    )


def score_lines(scores: pd.DataFrame, references: pd.DataFrame, metrics: Sequence[Metric]) -> list[str]:
    """Rows of the card's table: synthesis, and what stands beside it."""
    tables = {"from text": scores}
    for name in ("copy_synthesis", "recording"):
        rows = references[references["reference"] == name].drop(columns="reference")
        tables[name.replace("_", "-")] = summarise(rows, metrics)
    lines = []
    for name, table in tables.items():
        cells = []
        for metric in metrics:
            row = table[table["metric"] == metric.name].iloc[0]
            cells.append(mean_and_spread(row["mean"], row["spread"]))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    floors = references[references["reference"] == "other_speakers"].groupby("metric")["value"].mean()
    cells = [f"{floors[metric.name]:.3f}" if metric.name in floors else "" for metric in metrics]
    return [*lines, f"| recordings of other speakers | {' | '.join(cells)} |"]


def _curve(validation: pd.DataFrame, metrics: Sequence[Metric]) -> list[str]:
    """The learning curve on validation sentences, a row for each validation."""
    if validation.empty:
        return []
    table = summarise(validation, metrics).pivot(index="step", columns="metric", values="mean")
    shown = [metric for metric in metrics if metric.name in table]
    return [
        "Validation sentences during the training, spoken from text:",
        "",
        f"| step | {' | '.join(metric.name.upper() for metric in shown)} |",
        "|---|" + "---|" * len(shown),
        *(
            f"| {step} | {' | '.join(f'{row[metric.name]:.3f}' for metric in shown)} |"
            for step, row in table.sort_index().iterrows()
        ),
        "",
    ]
