"""What claims, checksums and identities cost: `python benchmarks/safeguards.py epochs=1`, their share of a cell's time.

A cell of the demo is run under the profiler in a folder of its own, with the settings that are given. The shorter it
is trained, the larger the share: what is measured is done once a cell, or once a file that it writes or reads.
"""

from __future__ import annotations

import pstats
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SAFEGUARDS = {
    "claims": {("lease.py", "take"), ("lease.py", "check"), ("lease.py", "__exit__")},
    "checksums": {("checksums.py", "checksum"), ("kept_files.py", "_checksum"), ("cell_folder.py", "_record_checksum")},
    "identities": {
        ("data_identity.py", "corpus_identity"),
        ("bundle.py", "bundle_identity"),
        ("feature_cache.py", "key"),
        ("cell_identity.py", "hash"),
    },
    "checked numbers": {("checkpoint.py", "check_numbers"), ("bounds.py", "check_fields")},
}
"""Functions by file and name, none of which calls another of them."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "profile"
        grid = [sys.executable, "-m", "cProfile", "-o", str(profile), str(ROOT / "runners" / "grid.py")]
        fixed = ["strategy=nearest", "freeze=decoder", "wandb.mode=disabled", f"results={folder}"]
        subprocess.run([*grid, *fixed, *sys.argv[1:]], check=True, capture_output=True, cwd=ROOT)
        stats: Any = pstats.Stats(str(profile))
    print(f"the cell: {stats.total_tt:.1f} s")
    for name, seconds in seconds_of(stats.stats).items():
        print(f"{name:16} {seconds:7.3f} s, {100 * seconds / stats.total_tt:.2f} %")


def seconds_of(stats: Mapping[tuple[str, int, str], tuple[Any, ...]]) -> dict[str, float]:
    """The time that each kind of safeguard took, with all that it called."""
    return {
        name: sum(entry[3] for (file, _, function), entry in stats.items() if (Path(file).name, function) in wanted)
        for name, wanted in SAFEGUARDS.items()
    }


if __name__ == "__main__":
    main()
