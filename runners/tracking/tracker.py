"""The cell's run in Weights & Biases: grouped by strategy, so that strategies compare side by side."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

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
    """Where the run goes. `mode=auto` is online with a login and offline without one."""

    project: str = "voicegrid"
    entity: str | None = None
    mode: str = "auto"
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
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
    """One run, open while used as a context manager. A resumed cell goes on in the same run."""

    def __init__(
        self,
        settings: TrackingSettings,
        *,
        directory: Path,
        run_id: str,
        name: str,
        group: str,
        job_type: str,
        config: Mapping[str, Any],
    ) -> None:
        self.settings = settings
        self.directory = directory
        self.identity: dict[str, Any] = {"id": run_id, "name": name, "group": group, "job_type": job_type}
        self.config = dict(config)
        self.mode = settings.mode

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
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run.finish(exit_code=0 if kind is None else 1)

    @property
    def how_to_sync(self) -> str | None:
        """What to type to upload an offline run; None for other runs."""
        return f"wandb sync {Path(self._run.dir).parent}" if self.mode == "offline" else None

    def log_losses(self, step: int, losses: Mapping[str, float]) -> None:
        """Losses and gradient norms of a training step."""
        self._run.log({STEP: step} | {loss_key(name): value for name, value in losses.items()})

    def log_scores(self, step: int, table: pd.DataFrame) -> None:
        """Means over speakers, and their spread, of one evaluation."""
        values: dict[str, float] = {STEP: step}
        for row in table.itertuples():
            key = score_key(str(row.split), str(row.metric))
            values[key] = float(row.mean)  # pyright: ignore[reportArgumentType]
            values[f"{key}_spread"] = float(row.spread)  # pyright: ignore[reportArgumentType]
        self._run.log(values)

    def log_media(self, step: int, audio: Iterable[Path], pictures: Iterable[Path]) -> None:
        """Some of the audio, and pictures, of one evaluation."""
        media: dict[str, Any] = {STEP: step}
        media |= {audio_key(path): self._wandb.Audio(str(path), caption=path.stem) for path in audio}
        media |= {f"pictures/{path.stem}": self._wandb.Image(str(path)) for path in pictures}
        self._run.log(media)

    def summarise(self, values: Mapping[str, Any]) -> None:
        """What the run found in the end."""
        self._run.summary.update(dict(values))


def _has_login() -> bool:
    """Whether Weights & Biases takes the key that is configured, if one is."""
    import wandb
    from wandb.errors import AuthenticationError

    try:
        return wandb.login(prompt=False)
    except AuthenticationError as error:
        print(f"warning: the login to Weights & Biases is of no use, logging offline ({error})")
        return False
