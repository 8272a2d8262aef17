"""What the cells of an experiment were judged by: their recordings, metrics and sentences, taken from one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

from metrics.metric import KnownVoices, Metric
from runners.reporting.cell_result import CellResult
from runners.results.finished_bundle import load_finished
from runners.voices.recorded_voices import Voices, load_voices
from vits.bundle import Bundle
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import shown_path
from vits.common.registry import registered
from vits.common.shapes import mismatch
from vits.corpus.corpus import Corpus

TARGET = "_target_"  # Hydra's word for the class that a part of a configuration stands for


class _Evaluation(TypedDict):
    utterances_per_speaker: dict[str, int]


class _Training(TypedDict):
    segment_frames: int


class _Settings(TypedDict):
    data: dict[str, Any]
    metrics: dict[str, dict[str, Any]]
    evaluation: _Evaluation
    training: _Training
    max_duration_s: float


@dataclass(frozen=True, eq=False)
class Ruler:
    """The voices' recordings as the cells' judges knew them, and the metrics with the cells' settings, by name."""

    voices: Voices
    known: KnownVoices
    metrics: Mapping[str, Metric]

    def chosen(self, names: str | None) -> list[Metric]:
        """The metrics of these names, separated by commas; those of the cells by default.

        Raises:
            InputError: there is no such metric.
        """
        if names is None:
            return list(self.metrics.values())
        known = registered("metrics")
        wanted = list(dict.fromkeys(name.strip() for name in names.split(",")))
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise InputError(f"metrics={shown(unknown[0])} is no metric; choose from {', '.join(known)}")
        return [self.metrics.get(name) or known[name]() for name in wanted]


def ruler_of(cell: CellResult, voices: str, cache_dir: Path) -> Ruler:
    """What a cell was judged by, with the recordings read again from the corpus folder `voices`.

    Raises:
        InputError: the cell's files say too little, or the corpus isn't the one that it was adapted to.
    """
    settings = _settings(cell)
    bundle = load_finished(cell.folder, with_adversary=False)
    loaded = load_voices(
        _corpus(settings["data"], voices, cell.folder),
        bundle.spec,
        cache_dir=cache_dir,
        segment_frames=settings["training"]["segment_frames"],
        max_duration_s=float(settings["max_duration_s"]),
        held_out=settings["evaluation"]["utterances_per_speaker"],
    )
    if loaded.identity != cell.record["identity_of"].get("data"):
        raise InputError(
            f"voices={shown(voices)} holds other recordings, texts or splits than {cell.folder} was adapted to; "
            "give the corpus folder of that experiment as it was"
        )
    known = KnownVoices(loaded.reference_recordings(), _base_voiceprints(bundle, loaded.speakers))
    metrics = {name: _registered("metrics", part, cell.folder) for name, part in settings["metrics"].items()}
    return Ruler(loaded, known, metrics)


def _settings(cell: CellResult) -> Mapping[str, Any]:
    wrong = mismatch(cell.settings, _Settings)
    if wrong is not None:
        raise InputError(f"{cell.folder / 'config.yaml'} doesn't say how the cell was judged: {wrong}; restore it")
    return cell.settings


def _corpus(data: Mapping[str, Any], root: str, folder: Path) -> Corpus:
    """The cell's corpus, read from another place."""
    return replace(_registered("data", data, folder), root=root)


def _registered(group: str, part: Mapping[str, Any], folder: Path) -> Any:
    """The object that a part of a cell's configuration stands for; of registered classes alone, whatever it names."""
    classes = {f"{cls.__module__}.{cls.__qualname__}": cls for cls in registered(group).values()}
    cls = classes.get(str(part.get(TARGET)))
    path = shown_path(folder / "config.yaml")
    if cls is None:
        raise InputError(f"{path} names the {group} {shown(str(part.get(TARGET)))}, which this version doesn't know")
    try:
        return cls(**{name: value for name, value in part.items() if name != TARGET})
    except TypeError as error:
        raise InputError(f"{path}: {group} has other settings ({error}); restore the file") from None


def _base_voiceprints(bundle: Bundle, new: Sequence[str]) -> dict[str, Any]:
    """Those of the voices that the base knew before; none where their sound isn't known."""
    rows = {bundle.speakers[row].name: row for row in bundle.trained_rows}
    prints = {name: bundle.voiceprints[row] for name, row in rows.items() if name not in new}
    return {name: voiceprint for name, voiceprint in prints.items() if voiceprint.any()}
