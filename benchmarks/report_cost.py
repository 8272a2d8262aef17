"""What a report costs: `python benchmarks/report_cost.py`, CPU seconds of runners/report.py on 12 and on 100 cells.

The cells are those of the tests' small experiment: two metrics, three voices with four sentences, two evaluations.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from side_by_side import cpu_s

ROOT = Path(__file__).resolve().parent.parent
STRATEGIES = ("random", "mean", "nearest", "ecapa", "convex")
FREEZES = ("none", "decoder", "all_but_embedding", "flow", "norms")


def main() -> None:
    sys.path[:0] = map(str, (ROOT, ROOT / "tests"))  # in this order: tests/ has folders of the same names
    from small_experiment import write_experiment

    with tempfile.TemporaryDirectory() as folder:
        write_experiment(Path(folder) / "twelve", strategies=STRATEGIES[:4], freezes=FREEZES[:3])
        write_experiment(Path(folder) / "hundred", strategies=STRATEGIES, freezes=FREEZES, seeds=range(4))
        for name in ("twelve", "hundred"):
            print(f"{name:8} cells: {reporting_s(Path(folder), name):.1f} CPU s")


def reporting_s(results: Path, experiment: str) -> float:
    """CPU seconds of a process that reports on an experiment."""
    before = cpu_s()
    command = [sys.executable, str(ROOT / "runners" / "report.py"), f"experiment={experiment}", f"results={results}"]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return cpu_s() - before


if __name__ == "__main__":
    main()
