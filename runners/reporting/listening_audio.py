"""The same sentences as every system speaks them, and as they were recorded, small enough to lie in the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import soundfile
import soxr
from jaxtyping import Float32

from metrics.metric import Metric
from runners.reporting.cell_result import CellResult
from runners.reporting.naming import title
from runners.reporting.numbers import decimals_for, plain
from runners.reporting.results import Experiment, System
from runners.results.cell_folder import RESTORE, audio_file, is_without_checksums
from vits.common.checksums import check_all_listed, check_listed
from vits.common.errors import InputError
from vits.corpus.audio import own_rate, read_audio
from vits.corpus.roots import resolve_folder
from vits.corpus.split import TEST

OPUS_RATES = (8_000, 12_000, 16_000, 24_000)  # Hz; Opus also takes 48,000, which speech doesn't need
BLOCK_S = 5.0  # written at a time: libsndfile's Ogg encoders recurse over what they are given at once
BYTES_PER_MB = 1_000_000
RECORDING = "recording"
UTTERANCE_OF_A_CELL = ("system", "seed", "speaker", "utterance")

Scores = Mapping[tuple[str, int, str, str], Mapping[str, float]]
"""Values by metric, of each utterance of a cell."""


@dataclass(frozen=True)
class Player:
    """One sound: who speaks, the sound as a data URI (None where there is none), and what was heard and scored.

    `scores` are for reading, such as `WER 0.143`.
    """

    label: str
    uri: str | None
    duration_s: float
    heard: str
    scores: tuple[str, ...]

    @property
    def n_bytes(self) -> int:
        return len(self.uri or "")


@dataclass(frozen=True)
class Sentence:
    """One test sentence: the recording first, then every system."""

    speaker: str
    utterance: str
    text: str
    players: tuple[Player, ...]

    @property
    def n_bytes(self) -> int:
        return sum(player.n_bytes for player in self.players)


@dataclass(frozen=True)
class Listening:
    """The sentences that can be listened to, and full sentences about what is missing and why."""

    sentences: tuple[Sentence, ...]
    remarks: tuple[str, ...]


def listening(
    experiment: Experiment, order: Sequence[System], metrics: Sequence[Metric], sentences: int, audio_mb: float
) -> Listening:
    """The players of some sentences, with the systems in the given order, the first seed of each.

    What is written below each are its scores by `metrics`.

    The sentences are not chosen by how they sound: see `choose`. None is begun that wouldn't fit into `audio_mb`
    together with those before it.
    """
    chosen = choose(experiment, sentences)
    recordings = _recordings(order[0].cells[0]) if order else {}
    scores = _by_utterance(experiment.final, chosen), _by_utterance(_of_recordings(experiment), chosen)
    shown: list[Sentence] = []
    n_bytes = 0
    for speaker, utterance in chosen:
        sentence = _sentence(order, metrics, recordings, scores, speaker, utterance)
        n_bytes += sentence.n_bytes
        if n_bytes > audio_mb * BYTES_PER_MB:
            break
        shown.append(sentence)
    return Listening(tuple(shown), tuple(_remarks(shown, len(chosen), audio_mb, recordings)))


def choose(experiment: Experiment, count: int) -> list[tuple[str, str]]:
    """Speaker and utterance of so many test sentences: the voices in turn, each with its next sentence by name.

    The first voice begins with its first sentence, the second with its second and so on, so that voices that
    read the same sentences are heard with different ones.
    """
    rows = experiment.final[experiment.final["split"] == TEST]
    names = {str(speaker): sorted(set(group["utterance"])) for speaker, group in rows.groupby("speaker", sort=True)}
    turns: list[tuple[str, str]] = []
    for turn in range(max(map(len, names.values()), default=0)):
        for place, (speaker, utterances) in enumerate(names.items()):
            if turn < len(utterances):
                turns.append((speaker, utterances[(turn + place) % len(utterances)]))
    return turns[:count]


def encode(wave: Float32[np.ndarray, "samples"], sample_rate: int) -> str:
    """A sound as a data URI in Ogg Opus, at most 24 kHz: about 3 kB a second."""
    rate = next((rate for rate in OPUS_RATES if rate >= sample_rate), OPUS_RATES[-1])
    if rate != sample_rate:
        wave = soxr.resample(wave, sample_rate, rate)
    buffer = io.BytesIO()
    block = int(BLOCK_S * rate)
    with soundfile.SoundFile(buffer, "w", rate, 1, subtype="OPUS", format="OGG") as file:
        for start in range(0, len(wave), block):
            file.write(wave[start : start + block])
    return f"data:audio/ogg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _sentence(
    order: Sequence[System],
    metrics: Sequence[Metric],
    recordings: Mapping[tuple[str, str], tuple[Path | None, str]],
    scores: tuple[Scores, Scores],
    speaker: str,
    utterance: str,
) -> Sentence:
    """`scores` are what is spoken, and the recordings."""
    path, text = recordings.get((speaker, utterance), (None, ""))
    of_spoken, of_recordings = scores
    first = order[0].label, order[0].seeds[0], speaker, utterance
    recording = _player("the recording", path, "", _told(of_recordings.get(first, {}), metrics))
    spoken = [
        _player(
            system.label,
            _spoken_by(system.cells[0], speaker, utterance),
            system.cells[0].transcripts.get((speaker, utterance), ""),
            _told(of_spoken.get((system.label, system.seeds[0], speaker, utterance), {}), metrics),
        )
        for system in order
    ]
    return Sentence(speaker, utterance, text, (recording, *spoken))


def _spoken_by(cell: CellResult, speaker: str, utterance: str) -> Path:
    """Where the cell keeps a test sentence, if it is there; as it was written.

    Raises:
        InputError: it was changed, or has no checksum.
    """
    path = audio_file(cell.folder, cell.chosen.step, TEST, speaker, utterance)
    if path.is_file():
        if not is_without_checksums(cell.record):
            check_all_listed(path.parent, [path.name], RESTORE)
        check_listed(path, RESTORE)
    return path


def _player(label: str, path: Path | None, heard: str, scores: tuple[str, ...]) -> Player:
    """A player of a file; without a source where the file can't be read."""
    if path is None or not path.is_file():
        return Player(label, None, 0.0, heard, scores)
    sample_rate = own_rate(path)
    wave = read_audio(path, sample_rate)
    return Player(label, encode(wave, sample_rate), len(wave) / sample_rate, heard, scores)


