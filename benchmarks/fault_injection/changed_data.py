"""A finished cell whose data were changed: what it holds is not the result of the new ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from fault_injection.fault import End, Fault
from fault_injection.place import Material, Place, Rows
from fault_injection.process import Command, Ended

KIND = "changed data"


def faults(material: Material) -> Iterator[Fault]:
    """All members of the kind."""
    for name, change in TABLES.items():
        yield Fault(KIND, name, lambda place, change=change: _changed(place, change), End.RIGHT_OR_REFUSED, _not_taken)
    for name, replace in RECORDINGS.items():
        yield Fault(
            KIND, name, lambda place, replace=replace: _replaced(place, replace), End.RIGHT_OR_REFUSED, _not_taken
        )
    for setting in (
        "max_duration_s=1.5",
        "data.language=en-gb",
        "data.utterances_per_speaker=2",
        "data.speakers=['040']",
    ):
        yield Fault(
            KIND,
            f"grid {setting}",
            lambda place, setting=setting: _set(place, setting),
            End.RIGHT_OR_REFUSED,
            _not_taken,
        )
    yield Fault(KIND, "a base's row is another", _other_base, End.RIGHT_OR_REFUSED, _not_taken)
    unread = _drop("validation")  # this cell's evaluation asks for none
    yield Fault(KIND, "a clip that isn't read is left out", lambda place: _changed(place, unread), End.WELL, _taken)
    yield Fault(KIND, "the same data elsewhere", _moved, End.WELL, _taken)
    yield Fault(KIND, "the same recordings, touched", _touched, End.WELL, _taken)


def _of_split(rows: Rows, split: str) -> Rows:
    return [row for row in rows if row[3] == split]


def _swap_speakers(rows: Rows) -> None:
    one, other = _of_split(rows, "test")[:2]
    one[1], other[1] = other[1], one[1]


def _swap_texts(rows: Rows) -> None:
    one, other = _of_split(rows, "test")[0], _of_split(rows, "train")[0]
    one[2], other[2] = other[2], one[2]


def _set_text(split: str, text: Callable[[str], str]) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        row = _of_split(rows, split)[0]
        row[2] = text(row[2])

    return change


def _exchange_splits(rows: Rows) -> None:
    one, other = _of_split(rows, "test")[0], _of_split(rows, "train")[0]
    one[3], other[3] = other[3], one[3]


def _drop(split: str) -> Callable[[Rows], None]:
    return lambda rows: rows.remove(_of_split(rows, split)[0])


def _with_phonemes(rows: Rows) -> None:
    for row in rows:
        row.append("həlˈoʊ" if row[3] == "test" else "")


TABLES: Mapping[str, Callable[[Rows], None]] = {
    "two test clips' speakers are swapped": _swap_speakers,
    "a test and a training text are swapped": _swap_texts,
    "a test text is another": _set_text("test", lambda text: "Another sentence altogether."),
    "a training text has a comma more": _set_text("train", lambda text: text.replace(" ", ", ", 1)),
    "a training text has a letter more": _set_text("train", lambda text: text.replace(".", "s.", 1)),
    "a test text has a capital more": _set_text("test", str.upper),
    "a test and a training clip exchange their splits": _exchange_splits,
    "a training clip is left out": _drop("train"),
    "test clips have phonemes of their own": _with_phonemes,
    "a validation clip is a test clip": lambda rows: _of_split(rows, "validation")[0].__setitem__(3, "test"),
}


def _changed(place: Place, change: Callable[[Rows], None]) -> Command:
    place.take("runs")
    place.change_rows(change)
    return place.grid()


def _other_recording(files: list[Path]) -> None:
    shutil.copy(files[1], files[0])


def _louder(files: list[Path]) -> None:
    import soundfile

    wave, rate = soundfile.read(files[0])
    soundfile.write(files[0], 0.5 * wave, rate, format="WAV")


def _same_time_and_size(files: list[Path]) -> None:
    """One byte in its midst is another, and the file's times and size are as before."""
    import os

    before = files[0].stat()
    content = bytearray(files[0].read_bytes())
    content[len(content) // 2] ^= 255
    files[0].write_bytes(content)
    os.utime(files[0], ns=(before.st_atime_ns, before.st_mtime_ns))


RECORDINGS: Mapping[str, Callable[[Place], None]] = {
    "a training recording is another's": lambda place: _other_recording(_files(place, "train/040")),
    "a test recording is half as loud": lambda place: _louder(_files(place, "test/040")),
    "a test recording is another voice's": lambda place: _other_recording(
        [*_files(place, "test/040"), *_files(place, "test/041")]
    ),
    "a test recording has another byte, the same size and times": lambda place: _same_time_and_size(
        _files(place, "test/041")
    ),
}


def _files(place: Place, folder: str) -> list[Path]:
    return sorted((place.folder / "corpus" / folder).glob("*.opus"))


def _replaced(place: Place, replace: Callable[[Place], None]) -> Command:
    place.take("runs")
    command = place.grid()
    replace(place)
    return command


def _set(place: Place, setting: str) -> Command:
    place.take("runs")
    return place.grid(setting)


def _other_base(place: Place) -> Command:
    from safetensors.torch import load_file, save_file

    from fault_injection.forging import forge_bundle

    place.take("runs", "base")
    path = place.folder / "base" / "voiceprints.safetensors"
    save_file({name: tensor.flip(0).contiguous() for name, tensor in load_file(path).items()}, path)
    forge_bundle(place.folder / "base")
    return place.grid()


def _moved(place: Place) -> Command:
    place.take("runs")
    command = place.grid("data.root=elsewhere")
    (place.folder / "corpus").rename(place.folder / "elsewhere")
    return command


def _touched(place: Place) -> Command:
    place.take("runs")
    command = place.grid()
    for path in _files(place, "train/040"):
        path.touch()
    return command


def _not_taken(place: Place, ended: Ended) -> str | None:
    return "taken for the result of the new data" if "finished before" in ended.out else None


def _taken(place: Place, ended: Ended) -> str | None:
    return None if "finished before" in ended.out else "not found to be finished"
