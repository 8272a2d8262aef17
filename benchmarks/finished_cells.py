"""What a sweep of finished cells costs: `python benchmarks/finished_cells.py cells=108`, CPU seconds and memory.

The cells are of the embedded base and voices, twelve systems with as many seeds as it takes. Their folders have the
tables of the tests' small experiment and the identities of cells that were run, so that the sweep finds them finished.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import cpu_s

ROOT = Path(__file__).resolve().parent.parent
STRATEGIES = ("random", "mean", "nearest", "ecapa")
FREEZES = ("none", "decoder", "all_but_embedding")
NAME = "finished"


def main() -> None:
    sys.path[:0] = map(str, (ROOT, ROOT / "tests"))  # in this order: tests/ has folders of the same names
    given = dict(word.split("=", 1) for word in sys.argv[1:])
    n_seeds = -(-int(given.get("cells", "108")) // (len(STRATEGIES) * len(FREEZES)))
    with tempfile.TemporaryDirectory() as folder:
        fixed = [f"results={folder}", f"name={NAME}", "device=cpu", "wandb.mode=disabled"]
        write_cells(fixed, n_seeds)
        print(f"{len(STRATEGIES) * len(FREEZES) * n_seeds} finished cells: {sweeping(fixed, n_seeds)}")


def write_cells(fixed: list[str], n_seeds: int) -> None:
    """Folders of finished cells."""
    from hydra import compose, initialize_config_dir
    from small_experiment import write_cell

    from runners.config.cells_of_sweep import CellsOfSweep
    from runners.config.registration import register_options
    from runners.experiment.accepting import FinishedBefore

    register_options()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        cells, before = CellsOfSweep(compose("grid", [], return_hydra_config=True)), FinishedBefore()
        for place, strategy in enumerate(STRATEGIES):
            for freeze in FREEZES:
                for seed in range(n_seeds):
                    cell = cells.cell([*fixed, f"strategy={strategy}", f"freeze={freeze}", f"seed={seed}"])
                    write_cell(cell.directory.parent, strategy, freeze, seed, place, identity=before.identity(cell))


def sweeping(fixed: list[str], n_seeds: int) -> str:
    """What a process takes that is given all of these cells."""
    axes = [f"strategy={','.join(STRATEGIES)}", f"freeze={','.join(FREEZES)}", f"seed=range({n_seeds})"]
    command = [sys.executable, str(ROOT / "runners" / "grid.py"), "-m", *fixed, *axes]
    before, began = cpu_s(), time.monotonic()
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    passed = told.count("finished before, not run again")
    most_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return f"{passed} passed, {cpu_s() - before:.1f} CPU s, {time.monotonic() - began:.0f} s, {most_mb:.0f} MB at most"


if __name__ == "__main__":
    main()
