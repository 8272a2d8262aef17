"""What a report costs: `python benchmarks/report_cost.py`, CPU seconds of runners/report.py on 12, 100 and 99 cells.

With `thousand=true` on 1,000 as well.

The cells are those of the tests' small experiment: two metrics, three voices with four sentences, two evaluations.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from side_by_side import cpu_s

ROOT = Path(__file__).resolve().parent.parent
STRATEGIES = ("random", "mean", "nearest", "ecapa", "convex")
FREEZES = ("none", "decoder", "all_but_embedding", "flow", "norms")
MORE = (*STRATEGIES, "ridge", "likeliest", "inversion", "standard_normal", "another", "one more")
SHAPES: dict[str, tuple[Sequence[str], Sequence[str], int]] = {
    "12 cells": (STRATEGIES[:4], FREEZES[:3], 1),
    "100 cells": (STRATEGIES, FREEZES, 4),
    "99 cells of 33 systems": (MORE, FREEZES[:3], 3),
}
"""Strategies, freeze policies and the number of seeds."""
THOUSAND = {"1,000 cells": (STRATEGIES, FREEZES, 40)}


def main() -> None:
    sys.path[:0] = map(str, (ROOT, ROOT / "tests"))  # in this order: tests/ has folders of the same names
    from small_experiment import write_experiment

    asked = SHAPES | (THOUSAND if "thousand=true" in sys.argv[1:] else {})
    for name, (strategies, freezes, seeds) in asked.items():
        with tempfile.TemporaryDirectory() as folder:
            write_experiment(Path(folder) / "runs", strategies=strategies, freezes=freezes, seeds=range(seeds))
            print(f"{name:24} {reporting_s(Path(folder), 'runs'):.1f} CPU s", flush=True)


def reporting_s(results: Path, experiment: str) -> float:
    """CPU seconds of a process that reports on an experiment."""
    before = cpu_s()
    command = [sys.executable, str(ROOT / "runners" / "report.py"), f"experiment={experiment}", f"results={results}"]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return cpu_s() - before


if __name__ == "__main__":
    main()
