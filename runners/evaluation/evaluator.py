"""Scoring the model at a stage of training, and what stands beside those scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Metric, Utterance
from metrics.reference import cross_cosines, score_recordings
from metrics.secs import SpeakerSimilarity
from metrics.summary import score_rows, summarise
from runners.evaluation.selection import Selection
from runners.evaluation.synthesis import Spoken, copy, speak
from runners.voices.recorded_voices import Voices
from vits.common.bounds import check_fields
from vits.common.errors import InputError
from vits.common.quantities import BatchSize, LengthScale, NoiseScale, Number, Weight
from vits.common.registry import register
from vits.corpus.features import PreparedUtterance
from vits.corpus.split import VALIDATION
from vits.synthesizer import Synthesizer

JUDGED_TOGETHER = 16
RETENTION = "retention"  # the split of the base voices' rows
NOTE_COLUMNS = ("epoch", "split", "speaker", "utterance", "note", "text")

Advance = Callable[[int], object]


@register("evaluation", "settings")
@dataclass(frozen=True)
class EvaluationSettings:
    """What is synthesised and scored at each evaluation.

    `utterances_per_speaker` says for each split how many sentences of each voice are spoken (0: all).
    `choose_by` weighs the metrics by whose validation scores the best stage is chosen (see `Selection`).
    `retention_utterances` are spoken by as many base speakers, to see what adaptation does to the voices that
    the model had. `noise_scale` is the spread of the latent around its mean, `length_scale` stretches time.
    """

    utterances_per_speaker: dict[str, Number] = field(default_factory=dict)
    choose_by: dict[str, Weight] = field(default_factory=lambda: {"wer": 1.0, "secs": 1.0})
    retention_utterances: Number = 8
    noise_scale: NoiseScale = 0.667
    length_scale: LengthScale = 1.0
    batch_size: BatchSize = 16

    def __post_init__(self) -> None:
        if not self.utterances_per_speaker:
            raise InputError("evaluation.utterances_per_speaker names no split; give one, such as {test: 8}")
        check_fields(self, "evaluation")
        if RETENTION in self.utterances_per_speaker and self.retention_utterances:
            raise InputError(
                f"evaluation.utterances_per_speaker names a split {RETENTION!r}, which is what the base voices' scores "
                "are called; rename it, or set evaluation.retention_utterances=0"
            )
        Selection(self.choose_by)

    @property
    def selection(self) -> Selection:
        """How the best stage is chosen."""
        return Selection(self.choose_by)


@dataclass(frozen=True)
class Evaluation:
    """Scores of one stage: rows as in scores.csv, the judges' notes, the audio by split, and the means."""

    rows: pd.DataFrame
    notes: pd.DataFrame
    spoken: Mapping[str, list[Spoken]]
    table: pd.DataFrame


@dataclass(frozen=True)
class Panel:
    """Sentences of one split, the embedding rows of the voices that speak them, and the metrics that judge them."""

    items: Sequence[PreparedUtterance]
    speaker_ids: Mapping[str, int]
    metrics: Sequence[Metric]


