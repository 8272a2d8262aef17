"""The folder of one fault: copies of what it needs, a file of the user's, and a canary that no code may touch."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fault_injection.process import Command, Started

CANARY = "canary"
Rows = list[list[str]]
REPLACED_FREELY = (
    "runs",
    "cache",
    "pretraining",
    "stopped",
    "longer",
    "out",
)  # where commands write; but not what the user put there


@dataclass(frozen=True)
class Material:
    """What faults are made from: a small base, voices, a finished cell, checkpoints, an experiment to report on."""

    folder: Path
    cell_name: str
    grid: tuple[str, ...]
    pretrain: tuple[str, ...]

    def path(self, name: str) -> Path:
        return self.folder / name


@dataclass
class Place:
    """A fresh folder in which a command is typed."""

    folder: Path
    material: Material
    kept: list[Path] = field(default_factory=list)
    other: Started | None = None

    @property
    def canary(self) -> Path:
        """The file that injected code would make."""
        return self.folder.with_name(f"{self.folder.name}.{CANARY}")

    @property
    def cell_path(self) -> Path:
        return self.folder / "runs" / "small" / self.material.cell_name

    def take(self, *names: str) -> Path:
        """Copies of parts of the material; gives the place of the last."""
        for name in names:
            if not (self.folder / name).exists():
                shutil.copytree(self.material.path(name), self.folder / name, symlinks=True)
        return self.folder / names[-1]

    def change_rows(self, change: Callable[[Rows], object]) -> None:
        """Change the voices' table: path, speaker, text, split, and phonemes where there is a fifth column."""
        table = self.take("corpus") / "metadata.csv"
        header, *lines = table.read_text(encoding="utf-8").splitlines()
        rows = [line.split("|") for line in lines]
        change(rows)
        header += "|phonemes" if any(len(row) > len(header.split("|")) for row in rows) else ""
        table.write_text("\n".join([header, *("|".join(row) for row in rows)]) + "\n", encoding="utf-8")

    def keep(self, path: Path, content: bytes = b"mine\n") -> Path:
        """A file of the user's, which has to survive."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.kept.append(path)
        return path

    def grid(self, *more: str, multirun: bool = False, **environment: str) -> Command:
        """The command of the finished cell, and what is changed of it."""
        self.take("base", "corpus", "cache")
        flag = ("-m",) if multirun else ()
        return Command("grid.py", (*flag, *self.material.grid, *more), environment=self._environment(environment))

    def pretrain(self, *more: str, **environment: str) -> Command:
        """A pretraining of a few steps."""
        self.take("corpus", "cache")
        return Command("pretrain.py", (*self.material.pretrain, *more), environment=self._environment(environment))

    def lint(self, *more: str, **environment: str) -> Command:
        """The linter on the small voices."""
        self.take("base", "corpus", "cache")
        given = ("base=bundle", "base.path=base", "data=folder", "data.root=corpus", "whisper_per_speaker=0")
        return Command("lint.py", (*given, *more), environment=self._environment(environment))

    def with_cell(self, script: str, *more: str, stdin: bytes = b"") -> Command:
        """What uses the finished cell's voice."""
        self.take("runs")
        run = f"run=runs/small/{self.material.cell_name}"
        return Command(script, (run, *more), stdin=stdin, environment=self._environment({}))

    def speak(self, *more: str, stdin: bytes = b"") -> Command:
        return self.with_cell("speak.py", "speaker=040", "out=out/said.wav", "device=cpu", *more, stdin=stdin)

    def command(self, script: str, *more: str, **environment: str) -> Command:
        return Command(script, more, environment=self._environment(environment))

    def fingerprints(self) -> dict[Path, str]:
        """The content of all files that a command has no business with."""
        ours = [self.folder / name for name in REPLACED_FREELY]
        theirs = [path for path in self.folder.rglob("*") if not any(path.is_relative_to(own) for own in ours)]
        return {path: _content(path) for path in (*theirs, *self.kept) if path.is_file()}

    def lost(self, before: dict[Path, str]) -> list[str]:
        """What of it isn't there any more, or is another."""
        gone = [path for path, content in before.items() if not path.is_file() or _content(path) != content]
        return [str(path.relative_to(self.folder)) for path in gone]

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        fixed = {"VOICEGRID_CACHE": str(self.folder / "cache"), "HYDRA_FULL_ERROR": "1"}
        if not (self.folder / "cache").exists():
            self.take("cache")
        return fixed | more


def _content(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return type(error).__name__
