"""The folder of one cell of the grid: who it is, how far it got, and what it found.

cell.json     identity, status, versions, trainable parameters, the stage that is kept, cost, summary
config.yaml   the configuration in full
split.csv     which clip was used for what
texts.csv     split, speaker, utterance, text: what each evaluated utterance says
scores.csv    step, split, speaker, utterance, metric, value
references.csv  the same for recordings, copy-synthesis and other speakers
race.csv      with racing=true, the base's voices where the cell waited for the others; columns as in scores.csv
losses.csv    step, loss, value
audio/        what was synthesised at each evaluation
model.yaml, generator.safetensors, speakers.csv, ...   the adapted model at the kept step, as a bundle (`vits.bundle`)
state.safetensors, best.safetensors   all that resuming needs, until the cell is finished
kept_state/   with keep=state, what a longer cell goes on from
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import pandas as pd

from runners.results.cell_identity import Identity
from runners.results.lease import Lease, LostLeaseError
from runners.results.locked_environment import lock_of_environment
from runners.results.own_files import remove_own_files
from vits.common.atomic_files import content_key, is_leftover, remove_leftovers, write_atomically
from vits.common.checksums import MANIFEST, check_unchanged, checksums_of, write_manifest
from vits.common.errors import BrokenOffError, InputError, ToldToEndError
from vits.common.names import file_stem
from vits.common.readers import read_json, read_table
from vits.common.shapes import mismatch

RUNNING, FINISHED, FAILED = "running", "finished", "failed"
WAITING, DROPPED = "waiting", "dropped"  # before its end, with a state to go on from
WAITS_AT = "waits_at"  # the step that a cell's state is of, where it waited last
STOPPED = "stopped"  # where a training stopped before its length, and by what
CELL_JSON = "cell.json"
RESTORE = "restore it from a copy, or remove the folder to run the cell again"
CHECKED = (
    *("config.yaml", "split.csv", "lint.csv", "scores.csv", "references.csv", "transcripts.csv", "losses.csv"),
    "texts.csv",
    MANIFEST,
)
"""The files whose checksums a finished cell's record keeps; the manifest has those of the bundle's files."""
FIRST_CHECKED = 4  # the format of cells since which each has checksums
_NAMED = {"step": int, "split": str, "speaker": str, "utterance": str}
_SCORES = {**_NAMED, "metric": str, "value": float}
TABLES: Mapping[str, Mapping[str, type]] = MappingProxyType(
    {
        "scores": _SCORES,
        "references": {"reference": str, **_SCORES},
        "race": _SCORES,
        "transcripts": {**_NAMED, "note": str, "text": str},
        "losses": {"step": int, "loss": str, "value": float},
    }
)
"""The tables of a cell that hold numbers, and the types of their columns."""
VERSIONED = ("voicegrid", "torch", "speechbrain", "openai-whisper", "jiwer", "librosa", "numpy", "wandb")


class FailedBeforeError(BrokenOffError):
    """The cell failed in an earlier try, and isn't to be tried again."""


