"""What goes wrong at the end of a run, and two processes that want the same cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from fault_injection.fault import Check, End, Fault
from fault_injection.flipped_bits import report_two, same_scores
from fault_injection.place import Material, Place
from fault_injection.process import Command, Ended, Started, start, wait

ENDS, TWO = "ends", "two processes"
REPORT_SETTINGS = (
    *("aim=nope", "aim=retention", "guards=[nope]", "margins.nope=0.1", "margins.secs=nan", "margins.secs=-1"),
    *("level=1", "level=nan", "level=0.2", "sentences=-1", "audio_mb=inf", "publish=nope", "ratings=[nope.json]"),
    *(
        "ratings=[.]",
        "nosuch=1",
        "aim=[secs]",
        "margins=1",
        "guards={a: 1}",
        "level",
        "guards=[",
        "ratings=[empty.json]",
    ),
    *("ratings=[shape.json]", "ratings=[deep.json]", "ratings=[nan.json]"),
)
SPEAKERS = ("NA", "nan", "1e5", "null", "True", "007", "-inf", "2026-01-01", "0x10", "=1+1", "None", "1_000")
ANSWERS: Mapping[str, str] = {
    "empty.json": "",
    "shape.json": '{"pairs": 3}',
    "deep.json": "[" * 100_000,
    "nan.json": '{"test": NaN, "answers": [NaN]}',
}


def faults(material: Material) -> Iterator[Fault]:
    """All members of both kinds."""
    for setting in REPORT_SETTINGS:
        yield Fault(ENDS, f"report {setting}", lambda place, setting=setting: _report(place, setting))
    for setting in ("report.aim=nope", "report.guards=[nope]", "report.ratings=[nope.json]", "report.level=1"):
        yield Fault(
            ENDS, f"grid {setting}", lambda place, given=setting: place.grid("name=odd", given), check=_nothing_run
        )
    for name in SPEAKERS:
        yield Fault(
            ENDS, f"a speaker is called {name}", lambda place, name=name: _called(place, name), End.WELL, _named(name)
        )
    for name, prepare in BLOCKED.items():
        yield Fault(ENDS, name, lambda place, prepare=prepare: _blocked(place, prepare), End.FAILURE, _kept)
    yield from _without_scores()
    yield from _of_two()


def _report(place: Place, setting: str) -> Command:
    command = report_two(place)
    for name, text in ANSWERS.items():
        (place.folder / name).write_text(text, encoding="utf-8")
    return Command(command.script, (*command.arguments, setting), environment=command.environment)


def _nothing_run(place: Place, ended: Ended) -> str | None:
    return "the cell was run first" if list(place.folder.glob("runs/odd/*/cell.json")) else None


def _called(place: Place, name: str) -> Command:
    table = place.take("corpus") / "metadata.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("|040|", f"|{name}|"), encoding="utf-8")
    return place.grid("name=odd")


def _named(name: str) -> Check:
    def check(place: Place, ended: Ended) -> str | None:
        path = place.folder / "runs" / "odd" / "report" / "per_speaker.csv"
        cells = {cell for line in path.read_text(encoding="utf-8").splitlines() for cell in line.split(",")}
        return None if name in cells else f"no {name} in {path.name}"

    return check


def _folder_for(name: str) -> Callable[[Place], None]:
    return lambda place: (place.folder / "runs" / "odd" / name).mkdir(parents=True)


def _file_for(name: str) -> Callable[[Place], None]:
    def prepare(place: Place) -> None:
        place.keep(place.folder / "runs" / "odd" / name)

    return prepare


BLOCKED: Mapping[str, Callable[[Place], None]] = {
    "comparison.csv is a folder": _folder_for("comparison.csv/x"),
    "report is a file": _file_for("report"),
    "report/index.html is a folder": _folder_for("report/index.html/x"),
    "report/figures is a file": _file_for("report/figures"),
    "report/ranking.csv is a folder": _folder_for("report/ranking.csv/x"),
}


def _blocked(place: Place, prepare: Callable[[Place], None]) -> Command:
    command = place.grid("name=odd", "steps=1", "eval_every=1")
    prepare(place)
    return command


def _kept(place: Place, ended: Ended) -> str | None:
    """The cell has its result all the same, and what to type is said."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in place.folder.glob("runs/odd/*/cell.json")]
    finished = [record["status"] for record in records] == ["finished"]
    return None if finished and "runners/report.py" in ended.err else "no result, or not said how to go on"


def _without_scores() -> Iterator[Fault]:
    """Experiments that a report can say little or nothing about."""
    yield Fault(ENDS, "a report on an experiment without cells", _empty_experiment)
    yield Fault(ENDS, "a report on a single cell", _single, End.WELL)
    yield Fault(ENDS, "a report on cells that aren't finished", lambda place: _unfinished(place, "report.py"))
    yield Fault(ENDS, "a status of cells that aren't finished", lambda place: _unfinished(place, "status.py"), End.WELL)
    yield Fault(ENDS, "a listening test of cells that aren't finished", lambda place: _unfinished(place, "listen.py"))
    yield Fault(
        ENDS, "looks.json is of another shape", lambda place: _looks(place, '{"looks": "x"}'), End.RIGHT_OR_REFUSED
    )
    yield Fault(ENDS, "looks.json is empty", lambda place: _looks(place, ""), End.RIGHT_OR_REFUSED)


def _empty_experiment(place: Place) -> Command:
    (place.folder / "reports" / "none").mkdir(parents=True)
    return place.command("report.py", "experiment=none", "results=reports")


def _single(place: Place) -> Command:
    place.take("runs")
    return place.command("report.py", "experiment=small")


def _unfinished(place: Place, script: str) -> Command:
    place.take("stopped")
    return place.command(script, "experiment=small", "results=stopped")


def _looks(place: Place, text: str) -> Command:
    place.take("runs")
    (place.folder / "runs" / "small" / "looks.json").write_text(text, encoding="utf-8")
    return place.command("report.py", "experiment=small")


def _of_two() -> Iterator[Fault]:
    """The same cell twice at a time, or by turns."""
    same = same_scores("runs/small", "runs/small")
    yield Fault(TWO, "two grids on one cell", _beside_itself, End.WELL, _one_ran)
    yield Fault(
        TWO, "a cell named twice in a sweep", lambda place: place.grid("seed=0,0", multirun=True), End.WELL, same
    )
    yield Fault(TWO, "a cell named twice by two spellings", _two_spellings, End.WELL, _one_cell)
    yield Fault(TWO, "two pretrainings in one folder", _pretraining_beside_itself, End.RIGHT_OR_REFUSED)
    for name, holder in HOLDERS.items():
        yield Fault(TWO, f"a claim of {name}", lambda place, holder=holder: _claimed(place, holder), End.WELL, same)


HOLDERS: Mapping[str, str] = {
    "a process that ended": '{"host": "here", "pid": 1, "boot": "x", "started": 1, "lease": "a"}',
    "nobody, an old empty file": "",
    "garbage, long ago": "\x00\x01garbage",
    "another shape, long ago": "[1, 2]",
}


def _beside_itself(place: Place) -> Command:
    """The command, while another process with it is under way."""
    command = place.grid()
    place.other = start(command, place.folder, "other")
    return command


def _pretraining_beside_itself(place: Place) -> Command:
    command = place.pretrain()
    place.other = start(command, place.folder, "other")
    return command


def _one_ran(place: Place, ended: Ended) -> str | None:
    """Both went well, one of them ran the cell, and its scores are those of a cell that was alone."""
    assert isinstance(place.other, Started)
    other = wait(place.other)
    if other.status != 0 or "Traceback" in other.err:
        return f"the other process ended with {other.status}: {other.err[-200:]}"
    ran = sum("  step 2:" in text for text in (ended.out, other.out))
    return same_scores("runs/small", "runs/small")(place, ended) if ran == 1 else f"{ran} processes ran it"


def _two_spellings(place: Place) -> Command:
    return place.grid("max_duration_s=20,20.0", multirun=True)


def _one_cell(place: Place, ended: Ended) -> str | None:
    cells = list(place.folder.glob("runs/small/*/cell.json"))
    return None if len(cells) == 1 else f"{len(cells)} cells"


def _claimed(place: Place, holder: str) -> Command:
    import os

    command = place.grid()
    path: Path = place.folder / "runs" / "small" / ".running" / f"{place.material.cell_name}.json"
    path.parent.mkdir(parents=True)
    path.write_text(holder, encoding="utf-8")
    os.utime(path, (0, 0))
    return command
