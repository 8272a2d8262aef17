"""Recordings to be prepared, and other systems' audio to be scored, that aren't what they should be."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from fault_injection.fault import End, Fault
from fault_injection.inputs import RECORDINGS
from fault_injection.place import Material, Place, Rows
from fault_injection.process import Command

KIND = "own recordings"
SUBTITLE = "1\n00:00:00,000 --> 00:00:02,000\nThe moon rose slowly.\n"
BESIDE: dict[str, tuple[str, bytes]] = {
    "subtitles that are none": ("srt", b"hello\n"),
    "subtitles that end before they begin": ("srt", SUBTITLE.replace("00:00:02", "00:00:00").encode()),
    "subtitles of another day": ("srt", SUBTITLE.replace("00:00:0", "99:59:5").encode()),
    "subtitles in Latin-1": ("vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\ncaf\xe9\n"),
    "an empty transcript": ("txt", b""),
    "a transcript of bytes": ("lab", bytes(range(256))),
    "half a TextGrid": ("TextGrid", b'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = '),
    "a TextGrid of endless tiers": (
        "TextGrid",
        b'File type = "ooTextFile"\nObject class = "TextGrid"\nsize = 1000000000',
    ),
}
SETTINGS = (
    *("speaker='a|b'", "speaker=", "out=..", "out=/dev/null", "out=mine.opus", "out="),
    *("longest_s=nan", "longest_s=inf", "shortest_s=13", "shortest_s=-1", "min_snr_db=nan", "language=klingon"),
    *("audio=nosuch", "audio=", "audio=mine.opus,mine.opus", "audio=/dev/zero", "nosuch=1", "device=gpu"),
)


def faults(material: Material) -> Iterator[Fault]:
    """Recordings, what stands beside them, settings; and audio to be scored."""
    for name, write in RECORDINGS.items():
        yield Fault(KIND, f"a recording {name}", lambda place, write=write: _alone(place, write), End.REFUSED)
    for name, (suffix, content) in BESIDE.items():
        yield Fault(
            KIND,
            f"beside a recording {name}",
            lambda place, suffix=suffix, content=content: _beside(place, suffix, content),
            End.RIGHT_OR_REFUSED,
        )
    for setting in SETTINGS:
        yield Fault(KIND, f"prepare.py {setting}", lambda place, setting=setting: _prepared(place, setting))
    yield Fault(KIND, "score.py without an experiment", _unknown_experiment)
    for name, change in TABLES.items():
        yield Fault(KIND, f"score.py {name}", lambda place, change=change: _scored(place, change), End.REFUSED)
    yield Fault(KIND, "score.py name=../x", lambda place: _scored(place, lambda _: None, "name=../x"))


def _one(place: Place) -> Path:
    return sorted(place.take("corpus").glob("train/040/*.opus"))[0]


def _prepared(place: Place, *settings: str) -> Command:
    shutil.copy(_one(place), place.folder / "mine.opus")
    given = {setting.split("=", 1)[0] for setting in settings}
    default = {"audio": "mine.opus", "out": "out", "speaker": "anna"}
    place.take("cache")
    return place.command(
        "prepare.py", *(f"{key}={value}" for key, value in default.items() if key not in given), *settings
    )


def _alone(place: Place, write: Callable[[Path], object]) -> Command:
    write(place.folder / "odd.wav")
    return _prepared(place, "audio=odd.wav")


def _beside(place: Place, suffix: str, content: bytes) -> Command:
    (place.folder / f"mine.{suffix}").write_bytes(content)
    return _prepared(place, "shortest_s=0.5", "min_snr_db=-20")


TABLES: dict[str, Callable[[Rows], None]] = {
    "with a voice that nobody has": lambda rows: rows[0].__setitem__(1, "nobody"),
    "with a recording that isn't there": lambda rows: rows[0].__setitem__(0, "train/nowhere.opus"),
    "with a sentence twice": lambda rows: rows.append(list(rows[0])),
    "with no sentence": lambda rows: rows.clear(),
}


def _scored(place: Place, change: Callable[[Rows], object], *more: str) -> Command:
    place.take("runs")
    place.change_rows(change)
    given = ("audio=corpus", "voices=corpus", "experiment=small", "device=cpu")
    place.take("cache")
    return place.command("score.py", *given, *(more or ("name=theirs",)))


def _unknown_experiment(place: Place) -> Command:
    place.take("corpus")
    return place.command("score.py", "audio=corpus", "voices=corpus", "name=theirs", "experiment=nosuch")
