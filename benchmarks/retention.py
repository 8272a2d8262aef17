"""Whether rehearsal keeps the base's voices: `python benchmarks/retention.py [seeds=3] [sentences=40] [steps=200] ...`.

The same cells with `rehearsal=none` and with `rehearsal=generated`, a pair for each seed; at the stage that is kept the
base's own voices say held-out sentences, and are compared sentence by sentence; the interval is for voices like these.
Any other setting of `runners/grid.py` may be added (`freeze=decoder rehearsal.share=0.5 data.root=my_voices`). A quick
look:

    python benchmarks/retention.py seeds=2 sentences=4 steps=4 data.speakers=[040] data.utterances_per_speaker=4 \\
      evaluation.test_texts=4 evaluation.validation_sentences=1 rehearsal.utterances=4 training.batch_size=4
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.contrasts import Reach, difference
from metrics.statistics.metric_scores import metric_scores
from metrics.statistics.variance_components import components
from runners.config.registration import register_options
from runners.evaluation.evaluation_settings import RETENTION
from runners.results.cell_folder import CellFolder
from vits.common.registry import registered

GRID = Path(__file__).parents[1] / "runners" / "grid.py"
WITHOUT, WITH = "none", "generated"
METRICS = ("wer", "secs")
OWN = {"seeds": "3", "sentences": "40", "steps": "200", "name": "retention", "results": "runs"}
HEADER = f"{'metric':8}{'without':>10}{'with':>10}{'better by':>12}   95 % interval      sentences  seeds"


def main() -> None:
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    own = {name: given.pop(name, default) for name, default in OWN.items()}
    train(own, given)
    rows = retention_scores(Path(own["results"]) / own["name"])
    register_options()
    print(f"\nthe base's own voices after {own['steps']} steps, rehearsal={WITH} against {WITHOUT}\n{HEADER}")
    for name in METRICS:
        print(compared(rows, registered("metrics")[name]()), flush=True)


def train(own: dict[str, str], others: dict[str, str]) -> None:
    """Run the cells that haven't run yet."""
    fixed = {
        "strategy": "nearest",
        "freeze": "none",
        "metrics": f"[{','.join(METRICS)}]",
        "evaluation.retention_utterances": own["sentences"],
        **{name: own[name] for name in ("steps", "name", "results")},
    }
    seeds = {"seed": ",".join(map(str, range(int(own["seeds"]))))}
    common = {name: value for name, value in others.items() if not name.startswith("rehearsal.")}
    for rehearsal, settings in ((WITHOUT, common), (WITH, others)):
        chosen = {**fixed, **settings, **seeds, "rehearsal": rehearsal}
        command = [sys.executable, str(GRID), "-m", *(f"{name}={value}" for name, value in chosen.items())]
        status = subprocess.run(command, check=False).returncode
        if status:
            sys.exit(status)  # it has said why


def retention_scores(experiment: Path) -> pd.DataFrame:
    """What the base's voices score at the stage that each cell kept: the system is its rehearsal."""
    tables = []
    for path in sorted(experiment.glob("*/cell.json")):
        cell = CellFolder(path.parent)
        scores = cell.table("scores")
        kept = scores[(scores["step"] == cell.record["chosen"]["step"]) & (scores["split"] == RETENTION)]
        system, seed = cell.record["axes"]["rehearsal"], cell.record["seed"]
        tables.append(kept.assign(system=system, seed=seed, text=kept["utterance"]))
    return pd.concat(tables, ignore_index=True)


def compared(rows: pd.DataFrame, metric: Metric) -> str:
    """A line of the table: both means, and by how much rehearsal is better on the same sentences and seeds."""
    scores = metric_scores(rows, metric)
    parts = components(scores)
    found = difference(parts, WITH, WITHOUT, reach=Reach.VOICES_LIKE_THESE)  # a voice may say one sentence alone
    means = dict(zip(parts.systems, parts.means, strict=True))
    n_seeds, n_sentences = scores.values.shape[1:]
    return (
        f"{metric.name:8}{means[WITHOUT]:10.3f}{means[WITH]:10.3f}{found.estimate:+12.3f}"
        f"   [{found.lower:+.3f}, {found.upper:+.3f}]   {n_sentences:9}  {n_seeds:5}"
    )


if __name__ == "__main__":
    main()
