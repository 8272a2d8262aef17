"""Input that people have: other encodings, options that don't exist, choices named twice, long texts, odd folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import soundfile

from fault_injection.fault import Check, End, Fault
from fault_injection.place import Material, Place
from fault_injection.process import Command, Ended

KIND = "inputs"
SENTENCE = "The café is closed today."
ENCODED = (
    ("Latin-1", SENTENCE.encode("latin-1"), End.BAD_INPUT),
    ("Windows-1252 with quotes", "“Yes”, she said.".encode("cp1252"), End.BAD_INPUT),
    ("UTF-16 with its mark", SENTENCE.encode("utf-16"), End.WELL),
    ("UTF-16 without its mark", SENTENCE.encode("utf-16-be"), End.BAD_INPUT),
    ("UTF-32 with its mark", SENTENCE.encode("utf-32"), End.WELL),
    ("UTF-8 with its mark", SENTENCE.encode("utf-8-sig"), End.WELL),
    ("nothing", b"", End.BAD_INPUT),
    ("blank lines", b"\n \n\t\n", End.BAD_INPUT),
    ("a null", b"a\0b", End.BAD_INPUT),
    ("old Mac line ends", b"Hello.\rGoodbye.", End.WELL),
    ("an image", bytes(range(256)) * 4, End.BAD_INPUT),
    ("truncated UTF-8", SENTENCE.encode()[:8], End.BAD_INPUT),
    ("surrogates", b"\xed\xa0\x80", End.BAD_INPUT),
)
TEXTS = (
    ("only punctuation", "?!..."),
    ("Chinese", "你好"),
    ("nothing visible", "\u200b\u200b"),
    ("only brackets", "()"),
)
OPTIONS = (
    *("+nosuch=1", "nosuch=1", "++nosuch.deep=1", "~nosuch", "~steps", "strategy.nosuch=1", "+strategy.nosuch=1"),
    *("strategy=", "strategy=[mean]", "metrics=[]", "metrics=[secs,secs]", "penalty=[l2_sp,l2_sp]"),
    *("penalty=[none,none]", "penalty=[l2_sp,fisher,l2_sp]", "steps=", "=1", "steps"),
    *(
        "--nosuch",
        "-x",
        "--config-name=nope",
        "--config-dir=nope",
        "'",
        "[",
        "a=[",
        "a={b",
        "steps=1,2",
    ),
    *("freeze=parts freeze.parts=[nose]", "base=nope", "base=/dev/null", "data=nope"),
    *("data.speakers=[nobody]", "data.speakers=[]", "data.language=klingon", "data.language=''", "precision=64"),
    *("wandb.mode=foo", "wandb.project=a/b", "wandb.project=''", "device=gpu", "keep=all"),
    *("experiment=nope", "task=nope", "model=nope", "hydra/launcher=nope", "hydra.launcher.nope=1", "seed=null"),
    *("evaluation.utterances_per_speaker={test:0.5}", "name=null"),
    *("cache_dir=corpus/metadata.csv", "max_duration_s=null", "steps=null epochs=null", "steps=1 epochs=1"),
    *("training.optimizer=null", "report=null", "report.guards=[[]]", "report.margins=[1]", "data.root=''"),
    *("data.root=null", "data.root=corpus/metadata.csv", "data=filelists", "data.split_seed=nan"),
)
HYDRA = (
    *("hydra.run.dir=base/model.yaml", "hydra.run.dir=''", "hydra.run.dir=/proc/x", "hydra.run.dir=base/model.yaml/x"),
    *("hydra.output_subdir=base", "hydra.job.chdir=true", "hydra.searchpath=[file:///nowhere]", "hydra.mode=NOPE"),
    *("hydra.callbacks.x._target_=os.system", "hydra.callbacks=null", "hydra.verbose=[nope"),
    *("hydra.run.dir=${oc.env:NOSUCH}", "hydra.hydra_logging.version=7"),
)


def faults(material: Material) -> Iterator[Fault]:
    """All members of the kind."""
    for name, content, end in ENCODED:
        yield Fault(KIND, f"speak's standard input is {name}", lambda place, text=content: _piped(place, text), end)
        yield Fault(KIND, f"speak's file is {name}", lambda place, text=content: _from_file(place, text), end)
    for name, text in TEXTS:
        yield Fault(KIND, f"speak's text is {name}", lambda place, text=text: place.speak(f"text={text}"))
    for option in OPTIONS:
        yield Fault(KIND, f"grid {option}", lambda place, option=option: place.grid("name=odd", *option.split()))
    for option in HYDRA:
        end = End.RIGHT_OR_REFUSED
        yield Fault(KIND, f"grid {option}", lambda place, option=option: place.grid("name=odd", option), end)
    yield from _of_speak()
    yield from _of_recordings()
    yield from _of_texts()
    yield from _of_environment()


def _piped(place: Place, content: bytes) -> Command:
    return place.with_cell("speak.py", "speaker=040", "out=out/said", "device=cpu", stdin=content)


def _from_file(place: Place, content: bytes) -> Command:
    (place.folder / "lines.txt").write_bytes(content)
    return place.with_cell("speak.py", "speaker=040", "file=lines.txt", "out=out/said", "device=cpu")


def _of_speak() -> Iterator[Fault]:
    """The options of the commands that use a voice."""
    words = "My sister plants twelve tomatoes in the garden, and the old house is quiet. "
    yield Fault(KIND, "speak 3,000 words", lambda place: place.speak(f"text={words * 214}"), End.WELL)
    yield Fault(
        KIND, "speak 400 words without a stop", lambda place: place.speak(f"text={'garden and ' * 200}"), End.WELL
    )
    yield Fault(
        KIND, "speak a word of 5,000 letters", lambda place: place.speak(f"text={'a' * 5000}"), End.RIGHT_OR_REFUSED
    )
    yield Fault(KIND, "speak 2,000 lines of one word", lambda place: _piped(place, b"Yes.\n" * 300), End.WELL)
    asked: Sequence[tuple[str, ...]] = (
        ("text=a", "file=b"),
        ("nosuch=1", "text=a"),
        ("text",),
        ("--text=a",),
        ("text=a", "device=tpu"),
        ("file=nope.txt",),
        ("file=.",),
        ("file=/dev/zero",),
        ("pack=nope.voice", "text=a"),
        ("text=a", "speaker=nobody"),
        ("text=a", "run=base"),
        ("text=a", "run=nope"),
        ("text=a", "out=out/said.xyz"),
        ("text=a", "out=corpus/metadata.csv/x.wav"),
    )
    for given in asked:
        yield Fault(KIND, f"speak {' '.join(given)}", lambda place, given=given: _asked(place, given), End.REFUSED)


def _asked(place: Place, given: Sequence[str]) -> Command:
    place.take("base", "corpus")
    return place.speak(*given)


def _of_recordings() -> Iterator[Fault]:
    """Recordings that are none, as data and for convert."""
    for name, write in RECORDINGS.items():
        if name != "of one sample":  # of which the linter of each cell tells
            yield Fault(KIND, f"a recording is {name}, in grid", lambda place, write=write: _recorded(place, write))
        yield Fault(KIND, f"a recording is {name}, in convert", lambda place, write=write: _converted(place, write))
    yield Fault(
        KIND,
        "a recording is of one sample, in grid",
        lambda place: _recorded(place, _sound(1, 16_000)),
        End.WELL,
        _told,
    )
    yield Fault(KIND, "convert source=nobody", lambda place: _converted(place, _sound(16_000, 16_000), "source=nobody"))
    yield Fault(KIND, "convert audio=.", lambda place: _converted(place, _sound(16_000, 16_000), "audio=."))


def _sound(samples: int, rate: int, value: float = 0.1, channels: int = 1) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        import numpy as np

        wave = np.full((samples, channels), value, dtype=np.float32)
        soundfile.write(path, wave, rate, format="WAV", subtype="FLOAT")

    return write


RECORDINGS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "a text": lambda path: path.write_text("Hello."),
    "without a sample": _sound(0, 16_000),
    "of NaN": _sound(16_000, 16_000, float("nan")),
    "infinite": _sound(16_000, 16_000, float("inf")),
    "of one sample": _sound(1, 16_000),
    "a header alone": lambda path: path.write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt "),
    "a folder": lambda path: path.mkdir(),
}


def _told(place: Place, ended: Ended) -> str | None:
    return None if "shorter than 0.5 s" in ended.out else "not a word of it"


def _recorded(place: Place, write: Callable[[Path], object]) -> Command:
    path = sorted((place.take("corpus") / "test" / "040").glob("*.opus"))[0]
    path.unlink()
    write(path)
    return place.grid("name=odd")


def _converted(place: Place, write: Callable[[Path], object], *more: str) -> Command:
    write(place.folder / "mine.wav")
    return place.with_cell("convert.py", "speaker=040", "audio=mine.wav", "out=out/a.wav", "device=cpu", *more)


def _of_texts() -> Iterator[Fault]:
    """metadata.csv in other encodings and with odd lines."""
    changes: dict[str, tuple[Callable[[str], bytes], End, Check | None]] = {
        "in UTF-16": (lambda text: text.encode("utf-16"), End.BAD_INPUT, None),
        "in Latin-1": (lambda text: text.replace("e", "é").encode("latin-1"), End.BAD_INPUT, None),
        "with a byte order mark": (lambda text: text.encode("utf-8-sig"), End.WELL, _scored),
        "with Windows' line ends": (lambda text: text.replace("\n", "\r\n").encode(), End.WELL, _scored),
        "without a header": (lambda text: text.split("\n", 1)[1].encode(), End.BAD_INPUT, None),
        "with commas": (lambda text: text.replace("|", ",").encode(), End.WELL, _scored),
        "with commas, and in a text one more": (
            lambda text: _first_text(text, "Well, well.").replace("|", ",").encode(),
            End.BAD_INPUT,
            None,
        ),
        "with a quotation mark that never ends": (
            lambda text: _first_text(text, '"Well.').replace("|", ",").encode(),
            End.RIGHT_OR_REFUSED,
            None,
        ),
        "with a path that leads out": (
            lambda text: text.replace("train/", "../corpus/train/", 1).encode(),
            End.BAD_INPUT,
            None,
        ),
        "with a line twice": (lambda text: (text + text.splitlines()[1] + "\n").encode(), End.BAD_INPUT, None),
        "with a column twice": (lambda text: text.replace("|text|", "|text|text|").encode(), End.BAD_INPUT, None),
        "with a speaker's name empty": (lambda text: text.replace("|040|", "||").encode(), End.BAD_INPUT, None),
        "with a text of no words": (lambda text: _first_text(text, "...").encode(), End.WELL, _left_out),
        "with no test sentence": (lambda text: text.replace("|test\n", "|train\n").encode(), End.BAD_INPUT, None),
        "with a header alone": (lambda text: text.splitlines()[0].encode(), End.BAD_INPUT, None),
        "with an unknown split": (
            lambda text: text.replace("|validation\n", "|dev/../x\n").encode(),
            End.BAD_INPUT,
            None,
        ),
    }
    for name, (change, end, check) in changes.items():
        yield Fault(KIND, f"metadata.csv {name}", lambda place, change=change: _table(place, change), end, check)


def _first_text(text: str, new: str) -> str:
    header, first, *rest = text.split("\n")
    path, speaker, _, split = first.split("|")
    return "\n".join([header, f"{path}|{speaker}|{new}|{split}", *rest])


def _table(place: Place, change: Callable[[str], bytes]) -> Command:
    table = place.take("corpus") / "metadata.csv"
    table.write_bytes(change(table.read_text(encoding="utf-8")))
    return place.grid("name=odd")


def _scored(place: Place, ended: Ended) -> str | None:
    return None if list(place.folder.glob("runs/odd/*/scores.csv")) else "no scores"


def _left_out(place: Place, ended: Ended) -> str | None:
    return None if "7 training utterances (skipped: 1 " in ended.out else "not counted as left out"


def _of_environment() -> Iterator[Fault]:
    """What the environment says."""
    variables = {"WANDB_MODE": "foo", "VOICEGRID_CACHE": "corpus/metadata.csv", "VOICEGRID_SWEEP": "garbage"}
    for name, value in variables.items():
        end = End.BAD_INPUT if name != "VOICEGRID_SWEEP" else End.RIGHT_OR_REFUSED
        more = ("wandb.mode=auto",) if name == "WANDB_MODE" else ("steps=1",)
        yield Fault(
            KIND, f"{name}={value}", lambda place, n=name, v=value, m=more: place.grid("name=odd", *m, **{n: v}), end
        )
    yield Fault(KIND, "a tag of 65 characters", lambda place: place.grid("name=odd", f"wandb.tags=[{'x' * 65}]"))
    yield Fault(KIND, "an experiment of 65 characters", lambda place: place.grid(f"name={'x' * 65}"))