class CellFolder:
    """Reads and writes a cell's files, each atomically.

    An error that ends a `with` block early is noted as the cell's failure, unless it had its result by then. What stops
    it from outside is none: the same command goes on.
    """

    def __init__(self, path: Path, lease: Lease | None = None) -> None:
        self.path = path
        self.lease = lease
        self.record: dict[str, Any] = _read_record(path / CELL_JSON)

    def __enter__(self) -> CellFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, LostLeaseError | ToldToEndError) or self.finished:
            return
        if isinstance(error, Exception):
            self.fail(error)

    @property
    def finished(self) -> bool:
        """Whether the cell has its result."""
        return self.record.get("status") == FINISHED

    def waits_at(self, step: int) -> bool:
        """Whether the cell waits at a step or beyond, so that nothing is to be done before it."""
        waits = self.record.get("status") in (WAITING, DROPPED) and self.state.is_file()
        return waits and self.record.get(WAITS_AT, -1) >= step

    @property
    def state(self) -> Path:
        """The file that training resumes from."""
        return self.path / "state.safetensors"

    @property
    def best(self) -> Path:
        """The weights of the stage that may be kept."""
        return self.path / "best.safetensors"

    def check_lease(self) -> None:
        """Before a write: look again whether the folder is still this process's to write into.

        Raises:
            LostLeaseError: another process has taken it over.
        """
        if self.lease is not None:
            self.lease.check()

    def accept(self, identity: Identity) -> None:
        """Make sure that what the folder holds, if anything, belongs to this configuration.

        Raises:
            InputError: it belongs to another one, or to nothing known.
        """
        self._check_format(identity)
        if self.finished:
            self._check_same(identity)
            self.check_files()
            self._remove_states()
        elif self.record.get("status") == FAILED and not self.state.is_file():
            self.record = {}  # it broke off before there was anything to keep
        elif self.record:
            self._check_same(identity)
        elif self.path.is_dir() and not all(is_leftover(path) for path in self.path.iterdir()):
            raise InputError(
                f"{self.path} holds files but no {CELL_JSON}, so it is no cell; choose another name=... or "
                "results=..., or remove the folder"
            )

    def check_not_failed(self, identity: Identity) -> None:
        """Make sure that the same configuration didn't fail here before.

        Raises:
            FailedBeforeError: it did.
        """
        if self.record.get("status") == FAILED and self.record.get("identity") == identity.hash:
            raise FailedBeforeError(f"{self.record.get('error')} (in an earlier try; retry=failed tries it again)")

    def _check_format(self, identity: Identity) -> None:
        """A cell that another version of the project wrote is never mixed with this one's."""
        theirs = self.record.get("identity_of", {}).get("format")
        mine = identity.contents.get("format")
        if self.record and theirs != mine:
            raise InputError(
                f"{self.path} was written by another version of this project (format {theirs}, now {mine}); "
                "choose another name=..., or remove the folder"
            )

    def _check_same(self, identity: Identity) -> None:
        if self.record.get("identity") == identity.hash:
            return
        mine = json.loads(json.dumps(identity.contents, default=str))
        theirs = self.record.get("identity_of", {})
        differing = sorted(key for key in mine | theirs if mine.get(key) != theirs.get(key))
        raise InputError(
            f"{self.path} holds the result of another configuration (it differs in {', '.join(differing)}); "
            "choose another name=..., or remove the folder"
        )

    def begin(self, identity: Identity, config_yaml: str, **facts: Any) -> None:
        """Write down who the cell is; until then the folder doesn't exist. The record comes first: what it doesn't
        stand beside is nobody's.
        """
        try:
            if not self.record and self.path.is_dir():
                remove_own_files(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
            remove_leftovers(self.path)
        except OSError as error:
            raise InputError(f"can't write to {self.path} ({error.strerror}); choose another results=...") from None
        self.record.pop(DROPPED, None)
        self.update(
            identity=identity.hash,
            identity_of=identity.contents,
            status=RUNNING,
            started_at=self.record.get("started_at", time.time()),
            versions={"python": platform.python_version()} | {name: version(name) for name in VERSIONED},
            lock=lock_of_environment(),
            error=None,
            **facts,
        )
        write_atomically(self.path / "config.yaml", config_yaml.encode())

    def update(self, **facts: Any) -> None:
        """Change or add facts in cell.json."""
        self.check_lease()
        record = self.record | facts | {"updated_at": time.time()}
        text = json.dumps(record, indent=1, default=str, ensure_ascii=False)
        write_atomically(self.path / CELL_JSON, text.encode())
        self.record = record

    def wait(self, step: int, cost: Mapping[str, Any]) -> None:
        """Note that the cell stopped at a step before its end, and what it took until then."""
        self.update(status=WAITING, cost=dict(cost), **{WAITS_AT: step})

    def drop(self, facts: Mapping[str, Any]) -> None:
        """Note that a waiting cell is trained no further, and why."""
        self.update(status=DROPPED, **{DROPPED: dict(facts)})

    def finish(self, summary: list[dict[str, Any]], chosen: Mapping[str, Any]) -> None:
        """Note the result, which step it is of and what the files hold, and drop what only resuming needed."""
        for spoken in filter(Path.is_dir, self.path.glob("audio/step=*/*")):  # among which the user may keep files
            write_manifest(spoken, [path.name for path in spoken.glob("*.flac")])
        duration_s = time.time() - self.record["started_at"]
        files = checksums_of(self.path, CHECKED)
        facts = {"status": FINISHED, "summary": summary, "chosen": chosen, "duration_s": duration_s, "files": files}
        self.update(**facts, checksum=_record_checksum(self.record | facts))
        self._remove_states()

    def check_files(self) -> None:
        """Check that a finished cell's record and tables are what they were when it was finished.

        Raises:
            InputError: one was changed or is missing.
        """
        if not self.finished or is_without_checksums(self.record):
            return
        if self.record.get("checksum") != _record_checksum(self.record):
            raise InputError(f"{self.path / CELL_JSON} was changed since the cell was finished; {RESTORE}")
        known: Any = self.record.get("files")
        if mismatch(known, dict[str, str]) is not None:
            raise InputError(f"{self.path / CELL_JSON} holds no checksums of files; {RESTORE}")
        check_unchanged(self.path, known, RESTORE)

    def _remove_states(self) -> None:
        """Drop what resuming needed, also where a process ended before it could."""
        try:
            remove_leftovers(self.path)
            self.state.unlink(missing_ok=True)
            self.best.unlink(missing_ok=True)
        except OSError:  # in a folder that may only be read, it harms nobody
            return

    def fail(self, error: Exception) -> None:
        """Write down why the cell broke off."""
        self.update(status=FAILED, error=f"{type(error).__name__}: {error}")

    def table(self, name: str) -> pd.DataFrame:
        """A table written before, or an empty one. What `TABLES` doesn't call a number is text, whatever it looks like.

        Raises:
            InputError: it is damaged.
        """
        path = self.path / f"{name}.csv"
        return read_table(path, TABLES.get(name, {})) if os.path.lexists(path) else pd.DataFrame()

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Replace a table."""
        self.check_lease()
        write_atomically(self.path / f"{name}.csv", table_bytes(table))


def table_bytes(table: pd.DataFrame) -> bytes:
    """What a table's file holds."""
    return table.to_csv(index=False, na_rep="nan", lineterminator="\n").encode()


def is_without_checksums(record: Mapping[str, Any]) -> bool:
    """Whether a cell has no checksums because the version of the project that wrote it knew none."""
    contents = record.get("identity_of")
    theirs = contents.get("format") if isinstance(contents, dict) else None
    return "checksum" not in record and isinstance(theirs, int) and theirs < FIRST_CHECKED


def audio_file(folder: Path, step: int, split: str, speaker: str, utterance: str) -> Path:
    """Where a cell keeps what it spoke; utterances may be named like paths."""
    return folder / "audio" / f"step={step:05}" / split / f"{file_stem(speaker, utterance)}.flac"


def _record_checksum(record: Mapping[str, Any]) -> str:
    """Of all that a finished cell's record says."""
    said = {key: value for key, value in record.items() if key not in ("checksum", "updated_at")}
    as_read = json.loads(json.dumps(said, default=str))  # where all keys are text
    return content_key([json.dumps(as_read, sort_keys=True).encode()])


def _read_record(path: Path) -> dict[str, Any]:
    """What cell.json says; nothing where there is none."""
    return read_json(path, dict[str, Any]) if os.path.lexists(path) else {}