class Evaluator:
    """Judges that know the voices, ready to score the model again and again.

    `base_panel` are sentences for voices that the model had before, scored by the metrics that can judge them.
    """

    def __init__(
        self,
        metrics: Sequence[Metric],
        voices: Voices,
        known: KnownVoices,
        judges: Judges,
        settings: EvaluationSettings,
        seed: int,
        *,
        speaker_ids: Mapping[str, int],
        base_panel: Panel | None = None,
    ) -> None:
        self.metrics = metrics
        self.voices = voices
        self.speaker_ids = speaker_ids
        self.judges = judges
        self.settings = settings
        self.seed = seed
        self._known = known
        self._scorers = {metric.name: metric.prepare(known, judges) for metric in metrics}
        self._panels = {split: Panel(items, speaker_ids, metrics) for split, items in voices.held_out.items()}
        if base_panel is not None:
            self._panels[RETENTION] = base_panel

    @property
    def n_utterances(self) -> int:
        """How many utterances an evaluation speaks."""
        return sum(len(panel.items) for panel in self._panels.values())

    def evaluate(self, synthesizer: Synthesizer, epoch: int, advance: Advance) -> Evaluation:
        """Speak and score all held-out sentences; `advance` is told how many are done."""
        spoken = {split: self._speak(synthesizer, panel) for split, panel in self._panels.items()}
        scored = [
            self._score([s.utterance for s in spoken[split]], panel.metrics, epoch, split, advance)
            for split, panel in self._panels.items()
        ]
        rows = pd.concat([rows for rows, _ in scored], ignore_index=True)
        notes = pd.concat([notes for _, notes in scored], ignore_index=True)
        return Evaluation(rows, notes, spoken, summarise(rows, self.metrics))

    def merit(self, synthesizer: Synthesizer) -> float:
        """How good the model is on validation sentences, by the same measure that chooses the best stage."""
        panel = self._panels[VALIDATION]
        spoken = [s.utterance for s in self._speak(synthesizer, panel)]
        rows, _ = self._score(spoken, panel.metrics, 0, VALIDATION, lambda _: None)
        return self.settings.selection.merits(rows, self.metrics)[0]

    def _speak(self, synthesizer: Synthesizer, panel: Panel) -> list[Spoken]:
        return list(
            speak(
                synthesizer,
                panel.items,
                panel.speaker_ids,
                self.voices.sample_rate,
                batch_size=self.settings.batch_size,
                noise_scale=self.settings.noise_scale,
                length_scale=self.settings.length_scale,
                seed=self.seed,
            )
        )

    def references(self, synthesizer: Synthesizer, epoch: int) -> pd.DataFrame:
        """The recordings' own scores, those of copy-synthesis, and the similarity of other speakers.

        Columns as in scores.csv, and `reference` in front.
        """
        frames = []
        for split, items in self.voices.held_out.items():
            recordings = self.voices.recordings(items)
            frames.append(self._recordings(recordings, split).assign(reference="recording"))
            frames += [
                self._floor(metric, recordings, split).assign(reference="other_speakers")
                for metric in self.metrics
                if isinstance(metric, SpeakerSimilarity)
            ]
            copies = list(
                copy(
                    synthesizer,
                    items,
                    self.speaker_ids,
                    self.voices.sample_rate,
                    batch_size=self.settings.batch_size,
                )
            )
            rows, _ = self._score(copies, self.metrics, epoch, split, lambda _: None)
            frames.append(rows.assign(reference="copy_synthesis"))
        table = pd.concat(frames, ignore_index=True)
        return table[["reference", *(column for column in table if column != "reference")]]

    def _score(
        self, utterances: list[Utterance], metrics: Sequence[Metric], epoch: int, split: str, advance: Advance
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Rows of scores, and rows of what the judges noted (the transcripts)."""
        rows, notes = [], []
        for start in range(0, len(utterances), JUDGED_TOGETHER):
            group = utterances[start : start + JUDGED_TOGETHER]
            for metric in metrics:
                scores = self._scorers[metric.name](group)
                rows.append(score_rows(group, scores, epoch, split))
                notes += [
                    (epoch, split, utterance.speaker, utterance.name, note, text)
                    for utterance, score in zip(group, scores, strict=True)
                    for note, text in score.notes.items()
                ]
            advance(len(group))
        return pd.concat(rows, ignore_index=True), pd.DataFrame(notes, columns=pd.Index(NOTE_COLUMNS))

    def _recordings(self, recordings: list[Utterance], split: str) -> pd.DataFrame:
        return pd.concat(
            [
                score_rows(recordings, score_recordings(metric, recordings, self._known, self.judges), 0, split)
                for metric in self.metrics
            ],
            ignore_index=True,
        )

    def _floor(self, metric: SpeakerSimilarity, recordings: list[Utterance], split: str) -> pd.DataFrame:
        """How similar the recordings of all other speakers are to each voice: what a wrong voice reaches."""
        means = metric.means(self._known.enrolment, self.judges)
        by_speaker = {
            speaker: metric.voiceprints([r for r in recordings if r.speaker == speaker], self.judges)
            for speaker in sorted({recording.speaker for recording in recordings})
        }
        cosines = cross_cosines(means, by_speaker)
        others = cosines[cosines["voice"] != cosines["speaker"]].groupby("voice", as_index=False)["cosine"].mean()
        return pd.DataFrame(
            {
                "epoch": 0,
                "split": split,
                "speaker": others["voice"],
                "utterance": "",
                "metric": metric.name,
                "value": others["cosine"],
            }
        )


def describe(table: pd.DataFrame, metrics: Sequence[Metric]) -> str:
    """The means over speakers, in one line."""
    names = [metric.name for metric in metrics]
    rows = table[table["metric"].isin(names)]
    return ", ".join(
        f"{row.split} {str(row.metric).upper()} {row.mean:.3f} ± {row.spread:.3f}" for row in rows.itertuples()
    )
