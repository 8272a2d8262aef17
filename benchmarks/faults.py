"""What happens when something is wrong: `python benchmarks/faults.py [only=names,numbers] [name=bit] [keep=folder]`.

Some hundred faults of ten kinds are injected, each in a folder and a process of its own: bundles that would run code,
numbers that are none, texts in other encodings, files with a flipped bit, names that lead elsewhere. A table says how
each kind ended, and one line tells of every fault that didn't end as it should. Exit status 1 if there is one. `name`
tries those alone whose name holds it; `keep` says where their folders stay to be looked at.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # the models are too small to divide among threads, and threads survive no fork

import sys
import tempfile
from pathlib import Path

from fault_injection.kinds import all_faults
from fault_injection.material import make_material
from fault_injection.outcome import Outcome, outcome_of
from fault_injection.process import import_entry_points
from fault_injection.table import print_outcomes


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    import_entry_points()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = inject(Path(options.get("keep", folder)).resolve(), options)
    print_outcomes(outcomes)
    sys.exit(any(outcome.unexpected for outcome in outcomes))


def inject(folder: Path, options: dict[str, str]) -> list[Outcome]:
    """Every fault that is asked for, one after the other."""
    material = make_material(folder / "material")
    kinds, part = options.get("only"), options.get("name", "")
    outcomes: list[Outcome] = []
    for number, fault in enumerate(all_faults(material)):
        if (kinds is None or fault.kind in kinds.split(",")) and part in fault.name:
            outcomes.append(outcome_of(fault, material, folder / f"{number:03}", keep="keep" in options))
            if outcomes[-1].unexpected:
                print(outcomes[-1].told(), flush=True)
    return outcomes


if __name__ == "__main__":
    main()