def _recordings(cell: CellResult) -> dict[tuple[str, str], tuple[Path | None, str]]:
    """The file and the text of every test recording, by speaker and utterance; None where no folder holds them."""
    try:
        root = resolve_folder(str(cell.settings["data"]["root"]))
    except (InputError, KeyError):
        root = None
    clips = cell.clips[cell.clips["split"] == TEST]
    found: dict[tuple[str, str], tuple[Path | None, str]] = {}
    for speaker, text, path in clips[["speaker", "text", "path"]].itertuples(index=False):
        utterance = path[: len(path) - len(Path(path).suffix)]
        file = None if root is None else root / path
        found[speaker, utterance] = (file, text)
    return found


def _of_recordings(experiment: Experiment) -> pd.DataFrame:
    return experiment.references[experiment.references["reference"] == RECORDING]


def _by_utterance(table: pd.DataFrame, chosen: Collection[tuple[str, str]]) -> Scores:
    """The values of some test utterances, of every cell."""
    rows = table[(table["split"] == TEST) & table["utterance"].isin({utterance for _, utterance in chosen})]
    found: dict[tuple[str, int, str, str], dict[str, float]] = {}
    for *where, metric, value in rows[[*UTTERANCE_OF_A_CELL, "metric", "value"]].itertuples(index=False):
        found.setdefault(cast(tuple[str, int, str, str], tuple(where)), {})[metric] = value
    return found


def _told(values: Mapping[str, float], metrics: Sequence[Metric]) -> tuple[str, ...]:
    """What the metrics say of one utterance, for reading."""
    return tuple(
        f"{title(metric)} {plain(values[metric.name], decimals_for([values[metric.name]]))}"
        for metric in metrics
        if metric.name in values
    )


def _remarks(
    shown: Sequence[Sentence],
    n_chosen: int,
    audio_mb: float,
    recordings: Mapping[tuple[str, str], tuple[Path | None, str]],
) -> Iterator[str]:
    """What is not there, and why."""
    if len(shown) < n_chosen:
        yield f"{n_chosen - len(shown)} of {n_chosen} sentences are left out: their audio would exceed {audio_mb:g} MB."
    silent = [sentence for sentence in shown if sentence.players[0].uri is None]
    if silent:
        path, _ = recordings.get((silent[0].speaker, silent[0].utterance), (None, ""))
        where = f" at {path}" if path else ""
        yield f"{len(silent)} of {len(shown)} recordings have no player: there is no file{where}."
    missing = sum(player.uri is None for sentence in shown for player in sentence.players[1:])
    if missing:
        yield f"{missing} synthesised sentences have no player: their files are not in the cells' folders."
