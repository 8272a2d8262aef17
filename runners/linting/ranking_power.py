"""Test sets that are too small to tell strategies apart."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from metrics.statistics.planning import Variances, smallest_detectable_difference
from runners.linting.finding import Finding, Severity
from vits.corpus.clip import Clip
from vits.corpus.split import TEST, TRAIN, VALIDATION

CHECK = "test size"
MOST = 2000  # sentences of one speaker, or speakers; more is no advice
POWER = "8 of 10 times"  # the statistics' default power, in words


@dataclass(frozen=True)
class Planned:
    """What of a split will be scored: speakers, sentences of each on average, words of a sentence (0: unknown).

    `listed` is how many sentences the split has in all. Of each speaker's sentences so many are `unrecorded`.
    """

    split: str
    n_speakers: int
    sentences: float
    words: float
    listed: int
    unrecorded: int = 0

    @property
    def scored(self) -> int:
        """Sentences that are scored, of all speakers together."""
        return round(self.n_speakers * self.sentences)

    @property
    def recorded(self) -> int:
        """Those of them that have a recording."""
        return self.scored - self.n_speakers * self.unrecorded

    def smallest(self, metric: str, variances: Variances) -> float:
        """The smallest difference between two strategies, in the metric's unit, that these sentences would show."""
        return smallest_detectable_difference(
            variances,
            n_speakers=self.n_speakers,
            sentences_per_speaker=self.sentences,
            mean_weight=self.words if metric == "wer" and self.words else None,
        )


def small_tests(
    clips: Sequence[Clip],
    per_speaker: Mapping[str, int],
    variances: Mapping[str, Variances],
    worth_showing: Mapping[str, float],
    texts: Sequence[str] = (),
) -> list[Finding]:
    """Test splits that can't show differences worth showing, by metric, between just two strategies.

    `per_speaker` says of how many sentences of each voice a split is scored (0: all, as where it isn't named).
    `texts` are sentences that nobody recorded, which every voice speaks beside those of the split `test`.
    `variances` are how scores of two strategies differ, known from other experiments.
    """
    splits = dict.fromkeys(str(clip.split) for clip in clips if clip.split not in (TRAIN, VALIDATION))
    findings = []
    for split in splits:
        planned = _planned(split, clips, per_speaker.get(split, 0), texts if split == TEST else ())
        small = [metric for metric in worth_showing if _too_small(planned, metric, variances, worth_showing[metric])]
        if small:
            findings.append(_finding(planned, small, variances, worth_showing))
    return findings


def _planned(split: str, clips: Sequence[Clip], per_speaker: int, texts: Sequence[str]) -> Planned:
    taken: Counter[str] = Counter()
    scored = []
    for clip in clips:
        if clip.split == split:
            taken[clip.speaker] += 1
            if not per_speaker or taken[clip.speaker] <= per_speaker:
                scored.append(clip.text)
    scored += len(taken) * list(texts)
    words = sum(len(text.split()) for text in scored)
    return Planned(split, len(taken), len(scored) / len(taken), words / len(scored), sum(taken.values()), len(texts))


def _too_small(planned: Planned, metric: str, variances: Mapping[str, Variances], worth: float) -> bool:
    return metric in variances and planned.smallest(metric, variances[metric]) > worth


def _finding(
    planned: Planned, small: Sequence[str], variances: Mapping[str, Variances], worth: Mapping[str, float]
) -> Finding:
    words = round(planned.scored * planned.words)
    of_all = f" of {planned.listed}" if planned.listed > planned.recorded else ""
    unrecorded = f" and {planned.scored - planned.recorded} unrecorded ones" if planned.unrecorded else ""
    size = f"{planned.recorded}{of_all} sentences{unrecorded}" + (f", {words} words," if words else "")
    shown = ", ".join(f"{metric.upper()} {planned.smallest(metric, variances[metric]):.2g}" for metric in small)
    return Finding(
        Severity.WARNING,
        CHECK,
        planned.split,
        f"{size} can't rank strategies: the smallest difference that two of them would show {POWER} is {shown}",
        (f"one word is {100 / words:.1f} points of WER, and " if words else "")
        + "a smaller difference is lost in noise",
        "; ".join(_advice(planned, metric, variances[metric], worth[metric]) for metric in small),
    )


def _advice(planned: Planned, metric: str, variances: Variances, worth: float) -> str:
    """How many sentences would do, or else how many speakers."""

    def shows(larger: Planned) -> bool:
        return larger.smallest(metric, variances) <= worth

    goal = f"to show {metric.upper()} {worth:g}"
    sentences = bisect_left(range(MOST), True, lo=2, key=lambda n: shows(replace(planned, sentences=float(n))))
    if sentences < MOST:
        return f"{goal}, score {sentences} sentences of each of {planned.n_speakers} speakers"
    speakers = bisect_left(range(MOST), True, lo=2, key=lambda n: shows(replace(planned, n_speakers=n)))
    few = f"{goal}, no number of sentences of {planned.n_speakers} speakers would do"
    return f"{few}; take {speakers} speakers" if speakers < MOST else f"{few}, and hardly any number of speakers"
