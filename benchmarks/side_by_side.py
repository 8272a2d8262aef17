"""The same work in two checkouts of this project, in turn and on one core: what else the machine does meets both.

A worker is a script that is started once for each checkout, finds its packages there, is told on its standard input
what to do, and answers each line with one of its own: the processor seconds it took, and numbers to compare.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
ANSWER = "@ "  # before each line of a worker's standard output that is an answer


@dataclass(frozen=True)
class Answer:
    """How many processor seconds a piece of work took, and the numbers that it gave."""

    cpu_s: float
    numbers: Mapping[str, Any]


class Worker:
    """A script that runs on the packages of a checkout, in a process of its own."""

    def __init__(self, script: Path, checkout: Path, arguments: Sequence[str]) -> None:
        environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, str(script), "worker", *arguments],
            env=environment,
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def ask(self, request: str) -> Answer:
        """Have a piece of work done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{request}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith(ANSWER):
                return Answer(**json.loads(line.removeprefix(ANSWER)))
        raise SystemExit(f"the worker on {self.process.args} ended without an answer")


def serve(do: Callable[[str], Mapping[str, Any]]) -> None:
    """The worker's side: do what each line of the standard input says."""
    for line in sys.stdin:
        began = time.process_time()
        numbers = do(line.strip())
        print(f"{ANSWER}{json.dumps({'cpu_s': time.process_time() - began, 'numbers': numbers})}", flush=True)


def first_module(*names: str) -> ModuleType:
    """The first of these modules that the checkout has, where a worker runs; modules were renamed over time."""
    return importlib.import_module(next(name for name in names if Path(*name.split(".")).with_suffix(".py").is_file()))


def cpu_s() -> float:
    """Processor seconds of this process and of those that it began and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def median_s(answers: Sequence[Answer]) -> float:
    """The median of the processor seconds."""
    return statistics.median(answer.cpu_s for answer in answers)


def ratios(before: Sequence[Answer], after: Sequence[Answer]) -> tuple[float, float, float]:
    """How many times as fast the second side was: the median over pairs, and the least and the most."""
    found = [one.cpu_s / other.cpu_s for one, other in zip(before, after, strict=True)]
    return statistics.median(found), min(found), max(found)


def largest_difference(before: Mapping[str, float], after: Mapping[str, float]) -> tuple[float, str]:
    """The largest relative difference of numbers that both sides have, and which number it is of."""
    shared = [name for name in before if name in after]
    found = [(abs(before[name] - after[name]) / max(abs(before[name]), 1e-12), name) for name in shared]
    return max(found, default=(0.0, "none"))
