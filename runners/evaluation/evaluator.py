"""Scoring the model at a stage of training, and what stands beside those scores."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from torch.nn.utils.parametrize import cached

from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Metric, Scorer, Utterance
from metrics.reference import cross_cosines, kept_in, kept_scores, score_recordings
from metrics.secs import SpeakerSimilarity
from metrics.summary import mean_and_spread, score_rows, summarise
from runners.evaluation.evaluation_settings import EVERY, RETENTION, TEXTS, EvaluationSettings
from runners.evaluation.judging import Advance, Judging, Panellists, Tables, judge
from runners.evaluation.synthesis import Spoken, copy, speak
from runners.voices.recorded_voices import Voices
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance
from vits.corpus.split import VALIDATION
from vits.synthesizer import Synthesizer

TEXT_COLUMNS = ("split", "speaker", "utterance", "text")


@dataclass(frozen=True)
class Evaluation:
    """Scores of one stage: rows as in scores.csv, the judges' notes, the audio by split, and the means.

    `synthesis_s` is how long it took to speak.
    """

    rows: pd.DataFrame
    notes: pd.DataFrame
    spoken: Mapping[str, list[Spoken]]
    table: pd.DataFrame
    synthesis_s: float

    @property
    def audio_s(self) -> float:
        """How much was spoken."""
        utterances = [item.utterance for items in self.spoken.values() for item in items]
        return sum(len(utterance.wave) / utterance.sample_rate for utterance in utterances)


@dataclass(frozen=True)
class Panel:
    """Sentences of one split, the embedding rows of the voices that speak them, and the metrics that judge them."""

    items: Sequence[PreparedUtterance]
    speaker_ids: Mapping[str, int]
    metrics: Sequence[Metric]

    @property
    def can_be_judged(self) -> bool:
        """Whether some metric has something to say of some sentence."""
        recorded = any(len(item.wave) for item in self.items)
        return any(recorded or not metric.needs_recording for metric in self.metrics)


class Evaluator:
    """Judges that know the voices, ready to score the model again and again.

    `base_panel` are sentences for voices that the model had before, scored by the metrics that can judge them;
    `judging` is who judges what is spoken, this process alone or others with it.
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
        judging: Judging = judge,
    ) -> None:
        self.metrics = metrics
        self.voices = voices
        self.speaker_ids = speaker_ids
        self.judges = judges
        self.settings = settings
        self.seed = seed
        self._judging = judging
        self._known = known
        self._scorers = {metric.name: metric.prepare(known, judges) for metric in metrics}
        panels = {split: Panel(items, speaker_ids, metrics) for split, items in voices.spoken.items()}
        self._panels = {split: panel for split, panel in panels.items() if panel.can_be_judged}
        if base_panel is not None:
            self._panels[RETENTION] = base_panel

    @property
    def splits(self) -> tuple[str, ...]:
        """What can be spoken: the new voices' splits, and that of the base's voices."""
        return tuple(self._panels)

    @property
    def splits_between(self) -> tuple[str, ...]:
        """What is spoken at the evaluations after the first one; all, if nothing is validated."""
        all_of_them = self.settings.test_at == EVERY or VALIDATION not in self._panels
        return self.splits if all_of_them else (VALIDATION,)

    @property
    def splits_before(self) -> tuple[str, ...]:
        """What is spoken before training: texts that nobody recorded are many, and wait for what training makes."""
        all_of_them = self.settings.test_at == EVERY
        return tuple(split for split in self.splits if all_of_them or split != TEXTS) or self.splits

    @property
    def texts(self) -> pd.DataFrame:
        """What each utterance says: columns `split, speaker, utterance, text`."""
        rows = [
            (split, item.clip.speaker, item.clip.name, item.clip.text)
            for split, panel in self._panels.items()
            for item in panel.items
        ]
        return pd.DataFrame(rows, columns=pd.Index(TEXT_COLUMNS))

    def is_judged(self, split: str, metric: str) -> bool:
        """Whether a metric has something to say of a split."""
        return split in self._panels and metric in {judge.name for judge in self._panels[split].metrics}

    def n_utterances(self, splits: Collection[str]) -> int:
        """How many utterances an evaluation of these splits speaks."""
        return sum(len(self._panels[split].items) for split in splits)

    def evaluate(
        self,
        synthesizer: Synthesizer,
        step: int,
        advance: Advance,
        splits: Collection[str] | None = None,
        only: Collection[str] | None = None,
    ) -> Evaluation:
        """Speak and score the sentences of some splits, or of all; `advance` is told how many are done.

        `only` are the metrics that are asked, all by default.
        """
        panels = {split: panel for split, panel in self._panels.items() if splits is None or split in splits}
        began = time.perf_counter()
        spoken = {split: self._speak(synthesizer, panel) for split, panel in panels.items()}
        synthesis_s = time.perf_counter() - began
        scored = [
            self._score([s.utterance for s in spoken[split]], _of(panel.metrics, only), step, split, advance)
            for split, panel in panels.items()
        ]
        rows = pd.concat([rows for rows, _ in scored], ignore_index=True)
        notes = pd.concat([notes for _, notes in scored], ignore_index=True)
        return Evaluation(rows, notes, spoken, summarise(rows, self.metrics), synthesis_s)

    def judge_with_others(self, utterances: Sequence[Utterance], names: Collection[str], step: int, split: str) -> None:
        """Take part where other processes have these utterances judged by the metrics of these names, too."""
        self._score(utterances, _of(self.metrics, names), step, split, lambda _: None)

    def merit(self, synthesizer: Synthesizer) -> float:
        """How good the model is on validation sentences, by the same measure that chooses the best stage.

        Raises:
            InputError: there are none.
        """
        panel = self._panels.get(VALIDATION)
        if panel is None:
            raise InputError(
                "this average=... needs validation sentences; set evaluation.utterances_per_speaker.validation=3"
            )
        spoken = [s.utterance for s in self._speak(synthesizer, panel)]
        rows, _ = self._score(spoken, panel.metrics, 0, VALIDATION, lambda _: None)
        return self.settings.selection.merits(rows, self.metrics)[0]

    def _speak(self, synthesizer: Synthesizer, panel: Panel) -> list[Spoken]:
        with cached():  # normed weights are the same for all sentences
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

    def references(self, synthesizer: Synthesizer, step: int) -> pd.DataFrame:
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
            rows, _ = self._score(copies, self.metrics, step, split, lambda _: None)
            frames.append(rows.assign(reference="copy_synthesis"))
        table = pd.concat(frames, ignore_index=True)
        return table[["reference", *(column for column in table if column != "reference")]]

    def _score(
        self, utterances: Sequence[Utterance], metrics: Sequence[Metric], step: int, split: str, advance: Advance
    ) -> Tables:
        scorers = {metric.name: self._scorer(metric, before_training=step == 0) for metric in metrics}
        return self._judging(Panellists(metrics, scorers), utterances, step, split, advance)

    def _scorer(self, metric: Metric, *, before_training: bool) -> Scorer:
        """Before training, cells that start alike speak alike: what is heard then is kept for the others."""
        scorer, folder = self._scorers[metric.name], self.judges.cache_dir / "untrained"
        if not before_training:
            return scorer
        return lambda utterances: kept_scores(kept_in(folder, metric, utterances, self._known), utterances, scorer)

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
                "step": 0,
                "split": split,
                "speaker": others["voice"],
                "utterance": "",
                "metric": metric.name,
                "value": others["cosine"],
            }
        )


def _of(metrics: Sequence[Metric], names: Collection[str] | None) -> list[Metric]:
    return [metric for metric in metrics if names is None or metric.name in names]


def describe(table: pd.DataFrame, metrics: Sequence[Metric]) -> str:
    """The means over speakers, in one line."""
    names = [metric.name for metric in metrics]
    rows = table[table["metric"].isin(names)].to_dict("records")
    return ", ".join(
        f"{row['split']} {row['metric'].upper()} {mean_and_spread(row['mean'], row['spread'])}" for row in rows
    )
