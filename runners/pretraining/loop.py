"""The steps of a pretraining, and what there is to do between them."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from tqdm import tqdm

from runners.pretraining.loss_log import SHOWN, LossLog
from runners.pretraining.pretraining_run import Pretraining
from runners.pretraining.validation import Validation
from runners.tracking.tracker import Tracker
from runners.training.devices import any_of_them
from runners.training.material import batches_of
from runners.training.trainer import StepReport, Trainer
from runners.voices.recorded_voices import Voices


class StopSignal:
    """Remembers, within a `with` block, that it was asked to end, so that the step under way is finished and saved."""

    def __init__(self) -> None:
        self.received = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopSignal:
        self._before = {number: signal.signal(number, self._receive) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = True


def train(
    run: Pretraining, trainer: Trainer, voices: Voices, stop: StopSignal, after_step: Callable[[StepReport], None]
) -> bool:
    """Train the steps that are left; returns whether it was asked to end before the last."""
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    utterances = list(voices.train)
    batches = batches_of(voices.train, run.training.batch_size, run.training.sampling, run.seed)
    while trainer.step < run.steps:
        for report in trainer.epoch(utterances, speaker_ids, batches):
            after_step(report)
            if any_of_them(trainer.fabric, stop.received):
                return True
            if trainer.step >= run.steps:
                break
    return False


class Bookkeeper:
    """Logs every step, validates and saves when it is time to."""

    def __init__(self, run: Pretraining, trainer: Trainer, validation: Validation, tracker: Tracker) -> None:
        self.run = run
        self.trainer = trainer
        self.validation = validation
        self.tracker = tracker
        self.log = LossLog(run.losses, run.log_every, trainer.step)
        self.saved_at = time.monotonic()
        self.bar = tqdm(total=run.steps, initial=trainer.step, unit="step", disable=None)
        validation.forget_after(trainer.step)

    def after_step(self, report: StepReport) -> None:
        """What there is to do between two steps."""
        self.bar.update()
        means = self.log.add(report)
        if means:
            self.tracker.log_losses(report.step, means)
            self.bar.set_postfix({name: f"{means[name]:.2f}" for name in SHOWN})
        due = self.trainer.step % self.run.validate_every == 0 and self.trainer.step < self.run.steps
        if due:
            self.validation(self.trainer)
            self.trainer.synthesizer.train()
        if due or time.monotonic() - self.saved_at > 60 * self.run.save_every_minutes:
            self.save()

    def save(self) -> None:
        """Write the state, unless a loss since the last line of the log was no number."""
        self.log.check(self.trainer.step)
        self.trainer.seconds += time.monotonic() - self.saved_at
        self.trainer.save(self.run.state)
        self.saved_at = time.monotonic()
