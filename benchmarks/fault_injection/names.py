"""Names that are alike, lead elsewhere or are too long, and folders in which the user keeps something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fault_injection.fault import Check, End, Fault
from fault_injection.place import Material, Place, Rows
from fault_injection.process import Command, Ended

KIND = "names"
TWINS = (
    ("case", "Anna", "anna"),
    ("a zero-width joiner", "ben", "b\u200den"),
    ("a soft hyphen", "ben", "be\u00adn"),
    ("a full-width letter", "ben", "\uff42en"),
    ("a ligature", "fiona", "\ufb01ona"),
    ("a variation selector", "ben", "ben\ufe0f"),
    ("two blanks", "anna b", "anna  b"),
    ("a no-break space", "anna b", "anna\u00a0b"),
    ("German sharp s", "stra\u00dfe", "strasse"),
    ("a right-to-left mark", "ben", "\u200fben"),
)
EXPERIMENTS = (
    *("..", ".", "../../x", "a/../../b", "/tmp/x", "''", "' '", "-m", "'a b'", "'a\tb'", "con", "nul.txt", "'[bold]x'"),
    *(
        "x" * 101,
        "'é'",
        "'\u202egnp'",
        "a.",
        "'a\\b'",
        "'~'",
        "'${oc.env:HOME}'",
        "'${hydra:runtime.cwd}'",
        "null",
        "'*'",
    ),
)
RESULTS = ("''", "' '", "corpus/metadata.csv", "/proc/x", "/dev/null", "'a\nb'", f"'{'y' * 256}'", "base/model.yaml/x")
UTTERANCES = (
    ("two names of one form", "a/b", "a\\b"),
    ("a path that leads elsewhere", "../outside", "x"),
    ("an absolute path", "/etc/hostname", "x"),
    ("a path of 300 bytes", "x" * 300, "y"),
    ("a name that is a drive", "C:\\x", "y"),
    ("a tilde", "~/x", "y"),
    ("a control character", "a\x07b", "y"),
)


def faults(material: Material) -> Iterator[Fault]:
    """All members of the kind."""
    for name, one, other in TWINS:
        yield Fault(KIND, f"two speakers differ in {name}", lambda place, pair=(one, other): _speakers(place, *pair))
        yield Fault(KIND, f"a base's speakers differ in {name}", lambda place, pair=(one, other): _base(place, *pair))
    yield Fault(KIND, "a base's speakers are called the same", lambda place: _base(place, "eve", "eve"))
    twins = "ren\u00e9", "rene\u0301"
    yield Fault(KIND, "one speaker in two Unicode forms", lambda place: _speakers(place, *twins), End.WELL, _one_voice)
    for name in EXPERIMENTS:
        yield Fault(KIND, f"grid name={name[:20]}", lambda place, name=name: place.grid(f"name={name}"))
    for name in ("..", "a/b", "'[bold]x'", "''"):
        yield Fault(KIND, f"pretrain name={name}", lambda place, name=name: place.pretrain(f"name={name}"))
    for where in RESULTS:
        yield Fault(
            KIND, f"grid results={where[:20]}", lambda place, where=where: place.grid(f"results={where}"), End.REFUSED
        )
    for name, one, other in UTTERANCES:
        yield Fault(KIND, f"metadata.csv has {name}", lambda place, pair=(one, other): _utterances(place, *pair))
    yield from _of_lookups()
    yield from _with_files_of_the_user()
    yield Fault(KIND, "utterances a-b/c and a/b-c share no file", _sharing, End.WELL, _two_files)
    yield Fault(KIND, "a speaker of 200 characters", lambda place: _renamed(place, "é" * 200), End.WELL, _all_spoken)
    yield Fault(KIND, "a speaker called like markup", lambda place: _renamed(place, "[red]</b><i>x"), End.WELL, _plain)
    yield Fault(
        KIND, "a speaker who begins with a dot", lambda place: _renamed(place, "..hidden"), End.WELL, _all_spoken
    )


def _rows(place: Place, change: Callable[[Rows], object]) -> Command:
    """The voices with their table changed."""
    place.change_rows(change)
    return place.grid("name=odd")


def _speakers(place: Place, one: str, other: str) -> Command:
    def change(rows: Rows) -> None:
        for row in rows:
            row[1] = one if row[1] == "040" else other

    return _rows(place, change)


def _base(place: Place, one: str, other: str) -> Command:
    from fault_injection.forging import forge_bundle

    base = place.take("base")
    header, *rows = (base / "speakers.csv").read_text(encoding="utf-8").splitlines()
    names = dict(zip(("ada", "ben"), (one, other), strict=True))
    changed = [f"{names.get(row.split('|')[0], row.split('|')[0])}|{row.split('|')[1]}" for row in rows]
    text = "\n".join([header, *changed]) + "\n"
    (base / "speakers.csv").write_text(text, encoding="utf-8")
    forge_bundle(base)
    return place.grid("name=odd")


def _beside_base(place: Place) -> Place:
    place.take("base")
    return place


def _one_voice(place: Place, ended: Ended) -> str | None:
    return None if ": 1 new voices, 8 training" in ended.out else "not one voice"


def _utterances(place: Place, one: str, other: str) -> Command:
    def change(rows: Rows) -> None:
        rows[0][0], rows[1][0] = f"{one}.opus", f"{other}.opus"

    return _rows(place, change)


def _renamed(place: Place, name: str) -> Command:
    def change(rows: Rows) -> None:
        for row in rows:
            row[1] = name if row[1] == "040" else row[1]

    return _rows(place, change)


def _all_spoken(place: Place, ended: Ended) -> str | None:
    spoken = list(place.folder.glob("runs/odd/*/audio/step=00002/test/*.flac"))
    return None if len(spoken) == 2 else f"{len(spoken)} files for 2 sentences"


def _plain(place: Place, ended: Ended) -> str | None:
    page = next(place.folder.glob("runs/odd/report/index.html")).read_text(encoding="utf-8")
    return "markup in the page" if "<i>x" in page else _all_spoken(place, ended)


def _sharing(place: Place) -> Command:
    """Test sentences of speaker `a` called b-c, and of speaker `a-b` called c."""
    names = {"040": ("a", "b-c"), "041": ("a-b", "c")}

    def change(rows: Rows) -> None:
        for row in rows:
            speaker, utterance = names[row[1]]
            if row[3] == "test":
                (place.folder / "corpus" / row[0]).rename(place.folder / "corpus" / f"{utterance}.opus")
                row[0] = f"{utterance}.opus"
            row[1] = speaker

    return _rows(place, change)


def _two_files(place: Place, ended: Ended) -> str | None:
    return _all_spoken(place, ended)


def _of_lookups() -> Iterator[Fault]:
    """Names that commands look for."""
    asked: Sequence[tuple[str, Callable[[Place], Command]]] = (
        (
            "speak speaker=../040",
            lambda place: place.with_cell("speak.py", "speaker=../040", "text=a", "out=out/a.wav"),
        ),
        (
            "speak speaker=\u200b040",
            lambda place: place.with_cell("speak.py", "speaker=\u200b040", "text=a", "out=out/a.wav"),
        ),
        ("speak speaker=", lambda place: place.with_cell("speak.py", "speaker=", "text=a", "out=out/a.wav")),
        (
            "speak out of 300 bytes",
            lambda place: place.with_cell("speak.py", "speaker=040", "text=a", f"out={'o' * 300}.wav"),
        ),
        ("speak out=.", lambda place: place.with_cell("speak.py", "speaker=040", "text=a", "out=.")),
        ("speak out is nothing", lambda place: place.with_cell("speak.py", "speaker=040", "text=a", "out=")),
        ("report experiment=..", lambda place: _of_reports(place, "report.py", "..")),
        ("report experiment=nope", lambda place: _of_reports(place, "report.py", "nope")),
        ("status experiment of 300 bytes", lambda place: _of_reports(place, "status.py", "s" * 300)),
        ("status experiment is nothing", lambda place: _of_reports(place, "status.py", "")),
        ("status of a file", lambda place: _of_reports(place, "status.py", "two/comparison.csv")),
        ("listen experiment=nope", lambda place: _of_reports(place, "listen.py", "nope")),
        ("pack list=nope", lambda place: place.command("pack.py", "list=nope")),
        ("pack out of another kind", lambda place: place.with_cell("pack.py", "speaker=040", "out=out/x.txt")),
        ("pack speaker=nobody", lambda place: place.with_cell("pack.py", "speaker=nobody", "out=out/x.voice")),
        (
            "export out below a file",
            lambda place: _beside_base(place).with_cell("export.py", "out=base/model.yaml/x.onnx"),
        ),
        ("join_corpora of nothing", lambda place: place.command("join_corpora.py", "corpora=", "out=out/j")),
        ("join_corpora into itself", lambda place: _joined(place, "corpora=corpus:train", "out=corpus")),
        ("join_corpora of one twice", lambda place: _joined(place, "corpora=corpus:train,corpus:train", "out=out/j")),
        ("join_corpora of no split", lambda place: _joined(place, "corpora=corpus:nope", "out=out/j")),
        ("join_corpora of no folder", lambda place: _joined(place, "corpora=nope:train", "out=out/j")),
    )
    for name, prepare in asked:
        yield Fault(KIND, name, prepare, End.REFUSED)


def _of_reports(place: Place, script: str, experiment: str) -> Command:
    place.take("reports")
    return place.command(script, f"experiment={experiment}", "results=reports")


def _joined(place: Place, *arguments: str) -> Command:
    place.take("corpus", "base")
    return place.command("join_corpora.py", *arguments, "base=base")


def _with_files_of_the_user() -> Iterator[Fault]:
    """Each must be there afterwards, whether the command is refused or not."""
    kept: Sequence[tuple[str, str, End, Check | None]] = (
        ("failed/holiday.jpg in an experiment", "runs/odd/failed/holiday.jpg", End.WELL, None),
        (".failed/notes.json in an experiment", "runs/odd/.failed/notes.json", End.WELL, None),
        ("notes.txt in an experiment", "runs/odd/notes.txt", End.WELL, None),
        ("report/mine.txt in an experiment", "runs/odd/report/mine.txt", End.WELL, None),
        ("report/figures/mine.svg in an experiment", "runs/odd/report/figures/mine.svg", End.WELL, None),
        (".running/mine.json in an experiment", "runs/odd/.running/mine.json", End.WELL, None),
        ("a hidden file in an experiment", "runs/odd/.hidden", End.WELL, None),
        ("notes in the results folder", "runs/notes.txt", End.WELL, None),
        ("notes in the cache", "cache/features/notes.txt", End.WELL, None),
        ("a dot file in the cache", "cache/.mine", End.WELL, None),
    )
    for name, path, end, check in kept:
        yield Fault(KIND, f"the user's {name}", lambda place, path=path: _keeping(place, Path(path)), end, check)
    yield Fault(KIND, "the user's files in the cell's folder", _in_cell_folder)
    yield Fault(KIND, "the user's files in a failed cell", _in_failed_cell, End.WELL)
    yield Fault(KIND, "the user's file in the experiment's place", _in_place, End.REFUSED)
    yield Fault(KIND, "the user's folder is the new bundle's", _as_bundle)
    yield Fault(KIND, "the user's folder is an import's", _as_import)
    yield Fault(KIND, "the user's file in a sweep's .failed", _in_sweep, End.WELL)


def _keeping(place: Place, path: Path) -> Command:
    command = place.grid("name=odd", "eval_every=2", "steps=1")
    place.keep(place.folder / path)
    return command


def _in_cell_folder(place: Place) -> Command:
    place.take("runs")
    command = place.grid()
    (place.cell_path / "cell.json").unlink()
    for name in ("scores.csv.mine", "audio/mine.wav"):
        place.keep(place.cell_path / name)
    return command


def _in_failed_cell(place: Place) -> Command:
    import json

    place.take("stopped")
    (cell,) = (path.parent for path in (place.folder / "stopped" / "small").glob("*/cell.json"))
    record = json.loads((cell / "cell.json").read_text(encoding="utf-8"))
    (cell / "cell.json").write_text(json.dumps(record | {"status": "failed"}), encoding="utf-8")
    (cell / "state.safetensors").unlink()
    for name in (
        "notes.txt",
        "audio/mine.wav",
        "audio/step=00000/mine.txt",
        "pictures/mine.png",
        "kept_state/mine.txt",
    ):
        place.keep(cell / name)
    return place.grid("results=stopped")


def _in_place(place: Place) -> Command:
    command = place.grid("name=odd")
    place.keep(place.folder / "runs" / "odd")
    return command


def _as_bundle(place: Place) -> Command:
    place.keep(place.folder / "mine" / "thesis.txt")
    return place.pretrain("bundle=mine", "steps=1", "name=odd")


def _as_import(place: Place) -> Command:
    from fault_injection.code_in_pickles import importing

    place.keep(place.folder / "mine" / "thesis.txt")
    return importing(place, "out=mine")


def _in_sweep(place: Place) -> Command:
    command = place.grid("name=odd", "steps=1", "seed=0", multirun=True)
    for name in ("mine.json", "mine.txt", f"{'0' * 40}.json"):
        place.keep(place.folder / "runs" / "odd" / ".failed" / name, b'{"a": 1}')
    return command
