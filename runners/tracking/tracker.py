"""The cell's run in Weights & Biases: grouped by strategy, so that strategies compare side by side."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from runners.tracking.logged_rows import FILE, LoggedRows, Row
from runners.tracking.offline_runs import OFFLINE, UPLOADED, mark_of
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.registry import register

MODES = ("auto", "online", "offline", "disabled")
ASKED_MODES = ("online", "offline", "disabled", "dryrun")  # by the environment
LONGEST_TAG, LONGEST_PROJECT = 64, 128  # characters that wandb takes
FORBIDDEN = frozenset("/\\#?%:")
STEP = "step"  # what scores and losses are drawn over
TRAINED = "trained_parameters"


def loss_key(name: str) -> str:
    """The name under which a loss, or a gradient norm, of every step is logged."""
    return f"losses/{name}"


def score_key(split: str, metric: str) -> str:
    """The name under which a metric's mean over speakers is logged at each evaluation."""
    return f"scores/{split}/{metric}"


def result_key(split: str, metric: str) -> str:
    """The name under which a run's summary keeps what it reached in the end."""
    return f"{split}/{metric}"


def audio_key(path: Path) -> str:
    """The name under which a synthesised sentence is logged at each evaluation."""
    return f"audio/{path.stem}"


@register("wandb", "settings")
@dataclass(frozen=True)
class TrackingSettings:
    """Where the run goes. `mode=auto` is online with a login and offline without one; `group_by` names what runs of a
    group have in common: an axis, `base`, `seed`, another setting by its dotted name, or a list of such.
    """

    project: str = "voicegrid"
    entity: str | None = None
    mode: str = "auto"
    tags: list[str] = field(default_factory=list)
    group_by: Any = "strategy"  # a name or a list of names

    @property
    def groups(self) -> tuple[str, ...]:
        """The names that `group_by` gives."""
        return (self.group_by,) if isinstance(self.group_by, str) else tuple(self.group_by)

    def __post_init__(self) -> None:
        if not isinstance(self.group_by, str | list) or not all(name and isinstance(name, str) for name in self.groups):
            raise InputError(
                f"wandb.group_by={self.group_by!r} must be a name, or a list of names as [strategy,freeze]"
            )
        if self.mode not in MODES:
            raise InputError(f"wandb.mode={self.mode!r} is unknown; choose one of {', '.join(MODES)}")
        asked = os.environ.get("WANDB_MODE")
        if self.mode == "auto" and asked and asked not in ASKED_MODES:
            raise InputError(f"WANDB_MODE={shown(asked)} is unknown; set it to one of {', '.join(ASKED_MODES)}")
        for name, value in (("project", self.project), ("entity", "x" if self.entity is None else self.entity)):
            if not 1 <= len(value) <= LONGEST_PROJECT or not value.isprintable() or set(value) & FORBIDDEN:
                raise InputError(
                    f"wandb.{name}={shown(value)} is no name there; give up to {LONGEST_PROJECT} characters, none of "
                    f"them {' '.join(sorted(FORBIDDEN))}"
                )
        for tag in self.tags:
            if not 1 <= len(tag) <= LONGEST_TAG or not tag.isprintable():
                raise InputError(f"wandb.tags has {shown(tag)}; a tag has 1 to {LONGEST_TAG} visible characters")


