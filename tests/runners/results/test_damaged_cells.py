"""A finished cell that isn't what it was any more is refused by name, by everything that reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from small_experiment import METRICS, forget_checksums, write_experiment

from runners.bases.base import PretrainedBase
from runners.config.registration import register_options
from runners.inference.adapted_model import load_adapted
from runners.pretraining.bundle_writing import read_teachers
from runners.reporting.cell_result import finished_cells
from runners.reporting.listening_audio import Listening, listening
from runners.reporting.results import load_experiment
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.finished_bundle import load_finished
from vits.bundle import Bundle, load_bundle, save_bundle
from vits.common.errors import InputError
from vits.trained_on import read_trained_on

IDENTITY = Identity({"seed": 0})


def _flip_digit(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    place = max(content.rfind(digit) for digit in "0123456789")
    path.write_text(content[:place] + str((int(content[place]) + 1) % 10) + content[place + 1 :], encoding="utf-8")


def _half(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")


def _reorder(path: Path) -> None:
    header, first, second, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([header, second, first, *rest]), encoding="utf-8")


def _flip_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """A finished cell with all tables."""
    register_options()
    experiment = write_experiment(tmp_path / "runs" / "small", strategies=("mean",), freezes=("none",))
    (cell,) = (path.parent for path in experiment.glob("*/cell.json"))
    return cell


def _as_before(cell: Path) -> None:
    folder = CellFolder(cell)
    folder.accept(Identity(folder.record["identity_of"]))


@pytest.mark.parametrize("use", [_as_before, lambda cell: finished_cells(cell.parent)], ids=["grid", "report"])
@pytest.mark.parametrize("change", [_flip_digit, _half, _reorder, _flip_bit, _folder, Path.unlink])
@pytest.mark.parametrize("name", ["scores.csv", "references.csv", "split.csv"])
def test_cell_is_refused_by_name_when_a_table_was_changed(
    use: Callable[[Path], Any], change: Callable[[Path], None], name: str, scored: Path
) -> None:
    use(scored)
    change(scored / name)
    with pytest.raises(InputError, match=rf"{name} (was changed|is missing|can't be read).*remove the folder") as told:
        use(scored)
    assert "\n" not in str(told.value)


def test_cell_is_refused_when_a_number_of_its_summary_was_changed(scored: Path) -> None:
    record = json.loads((scored / "cell.json").read_text(encoding="utf-8"))
    record["summary"][0]["mean"] += 0.1
    (scored / "cell.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=r"cell\.json was changed since the cell was finished"):
        finished_cells(scored.parent)


def test_cell_is_accepted_when_it_was_finished_before_there_were_checksums(scored: Path) -> None:
    forget_checksums(scored)
    assert len(finished_cells(scored.parent)) == 1


@pytest.mark.parametrize("lost", [("checksum",), ("files",), ("checksum", "files")])
@pytest.mark.parametrize("use", [_as_before, lambda cell: finished_cells(cell.parent), load_finished])
def test_cell_is_refused_when_its_checksums_were_removed(
    use: Callable[[Path], Any], lost: Sequence[str], scored: Path
) -> None:
    record = json.loads((scored / "cell.json").read_text(encoding="utf-8"))
    for key in lost:
        del record[key]
    (scored / "cell.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=r"cell\.json was changed since the cell was finished"):
        use(scored)


@pytest.mark.parametrize("record", [{"status": "finished"}, {"status": "finished", "speaker_ids": {"040": 99}}])
def test_voice_is_refused_when_its_cells_record_says_next_to_nothing(
    record: dict[str, Any], finished_cell: Path, tmp_path: Path
) -> None:
    copied = shutil.copytree(finished_cell, tmp_path / "cell")
    (copied / "cell.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=r"cell\.json was changed since the cell was finished"):
        load_adapted(copied, torch.device("cpu"))


@pytest.mark.parametrize(
    "use",
    [
        load_bundle,
        lambda folder: load_adapted(folder, torch.device("cpu")),
        lambda folder: PretrainedBase(str(folder)).start(None),
    ],
    ids=["bundle", "speak", "base"],
)
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("speakers.csv", _reorder),
        ("speakers.csv", _flip_digit),
        ("model.yaml", _flip_digit),
        ("generator.safetensors", _flip_bit),
        ("adversary.safetensors", _flip_bit),
        ("voiceprints.safetensors", _flip_bit),
    ],
)
def test_bundle_is_refused_by_name_when_it_was_changed(
    use: Callable[[Path], Any], name: str, change: Callable[[Path], None], small_bundle: Bundle, tmp_path: Path
) -> None:
    save_bundle(small_bundle, tmp_path / "base", "# A card\n")
    use(tmp_path / "base")
    change(tmp_path / "base" / name)
    with pytest.raises(InputError, match=rf"{name} was changed since it was written"):
        use(tmp_path / "base")


@pytest.mark.parametrize(
    ("name", "read"),
    [("trained_on.csv", read_trained_on), ("teachers.json", read_teachers), ("teachers.json", load_bundle)],
)
def test_what_a_bundle_tells_of_its_training_is_refused_by_name_when_it_was_changed(
    name: str, read: Callable[[Path], Any], small_bundle: Bundle, tmp_path: Path
) -> None:
    beside = {"trained_on.csv": "kind|fingerprint\nspelling|0123456789ab\n", "teachers.json": '["ecapa-voxceleb1"]\n'}
    save_bundle(small_bundle, tmp_path / "base", "# A card\n", beside)
    assert read(tmp_path / "base")
    _flip_digit(tmp_path / "base" / name)
    with pytest.raises(InputError, match=rf"{name} was changed since it was written"):
        read(tmp_path / "base")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_flip_bit, "flac was changed since it was written"),
        (lambda path: path.write_bytes(b""), "flac was changed since it was written"),
        (lambda path: path.with_name("checksums.json").unlink(missing_ok=True), "is missing or empty, without the"),
        (lambda path: path.with_name("checksums.json").write_text("{}"), "is missing or empty, without the"),
    ],
)
def test_audio_is_refused_by_name_when_it_was_changed(change: Callable[[Path], Any], told: str, scored: Path) -> None:
    experiment = load_experiment(scored.parent)

    def heard() -> Listening:
        return listening(experiment, experiment.systems, METRICS, 1, 8.0)

    assert heard().sentences[0].players[1].uri is not None
    for path in scored.glob("audio/step=*/test/*.flac"):
        change(path)
    with pytest.raises(InputError, match=rf"{told}.*remove the folder"):
        heard()


def test_voice_is_refused_when_its_cell_or_its_manifest_was_changed(finished_cell: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(finished_cell, tmp_path / "cell")
    load_adapted(copied, torch.device("cpu"))
    _flip_digit(copied / "checksums.json")
    with pytest.raises(InputError, match=r"checksums\.json was changed"):
        load_adapted(copied, torch.device("cpu"))


def test_cell_goes_on_when_it_was_stopped_between_any_two_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write of a cell's files is the last one in turn; the next process accepts what it finds."""
    import runners.results.cell_folder as module

    class Killed(BaseException):
        pass

    write = module.write_atomically
    left = 0

    def dying(path: Path, content: bytes) -> None:
        nonlocal left
        if left == 0:
            path.with_name(f".{path.name}.{'0' * 32}").write_bytes(content[:3])  # what a killed process leaves
            raise Killed
        left -= 1
        write(path, content)

    monkeypatch.setattr(module, "write_atomically", dying)
    for survived in range(8):
        cell = tmp_path / str(survived) / "cell"
        left = survived
        for _ in range(2):
            try:
                folder = CellFolder(cell)
                folder.accept(IDENTITY)
                if not folder.finished:
                    folder.begin(IDENTITY, "seed: 0\n", summary=[])
                    folder.state.touch()
                    folder.finish([], {"merits": {2: 0.5, 10: 0.1}})
            except Killed:
                left = 100
        done = CellFolder(cell)
        done.accept(IDENTITY)
        assert done.finished
        assert sorted(path.name for path in cell.iterdir()) == ["cell.json", "config.yaml"], survived


def test_only_what_cells_write_is_removed_when_a_failed_one_begins_again(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path)
    folder.begin(IDENTITY, "seed: 0\n")
    written = ("scores.csv", "audio/step=00000/test/a.flac", "pictures/step=00000/a.png", "wandb/run-1/files/x")
    theirs = ("notes.txt", "audio/mine.wav", "audio/step=00000/mine.txt", "wandb/settings", "failed/holiday.jpg")
    for name in (*written, *theirs):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    folder.fail(ValueError("a typo"))
    taken = CellFolder(tmp_path)
    taken.accept(Identity({"seed": 1}))
    taken.begin(Identity({"seed": 1}), "seed: 1\n")
    taken.finish([], {})
    assert [name for name in written if (tmp_path / name).exists()] == []
    assert [name for name in theirs if not (tmp_path / name).exists()] == []
