"""What a grid costs beside a baseline's: `python benchmarks/grid.py baseline=<checkout> [here:a=b] [there:a=b] [c=d]`.

The same overrides of `runners/grid.py` run here and in the other checkout, one after the other, each in one process and
with one thread, with results and caches of their own; overrides behind `here:` or `there:` are for one side. Prints CPU
seconds of both process trees and their ratio, by phase, and how far the scores of test sentences differ. Without
`baseline`, the costs here alone. `keep=<folder>` keeps what was written.

Phases are told apart by cProfile with the clock of processor seconds, whose own cost is within them. By default: the
README's twelve cells with five epochs and twenty recorded test sentences a voice.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from side_by_side import cpu_s

ROOT = Path(__file__).resolve().parent.parent
GRID = ("strategy=random,mean,nearest,ecapa", "freeze=none,decoder,all_but_embedding")
LENGTH = ("epochs=5", "evaluation.utterances_per_speaker.test=20", "wandb.mode=disabled")
PHASES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "training": (("runners/trainer.py", "_train_on"), ("runners/training/trainer.py", "_train_on")),
    "synthesis": (("synthesis.py", "speak"), ("synthesis.py", "copy")),
    "words (Whisper)": (("whisper_judge.py", "listen"),),
    "voices (ECAPA)": (("ecapa.py", "embed"), ("ecapa_encoder.py", "embed")),
    "voices (GE2E)": (("ge2e.py", "embed"), ("ge2e_encoder.py", "embed")),
    "pictures": (("pictures.py", "save_picture"),),
    "the recordings": (
        ("corpus/features.py", "prepare"),
        ("runners/voices.py", "load"),
        ("new_voices.py", "new_voices"),
    ),
    "comparing": (("end_of_sweep.py", "on_multirun_end"), ("comparison.py", "on_multirun_end")),
}
"""Where each is entered: the end of a file's path, and a function that nothing else of the phase calls."""
ALL, REST = "all", "the rest"
NAMED = ("strategy=", "freeze=", "seed=")  # parts of a cell's name that every version writes


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a grid by phase, and the folder of its results."""

    cpu_s: Mapping[str, float]
    results: Path


def main() -> None:
    if sys.argv[1:2] == ["worker"]:
        profile(Path(sys.argv[2]), sys.argv[3:])
        return
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    baseline, keep = given.pop("baseline", None), given.pop("keep", None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(keep or temporary)
        here = run(ROOT, folder / "here", overrides(given, "here:"))
        there = run(Path(baseline), folder / "there", overrides(given, "there:")) if baseline else None
        print_costs(here, there)
        if there is not None:
            print_differences(scores(here.results), scores(there.results))


def overrides(given: Mapping[str, str], side: str) -> list[str]:
    """Those of one side: its own without their mark, those of both, and the defaults where nothing else is said."""
    ours = {key.removeprefix(side): value for key, value in given.items() if ":" not in key or key.startswith(side)}
    default = dict(override.split("=", 1) for override in (*GRID, *LENGTH))
    return [f"{key}={value}" for key, value in {**default, **ours}.items()]


def run(checkout: Path, folder: Path, given: Sequence[str]) -> Cost:
    """A checkout's grid, in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    stats = folder / "profile"
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    alone = ["jobs=1"] if "\njobs:" in (checkout / "conf" / "grid.yaml").read_text(encoding="utf-8") else []
    command = [sys.executable, __file__, "worker", str(stats), "-m", f"results={folder / 'runs'}", *alone, *given]
    before = cpu_s()
    subprocess.run(command, check=True, cwd=checkout, env=environment, stdout=sys.stderr)
    all_s = cpu_s() - before
    phases = by_phase(stats)
    return Cost({**phases, REST: all_s - sum(phases.values()), ALL: all_s}, folder / "runs")


def profile(stats: Path, arguments: Sequence[str]) -> None:
    """The worker's side: run the checkout's grid in this process, and write down where its CPU seconds went."""
    sys.argv = ["runners/grid.py", *arguments]
    profiler = cProfile.Profile(time.process_time)
    try:
        profiler.runcall(runpy.run_path, "runners/grid.py", run_name="__main__")
    finally:
        profiler.dump_stats(stats)


def by_phase(stats: Path) -> dict[str, float]:
    """CPU seconds of each phase."""
    found: dict[tuple[str, int, str], tuple[int, int, float, float, object]] = vars(pstats.Stats(str(stats)))["stats"]
    return {
        phase: sum(
            cumulative
            for (path, _, function), (_, _, _, cumulative, _) in found.items()
            if any(path.endswith(end) and function == name for end, name in entered)
        )
        for phase, entered in PHASES.items()
    }


def print_costs(here: Cost, there: Cost | None) -> None:
    """A line for each phase."""
    for phase, here_s in here.cpu_s.items():
        beside = ""
        if there is not None:
            ratio = there.cpu_s[phase] / here_s if here_s else float("nan")
            beside = f" | there {there.cpu_s[phase]:8.1f} | {ratio:5.2f} times as fast"
        print(f"{phase:16} | here {here_s:8.1f}{beside}")


def scores(results: Path) -> pd.DataFrame:
    """What every cell's test sentences scored at its last evaluation, one row for each."""
    frames = []
    for path in sorted(results.glob("*/*/scores.csv")):
        rows = pd.read_csv(path, dtype={"speaker": str, "utterance": str}, keep_default_na=False)
        step = "step" if "step" in rows else "epoch"
        chosen = rows[(rows["split"] == "test") & (rows[step] == rows[step].max())]
        frames.append(
            chosen.assign(cell=",".join(part for part in path.parent.name.split(",") if part.startswith(NAMED)))
        )
    rows = pd.concat(frames)
    rows["value"] = pd.to_numeric(rows["value"])
    return rows


def print_differences(here: pd.DataFrame, there: pd.DataFrame) -> None:
    """For each metric that both know: how far the means of cells and single sentences are apart."""
    keys = ["cell", "metric", "speaker", "utterance"]
    both = here.merge(there, on=keys, suffixes=("", "_there"))
    for metric, rows in both.groupby("metric"):
        means = rows.groupby("cell")[["value", "value_there"]].mean()
        apart = (means["value"] - means["value_there"]).abs().max()
        single = (rows["value"] - rows["value_there"]).abs()
        print(
            f"{metric}: mean {rows['value'].mean():.4f}, there {rows['value_there'].mean():.4f}; means of cells differ "
            f"by at most {apart:.4f}, sentences by {single.max():.4f}, the median by {single.median():.5f}"
        )


if __name__ == "__main__":
    main()
