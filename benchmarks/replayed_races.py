"""What racing would have saved of a grid that was trained: `python benchmarks/replayed_races.py experiment=runs/demo`.

All cells of the experiment are finished. The race takes its looks again at their validation scores, on every
choice of three of their voices (`speakers=3`), and it is told how often something was dropped that ended better on the
test sentences of those voices than what the race would recommend, by more than the margin, and which share of the
cells' seconds is saved: those of training by the steps, those of evaluation by the clips that a dropped cell was never
asked for, so most of all those of the test. What old voices lose guards nothing here, since only cells that race note
it on the way.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from metrics.secs import Secs
from metrics.wer import WordErrorRate
from runners.evaluation.evaluation_settings import TEXTS
from runners.racing.looking import look
from runners.reporting.results import Experiment, System, load_experiment
from runners.results.cell_folder import CellFolder
from runners.results.race_record import Race, Racer, Rule
from vits.corpus.split import TEST, VALIDATION

METRICS = {"secs": Secs(), "wer": WordErrorRate()}
MARGIN, ALPHA = Secs.margin, 0.05


@dataclass(frozen=True)
class Replay:
    """By how much the best that was dropped ended better than the recommended, and the share of seconds saved."""

    lost: float
    saved: float
    dropped: int


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    experiment = load_experiment(Path(options["experiment"]))
    size = min(int(options.get("speakers", "3")), len(experiment.speakers))
    found = [replayed(experiment, chosen) for chosen in combinations(experiment.speakers, size)]
    table = pd.DataFrame(found)
    lost, saved = table["lost"], table["saved"]
    print(
        f"{len(experiment.systems)} systems, {len(experiment.cells)} cells, every {size} of {len(experiment.speakers)} "
        f"voices: {len(table)} races; dropped better by more than {MARGIN:g} in {(lost > MARGIN).mean():.3f}, "
        f"at all in {(lost > 0).mean():.3f} (at most {lost.max():.3f}); {table['dropped'].mean():.1f} systems dropped; "
        f"saves {saved.mean():.2f} of the seconds, from {saved.min():.2f} to {saved.max():.2f}"
    )


def replayed(experiment: Experiment, speakers: Sequence[str]) -> Replay:
    """A race on the scores of some voices."""
    with tempfile.TemporaryDirectory() as folder:
        race = _race(experiment)
        for cell in experiment.cells:
            _restrict(cell.folder, Path(folder) / cell.folder.name, speakers)
        for _ in race.stages_looked_at:
            race = race.with_look(look(Path(folder), race, METRICS))
    ends = _ends(experiment, speakers)
    recommended = max(race.left, key=lambda system: ends[system])
    lost = max((ends[system] - ends[recommended] for system in race.dropped), default=0.0)
    judged = _judged(experiment)
    whole = sum(_seconds(system, race.stages[-1], judged) for system in experiment.systems)
    fell_after = {system: step for system, (step, _) in race.dropped.items()}
    spent = sum(
        _seconds(system, fell_after.get(system.label, race.stages[-1]), judged) for system in experiment.systems
    )
    return Replay(max(0.0, lost), 1 - spent / whole, len(race.dropped))


def _race(experiment: Experiment) -> Race:
    racers = {
        cell.folder.name: Racer(system.label, cell.seed) for system in experiment.systems for cell in system.cells
    }
    stages = sorted(set(experiment.scores.loc[experiment.scores["split"] == VALIDATION, "step"]))
    return Race(racers, tuple(map(int, stages)), Rule("secs", {"wer": WordErrorRate.margin}, ALPHA, MARGIN))


def _restrict(cell: Path, to: Path, speakers: Sequence[str]) -> None:
    """What a cell's tables say of some voices."""
    to.mkdir()
    for name in ("scores", "texts"):
        rows = CellFolder(cell).table(name)
        CellFolder(to).write_table(name, rows[rows["speaker"].isin(speakers)])


def _ends(experiment: Experiment, speakers: Sequence[str]) -> dict[str, float]:
    """What each system's last stage has on the test sentences of some voices, recorded and not."""
    rows = experiment.scores
    rows = rows[rows["split"].isin([TEST, TEXTS]) & (rows["metric"] == "secs") & rows["speaker"].isin(speakers)]
    last = rows[rows["step"] == rows["step"].max()]
    return {str(system): float(value) for system, value in last.groupby("system")["value"].mean().items()}


def _judged(experiment: Experiment) -> pd.Series:
    """The share of its clips that a system has spoken until each stage, by the stage's step."""
    spoken = experiment.scores[experiment.scores["metric"] == "secs"].groupby("step").size().sort_index()
    return spoken.cumsum() / spoken.sum()


def _seconds(system: System, step: int, judged: pd.Series) -> float:
    """What the system's cells took until a stage."""
    costs = [cell.record["cost"] for cell in system.cells]
    trained = step / judged.index[-1]
    return sum(cost["training_cpu_s"] * trained + cost["evaluation_s"] * judged[step] for cost in costs)


if __name__ == "__main__":
    main()
