"""Training with evaluations between the epochs, written down as it goes."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import soundfile
from tqdm import tqdm

from metrics.summary import summarise
from runners.evaluation.evaluation_settings import RETENTION, TEXTS
from runners.evaluation.evaluator import Evaluation, Evaluator, describe
from runners.evaluation.pictures import save_picture
from runners.evaluation.synthesis import Spoken
from runners.results.cell_folder import CellFolder, audio_file
from runners.tracking.tracker import Tracker, result_key
from runners.training.material import Material
from runners.training.trainer import Trainer, check_finite
from strategies.average.average import Averaging
from vits.checkpoint import load_weights, save_weights

SAVE_EVERY_S = 300
SHOWN_PER_SPEAKER = 1  # of the new voices: audio and pictures that go to the tracker at each evaluation


@dataclass(frozen=True)
class Schedule:
    """How many epochs to train, and after how many of them to evaluate; both ends are always evaluated."""

    epochs: int
    eval_every: int

    def is_due(self, epoch: int) -> bool:
        return epoch in (0, self.epochs) or epoch % self.eval_every == 0


@dataclass(frozen=True)
class Result:
    """What the best epoch reached, as rows of the summary, and why it was chosen."""

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
        self.saved_at = time.monotonic()

    @property
    def averaging(self) -> Averaging:
        """Which weights are evaluated and kept."""
        return self.trainer.regime.averaging

    def run(self) -> None:
        """Train the epochs that are left, and evaluate where it is due."""
        if self.folder.state.is_file():
            self.trainer.load(self.folder.state)
            print(f"  resumed at step {self.trainer.step}")
        self._drop_what_will_be_done_again()
        steps = self.schedule.epochs * len(self.batches)
        with tqdm(total=steps, initial=self.trainer.step, unit="step", disable=None) as bar:
            while True:
                epoch = self.trainer.step // len(self.batches)
                bar.set_description(f"epoch {epoch}/{self.schedule.epochs}")
                if self._is_due(epoch):
                    self._evaluate(epoch)
                    self._save()
                if epoch >= self.schedule.epochs:
                    break
                self._train_epoch(epoch, bar)

    def _train_epoch(self, epoch: int, bar: tqdm) -> None:
        sums: dict[str, float] = {}
        n_steps = 0
        for report in self.trainer.epoch(self.material.utterances, self.material.speaker_ids, self.batches):
            numbers = report.numbers()
            check_finite(numbers, report.step)
            self.tracker.log_losses(report.step, numbers)
            sums = {name: sums.get(name, 0.0) + value for name, value in numbers.items()}
            n_steps += 1
            bar.update()
            bar.set_postfix({name: f"{numbers[name]:.2f}" for name in ("mel", "kl", "duration")})
        rows = [(epoch + 1, name, total / n_steps) for name, total in sums.items()]
        self._append("losses", pd.DataFrame(rows, columns=pd.Index(["epoch", "loss", "value"])))
        if time.monotonic() - self.saved_at > SAVE_EVERY_S:
            self._save()

    def _is_due(self, epoch: int) -> bool:
        scores = self.tables["scores"]
        done = not scores.empty and epoch in set(scores["epoch"])
        return self.schedule.is_due(epoch) and not done

    def _evaluate(self, epoch: int) -> None:
        """Speak and score what is due: everything at both ends, between them the validation sentences alone."""
        at_an_end = epoch in (0, self.schedule.epochs)
        if epoch == self.schedule.epochs:
            self.averaging.finish(self.trainer.synthesizer, self.evaluator.merit)
        with self.averaging.applied(self.trainer.synthesizer):
            self._speak(epoch, self.evaluator.splits if at_an_end else self.evaluator.splits_between)

    def _speak(self, epoch: int, splits: Collection[str]) -> None:
        """Score the model as it is now on some splits, and write it down."""
        with tqdm(
            total=self.evaluator.n_utterances(splits),
            desc=f"evaluating epoch {epoch}",
            unit="utterance",
            disable=None,
            leave=False,
        ) as bar:
            self._write_down(self.evaluator.evaluate(self.trainer.synthesizer, epoch, bar.update, splits), epoch)

    def _write_down(self, result: Evaluation, epoch: int) -> None:
        """Keep the audio of a stage, its weights if it is the best so far, and its scores."""
        self.folder.check_lease()
        audio, pictures = self._write_media(result, epoch)
        self.tracker.log_scores(epoch, result.table)
        self.tracker.log_media(epoch, audio, pictures)
        self._add("scores", result.rows)
        if self._chosen_epoch() == epoch:
            save_weights(self.trainer.synthesizer, self.folder.best)
        self._append("transcripts", result.notes)
        self.folder.write_table("scores", self.tables["scores"])  # last: what stands there is done
        tqdm.write(f"  epoch {epoch}: {describe(result.table, self.evaluator.metrics)}")

    def _write_media(self, result: Evaluation, epoch: int) -> tuple[list[Path], list[Path]]:
        """Write all audio; return what the tracker gets: a sentence of each speaker, heard and drawn."""
        shown: list[tuple[Path, Spoken]] = []
        for split, spoken in result.spoken.items():
            seen: dict[str, int] = {}
            for item in spoken:
                path = audio_file(self.folder.path, epoch, split, item.utterance.speaker, item.utterance.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, item.utterance.wave, item.utterance.sample_rate)
                seen[item.utterance.speaker] = seen.get(item.utterance.speaker, 0) + 1
                if split not in (RETENTION, TEXTS) and seen[item.utterance.speaker] <= SHOWN_PER_SPEAKER:
                    shown.append((path, item))
        pictures = []
        for path, item in shown:
            picture = self.folder.path / "pictures" / f"epoch={epoch:03}" / f"{path.stem}.png"
            save_picture(item, self.trainer.analysis, picture)
            pictures.append(picture)
        return [path for path, _ in shown], pictures

    def _add(self, name: str, rows: pd.DataFrame) -> None:
        table = self.tables[name]
        self.tables[name] = rows if table.empty else pd.concat([table, rows], ignore_index=True)

    def _append(self, name: str, rows: pd.DataFrame) -> None:
        self._add(name, rows)
        self.folder.write_table(name, self.tables[name])

    def _drop_what_will_be_done_again(self) -> None:
        """Forget epochs after the one that the saved state belongs to, or all if there is none, and transcripts of
        stages whose scores weren't written any more.
        """
        reached = self.trainer.step // len(self.batches)
        self.tables = {
            name: table if table.empty else table[table["epoch"] <= reached] for name, table in self.tables.items()
        }
        scores, notes = self.tables["scores"], self.tables["transcripts"]
        if not notes.empty:
            scored = set() if scores.empty else set(scores["epoch"])
            self.tables["transcripts"] = notes[notes["epoch"].isin(scored)]

    def _save(self) -> None:
        self.folder.check_lease()
        self.trainer.save(self.folder.state)
        self.saved_at = time.monotonic()

    def _chosen_epoch(self) -> int:
        """The best evaluated epoch on validation sentences; without such, the last that was evaluated."""
        scores = self.tables["scores"]
        best = self.evaluator.settings.selection.best(scores, self.evaluator.metrics)
        return int(scores["epoch"].max()) if best is None else best

    def best(self) -> Result:
        """Go back to the best epoch, score what stands beside the results, and say what it was chosen by."""
        epoch = self._chosen_epoch()
        load_weights(self.trainer.synthesizer, self.folder.best)
        self._speak_the_rest(epoch)
        self.folder.write_table("references", self.evaluator.references(self.trainer.synthesizer, epoch))
        table = summarise(self.tables["scores"], self.evaluator.metrics)
        summary = table[table["epoch"] == epoch]
        self.tracker.summarise({result_key(row.split, row.metric): row.mean for row in summary.itertuples()})
        return Result(summary.to_dict(orient="records"), self._choice(table, epoch))

    def _speak_the_rest(self, epoch: int) -> None:
        """Score the kept stage on what was not yet spoken at it."""
        scores = self.tables["scores"]
        spoken = set(scores.loc[scores["epoch"] == epoch, "split"])
        missing = [split for split in self.evaluator.splits if split not in spoken]
        if missing:
            self._speak(epoch, missing)

    def _choice(self, table: pd.DataFrame, epoch: int) -> dict[str, Any]:
        """Which epoch is kept and why, and what that gained over keeping the last."""
        metrics, selection = self.evaluator.metrics, self.evaluator.settings.selection
        merits = selection.merits(self.tables["scores"], metrics)
        means = table.set_index(["epoch", "split", "metric"])["mean"]
        gain = {
            f"{split}/{metric.name}": float(
                means.loc[(epoch, split, metric.name)] - means.loc[(self.schedule.epochs, split, metric.name)]
            )
            for metric in metrics
            for split in self.evaluator.voices.held_out
        }
        by = f"best by {selection.describe(metrics)}" if merits else "the last: nothing was validated"
        return {"epoch": epoch, "by": by, "merits": merits, "gain": gain}
