"""Training with evaluations in between, written down as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from metrics.summary import summarise
from runners.evaluation.evaluation_settings import RETENTION, TEXTS
from runners.evaluation.evaluator import Evaluation, Evaluator, describe
from runners.evaluation.pictures import save_picture
from runners.evaluation.selection import Kept
from runners.evaluation.synthesis import Spoken
from runners.results.cell_folder import CellFolder, audio_file
from runners.results.noted_tables import as_noted, note_of
from runners.tracking.tracker import Tracker, result_key
from runners.training.devices import any_of_them
from runners.training.end_signal import EndSignal
from runners.training.following import Stretch, tell
from runners.training.loss_sums import LossSums
from runners.training.material import Material
from runners.training.schedule import Schedule
from runners.training.trainer import Trainer, check_finite
from strategies.average.average import Averaging
from vits.checked_tensors import load_checked, save_checked
from vits.checkpoint import load_strict
from vits.corpus.audio import write_audio
from vits.corpus.split import VALIDATION

SAVE_EVERY_S = 300
SHOWN_PER_SPEAKER = 1  # of the new voices: audio and pictures that go to the tracker at each evaluation


@dataclass(frozen=True)
class Result:
    """What the best step reached, as rows of the summary, and why it was chosen."""

    summary: list[dict[str, Any]]
    chosen: Mapping[str, Any]


class Fit:
    """A training run of a cell: it trains, evaluates, writes and logs, and can be resumed."""

    def __init__(
        self,
        folder: CellFolder,
        trainer: Trainer,
        material: Material,
        evaluator: Evaluator,
        tracker: Tracker,
        schedule: Schedule,
    ) -> None:
        self.folder = folder
        self.trainer = trainer
        self.evaluator = evaluator
        self.material = material
        self.tracker = tracker
        self.schedule = schedule
        self.batches = material.batches
        self.tables = {name: folder.table(name) for name in ("scores", "transcripts", "losses")}
        self.saved_at, self.saved_step = time.monotonic(), trainer.step
        self.sums = LossSums(trainer.step)
        self.end_signal = EndSignal()

    @property
    def averaging(self) -> Averaging:
        """Which weights are evaluated and kept."""
        return self.trainer.regime.averaging

    @property
    def ended(self) -> bool:
        """Whether the last step is done."""
        return self.trainer.step >= self.schedule.steps or self.is_stopped

    @property
    def is_stopped(self) -> bool:
        """Whether validation says before the end that training on is of no use."""
        stop = self.trainer.regime.stop
        return stop.asks_validation and self.trainer.step < self.schedule.steps and stop.is_over(self._merits())

    def run(self, keep: Callable[[CellFolder], None] | None = None, until: int | None = None) -> None:
        """Train the steps that are left, or until the evaluation at a step, and evaluate where it is due.

        `keep` is called with the folder as it is after the last step and before the evaluation there.

        Raises:
            ToldToEndError: the process was told to end; what was trained is saved.
        """
        self._resume()
        with self.end_signal:
            self._run(self.schedule.steps if until is None else until, keep)

    def _run(self, end: int, keep: Callable[[CellFolder], None] | None) -> None:
        with tqdm(total=self.schedule.steps, initial=self.trainer.step, unit="step", disable=None) as bar:
            while True:
                if self._is_due(self.trainer.step):
                    if keep is not None and self.trainer.step == self.schedule.steps:
                        self._write_all()
                        keep(self.folder)
                    if self.trainer.step > self.saved_step:
                        self._save()  # whatever ends the process while it speaks and judges
                    with self.trainer.cost.of_evaluation():
                        self._evaluate(self.trainer.step)
                    self._save()
                if self.trainer.step >= end or self.is_stopped:
                    break
                self._train_until(self.schedule.next_stop(self.trainer.step), bar)

    def _train_until(self, stop: int, bar: tqdm) -> None:
        """Train to a step of the same epoch, and write down what the losses were on the way."""
        bar.set_description(f"epoch {self.trainer.step // len(self.batches)}")
        data = (self.material.utterances, self.material.speaker_ids, self.batches)
        tell(self.trainer.fabric, Stretch(self.trainer.step, stop))
        with self.trainer.cost.of_training():
            for report in self.trainer.epoch(*data, until=stop):
                numbers = report.numbers()
                check_finite(numbers, report.step)
                self.tracker.log_losses(report.step, numbers)
                self.sums.add(numbers)
                bar.update()
                bar.set_postfix({name: f"{numbers[name]:.2f}" for name in ("mel", "kl", "duration")})
                if any_of_them(self.trainer.fabric, self.end_signal.received is not None):
                    break
        if self.trainer.step < stop:
            self._write_all()
            self.end_signal.check()
            return
        self._append("losses", self.sums.means(stop))
        self.sums = LossSums(stop)
        if time.monotonic() - self.saved_at > SAVE_EVERY_S:
            self._save()

    def _is_due(self, step: int) -> bool:
        scores = self.tables["scores"]
        done = not scores.empty and step in set(scores["step"])
        return step in self.schedule.evaluations and not done

    def _evaluate(self, step: int) -> None:
        """Speak and score what is due: what chooses the stage that is kept, and before training what it moves."""
        if step == self.schedule.steps:
            self.averaging.finish(self.trainer.synthesizer, self.evaluator.merit)
        with self.averaging.applied(self.trainer.synthesizer):
            self._speak(step, self.evaluator.splits_between if step else self.evaluator.splits_before)

    def _speak(self, step: int, splits: Collection[str]) -> None:
        """Score the model as it is now on some splits, and write it down."""
        with tqdm(
            total=self.evaluator.n_utterances(splits),
            desc=f"evaluating step {step}",
            unit="utterance",
            disable=None,
            leave=False,
        ) as bar:

            def advance(done: int) -> None:
                bar.update(done)
                self.end_signal.check()

            self._write_down(self.evaluator.evaluate(self.trainer.synthesizer, step, advance, splits), step)

    def speak_beside(self, split: str, metric: str, table: str) -> None:
        """Score the model as it is now on a split that isn't due, by one metric, in a table of its own."""
        step, rows = self.trainer.step, self.folder.table(table)
        if not self.evaluator.is_judged(split, metric) or (len(rows) and step in set(rows["step"])):
            return
        with self.trainer.cost.of_evaluation(), self.averaging.applied(self.trainer.synthesizer):
            found = self.evaluator.evaluate(self.trainer.synthesizer, step, lambda _: None, [split], [metric])
        self.folder.write_table(table, pd.concat([rows, found.rows], ignore_index=True) if len(rows) else found.rows)
        self._save()

    def _write_down(self, result: Evaluation, step: int) -> None:
        """Keep the audio of a stage, its weights if they may be those that are kept, and its scores."""
        self.folder.check_lease()
        self.trainer.cost.note_speech(result.synthesis_s, result.audio_s)
        audio, pictures = self._write_media(result, step)
        self.tracker.log_scores(step, result.table)
        self.tracker.log_media(step, audio, pictures)
        self._add("scores", result.rows)
        if self._chosen_step() == step:
            self.folder.check_lease()
            save_checked(self.trainer.synthesizer.state_dict(), self.folder.best)
        self._append("transcripts", result.notes)
        self.folder.write_table("scores", self.tables["scores"])  # last: what stands there is done
        tqdm.write(f"  step {step}: {describe(result.table, self.evaluator.metrics)}")

    def _write_media(self, result: Evaluation, step: int) -> tuple[list[Path], list[Path]]:
        """Write all audio; return what the tracker gets: a sentence of each speaker, heard and, of tests, drawn."""
        shown: list[tuple[str, Path, Spoken]] = []
        for split, spoken in result.spoken.items():
            seen: dict[str, int] = {}
            for item in spoken:
                path = audio_file(self.folder.path, step, split, item.utterance.speaker, item.utterance.name)
                write_audio(path, item.utterance.wave, item.utterance.sample_rate)
                seen[item.utterance.speaker] = seen.get(item.utterance.speaker, 0) + 1
                if split not in (RETENTION, TEXTS) and seen[item.utterance.speaker] <= SHOWN_PER_SPEAKER:
                    shown.append((split, path, item))
        drawn = [(path, item) for split, path, item in shown if split != VALIDATION]  # what is kept is tested, too
        return [path for _, path, _ in shown], [self._draw(item, step, path.stem) for path, item in drawn]

    def _draw(self, item: Spoken, step: int, name: str) -> Path:
        picture = self.folder.path / "pictures" / f"step={step:05}" / f"{name}.png"
        save_picture(item, self.trainer.analysis, picture)
        return picture

    def _add(self, name: str, rows: pd.DataFrame) -> None:
        table = self.tables[name]
        self.tables[name] = rows if table.empty else pd.concat([table, rows], ignore_index=True)

    def _append(self, name: str, rows: pd.DataFrame) -> None:
        self._add(name, rows)
        self.folder.write_table(name, self.tables[name])

    def _resume(self) -> None:
        """Go on from the saved state, with the rows that it was saved beside; what came later will be done again.

        Without a state all is: the best weights may be of any step then.
        """
        if not self.folder.state.is_file():
            self.tables = {name: table.iloc[:0] for name, table in self.tables.items()}
            return
        noted = self.trainer.load(self.folder.state)
        self.tables = as_noted(self.tables, noted, self.folder.path)
        self.sums, self.saved_step = LossSums.noted(noted, self.trainer.step), self.trainer.step
        print(f"  resumed at step {self.trainer.step}")

    def _write_all(self) -> None:
        """Write the state, and the tables without what other states left in them."""
        for name, table in self.tables.items():
            if not table.empty:
                self.folder.write_table(name, table)
        self._save()

    def _save(self) -> None:
        self.folder.check_lease()
        self.trainer.save(self.folder.state, {**note_of(self.tables), **self.sums.note})
        self.saved_at, self.saved_step = time.monotonic(), self.trainer.step

    def _chosen_step(self) -> int:
        """At the end the step that is kept, and before it the one that the last will be compared with."""
        scores = self.tables["scores"]
        reached = int(scores["step"].max())
        if reached == self.schedule.steps or self.is_stopped:
            return self._kept().step
        best = self.evaluator.settings.selection.best(scores, self.evaluator.metrics)
        return reached if best is None else best

    def _merits(self) -> dict[int, float]:
        return self.evaluator.settings.selection.merits(self.tables["scores"], self.evaluator.metrics)

    def _kept(self) -> Kept:
        return self.evaluator.settings.selection.kept(
            self.tables["scores"], self.evaluator.texts, self.evaluator.metrics
        )

    def best(self) -> Result:
        """Go back to the best step, score what stands beside the results, and say what it was chosen by."""
        kept = self._kept()
        best = load_checked(self.folder.best)
        load_strict(self.trainer.synthesizer, best, source=str(self.folder.best))
        self._speak_the_rest(kept.step)
        self.folder.write_table("references", self.evaluator.references(self.trainer.synthesizer, kept.step))
        table = summarise(self.tables["scores"], self.evaluator.metrics)
        summary = table[table["step"] == kept.step]
        self.tracker.summarise({result_key(row.split, row.metric): row.mean for row in summary.itertuples()})
        return Result(summary.to_dict(orient="records"), self._choice(table, kept))

    def _speak_the_rest(self, step: int) -> None:
        """Score the kept stage on what was not yet spoken at it."""
        scores = self.tables["scores"]
        spoken = set(scores.loc[scores["step"] == step, "split"])
        missing = [split for split in self.evaluator.splits if split not in spoken]
        if missing:
            with self.trainer.cost.of_evaluation():
                self._speak(step, missing)

    def _choice(self, table: pd.DataFrame, kept: Kept) -> dict[str, Any]:
        """Which step is kept and why, and what that gained over the last on what was spoken at both."""
        metrics = self.evaluator.metrics
        means = table.set_index(["step", "split", "metric"])["mean"].to_dict()
        last = int(self.tables["scores"]["step"].max())
        gain = {
            f"{split}/{metric.name}": float(means[kept.step, split, metric.name] - at_last)
            for metric in metrics
            for split in self.evaluator.voices.held_out
            if (at_last := means.get((last, split, metric.name))) is not None
        }
        return {**kept.record, "merits": self._merits(), "gain": gain}