class Tracker:
    """One run, open while used as a context manager.

    A cell that is gone on with goes on in the same run, and each value of each step is in it once: what an earlier
    process gave to the run is not given again, and what was lost with it is.
    """

    def __init__(
        self,
        settings: TrackingSettings,
        *,
        directory: Path,
        run_id: str,
        name: str,
        group: str,
        job_type: str | None,
        config: Mapping[str, Any],
        until: int | None = None,
    ) -> None:
        """`until` is the step behind which all is done anew and may come out otherwise; None: as it did before."""
        self.settings = settings
        self.directory = directory
        self.identity: dict[str, Any] = {"id": run_id, "name": name, "group": group, "job_type": job_type}
        self.config = dict(config)
        self.mode = settings.mode
        self.until = until

    def __enter__(self) -> Tracker:
        os.environ.setdefault("WANDB_SILENT", "true")
        import wandb

        logging.getLogger("wandb").setLevel(logging.ERROR)
        if self.mode == "auto":
            self.mode = os.environ.get("WANDB_MODE") or ("online" if _has_login() else "offline")
        self._run = wandb.init(
            project=self.settings.project,
            entity=self.settings.entity,
            mode=self.mode,  # pyright: ignore[reportArgumentType]
            dir=self.directory,
            tags=self.settings.tags,
            config=self.config,
            resume="allow",
            settings=wandb.Settings(console="off", silent=True),
            **self.identity,
        )
        self._run.define_metric(STEP)
        self._run.define_metric("scores/*", step_metric=STEP)
        self._run.define_metric("losses/*", step_metric=STEP)
        self._wandb = wandb
        if not self._run.disabled:
            self._go_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run.finish(exit_code=0 if kind is None else 1)
        if self._run.disabled:
            return
        if self._run.offline:
            self._mark.unlink(missing_ok=True)
        self._rows.close(self._log_name)

    def _go_on(self) -> None:
        """Give the run again what earlier logs were given and is in none that was or will be uploaded.

        Until it is whole, the log of an offline run is marked as one that `wandb sync` passes over. Of a log that is
        still written it would upload what is there and never the rest, and it uploads nothing at all if any of the logs
        that it is given is of a process that was killed before it wrote the first rows.
        """
        folder = Path(self._run.dir).parent
        self._log_name, self._mark = folder.name, folder / f"run-{self._run.id}.wandb{UPLOADED}"
        self._rows = LoggedRows(folder.parent / FILE, self.until)
        if self._run.offline:
            self._mark.touch()
        lost = {log for log in self._rows.logs if not self._is_uploaded(folder.parent / log)}
        known = self._run.starting_step  # the first that an online run doesn't have; 0 offline
        again = [row for row in self._rows.rows if (row.log in lost if self._run.offline else row.number >= known)]
        self._next = max(self._rows.next_number, known)
        self._rows.begin(self._log_name, again)
        for row in again:
            self._give(row)
        for log in lost:
            if log.startswith(OFFLINE):
                shutil.rmtree(folder.parent / log, ignore_errors=True)

    def _is_uploaded(self, log: Path) -> bool:
        """Whether all that a log of an earlier process was given is, or was, in Weights & Biases."""
        mark = mark_of(log) if log.name.startswith(OFFLINE) else None
        return self._rows.logs[log.name] and (mark is None or mark.exists())

    def log_losses(self, step: int, losses: Mapping[str, float]) -> None:
        """Losses and gradient norms of a training step."""
        self._log(Row(step, {loss_key(name): float(value) for name, value in losses.items()}))

    def log_scores(self, step: int, table: pd.DataFrame) -> None:
        """Means over speakers, and their spread, of one evaluation."""
        values: dict[str, float] = {}
        for row in table.itertuples():
            key = score_key(str(row.split), str(row.metric))
            values[key] = float(row.mean)  # pyright: ignore[reportArgumentType]
            values[f"{key}_spread"] = float(row.spread)  # pyright: ignore[reportArgumentType]
        self._log(Row(step, values))

    def log_media(self, step: int, audio: Iterable[Path], pictures: Iterable[Path]) -> None:
        """Some of the audio, and pictures, of one evaluation; files in the run's directory."""
        sounds = {audio_key(path): self._below(path) for path in audio}
        self._log(Row(step, audio=sounds, pictures={f"pictures/{path.stem}": self._below(path) for path in pictures}))

    def summarise(self, values: Mapping[str, Any]) -> None:
        """What the run found in the end."""
        self._run.summary.update(dict(values))

    def forget(self) -> None:
        """Remove what only going on with the run needs, after its end."""
        if not self._run.disabled:
            self._rows.path.unlink(missing_ok=True)

    def _below(self, path: Path) -> str:
        return str(path.relative_to(self.directory))

    def _log(self, row: Row) -> None:
        """Log what the run wasn't given before."""
        if self._run.disabled:
            return
        row = replace(self._rows.new(row), number=self._next, log=self._log_name)
        if row.names:
            self._rows.add(row)
            self._give(row)
            self._next += 1

    def _give(self, row: Row) -> None:
        """Hand a row to wandb, as the one of its number: an online run passes over a number that it has."""
        given: dict[str, Any] = {STEP: row.step, **row.values}
        for kind, media in ((self._wandb.Audio, row.audio), (self._wandb.Image, row.pictures)):
            paths = {name: self.directory / path for name, path in media.items()}
            given |= {name: kind(str(path), caption=path.stem) for name, path in paths.items() if path.is_file()}
        self._run.log(given, step=row.number, commit=True)


def _has_login() -> bool:
    """Whether Weights & Biases takes the key that is configured, if one is."""
    import wandb
    from wandb.errors import AuthenticationError

    try:
        return wandb.login(prompt=False)
    except AuthenticationError as error:
        print(f"warning: the login to Weights & Biases is of no use, logging offline ({error})")
        return False
