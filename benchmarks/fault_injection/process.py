"""A command in a forked process: what it says, how it ends, and what it is not allowed to take."""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITH_MODULES = (ROOT, ROOT / "tests", ROOT / "tests" / "runners")  # tests make the material that faults begin with
LIMIT_CPU_S = 60
LIMIT_S = 300.0  # by the clock, for what waits; a busy machine may give a process little of its time
MEMORY_BYTES = 8 * 2**30  # of addresses, of which the libraries alone take a part
POLL_S = 0.01
TIMED_OUT = -signal.SIGKILL
ALSO_IMPORTED = ("metrics.judges.speechbrain_adapter", "jiwer", "jinja2", "matplotlib.figure", "soxr", "onnxruntime")


@dataclass(frozen=True)
class Command:
    """An entry point and its arguments, as they are typed in a folder."""

    script: str
    arguments: tuple[str, ...] = ()
    stdin: bytes = b""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str
    seconds: float


def import_entry_points() -> None:
    """Import what every command needs, so that each forked process has it."""
    sys.path[:0] = map(str, WITH_MODULES)
    import runners

    for module in pkgutil.walk_packages(runners.__path__, "runners."):
        importlib.import_module(module.name)
    for name in ALSO_IMPORTED:
        importlib.import_module(name)
    _compose_defaults()


def _compose_defaults() -> None:
    """What every command of the grid composes first, and then remembers."""
    from runners.config.differing_settings import default_groups
    from runners.config.registration import register_options

    register_options()
    for more in ((), ("base=demo",), ("base=bundle",)):
        default_groups("experiment=demo", "data=folder", *more)


def run(command: Command, folder: Path, limit_s: float = LIMIT_S) -> Ended:
    """Run a command in a folder and wait for its end, or end it when it takes too long."""
    return wait(start(command, folder), limit_s)


@dataclass(frozen=True)
class Started:
    """A process under way, and where it writes."""

    pid: int
    out: Path
    err: Path
    began: float


def start(command: Command, folder: Path, name: str = "said") -> Started:
    """Begin a command in a folder; its output goes to files beside the folder."""
    out, err = (folder.with_name(f"{folder.name}.{name}.{stream}") for stream in ("out", "err"))
    given = folder.with_name(f"{folder.name}.{name}.in")
    given.write_bytes(command.stdin)
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _redirect(given, out, err)
            status = _run_here(command, folder)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return Started(pid, out, err, began)


def wait(started: Started, limit_s: float = LIMIT_S) -> Ended:
    """The end of a process, which is made when its time is over."""
    while True:
        pid, status = os.waitpid(started.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - started.began > limit_s:
            os.killpg(started.pid, signal.SIGKILL)
        time.sleep(POLL_S)
    seconds = time.monotonic() - started.began
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in (started.out, started.err)]
    return Ended(os.waitstatus_to_exitcode(status), *texts, seconds)


def _redirect(given: Path, out: Path, err: Path) -> None:
    """Standard streams to files, in a session of its own so that it can be ended with all that it started."""
    os.setsid()
    for path, number, flags in ((given, 0, os.O_RDONLY), (out, 1, os.O_WRONLY), (err, 2, os.O_WRONLY)):
        os.dup2(os.open(path, flags | os.O_CREAT | os.O_TRUNC * (number > 0), 0o600), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a number, for the process's life
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _run_here(command: Command, folder: Path) -> int:
    """What a new interpreter would do with the command; gives the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_CPU_S, LIMIT_CPU_S))
    os.chdir(folder)
    os.environ.update(command.environment)
    script = ROOT / "runners" / command.script
    sys.argv = [str(script), *command.arguments]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as left:
        if left.code is not None and not isinstance(left.code, int):
            print(left.code, file=sys.stderr)
            return 1
        return left.code or 0
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    return 0
