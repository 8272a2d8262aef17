"""What is known of a base model's training: from its bundle, or from the lists that the reference was trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TypedDict

from runners.bases.base import Base, PretrainedBase
from runners.linting.audio_facts import measure_all
from vits.bundle import check_complete, read_speakers
from vits.common.atomic_files import content_key
from vits.common.kept_files import keep_json, kept_json
from vits.common.readers import is_file, read_bytes
from vits.corpus.clip import Clip
from vits.corpus.corpus import Corpus
from vits.corpus.filelists import FilelistsCorpus
from vits.corpus.roots import resolve_folder
from vits.corpus.split import TRAIN
from vits.trained_on import TrainedOn, fingerprint, read_trained_on

FORMAT = b"3"  # of the kept lists; raise it when reading them gives something else
BASE_LISTS = ("base_train.txt", "base_val.txt", "base_test.txt")
"""The reference's names for the lists that its base model was trained, validated and tested on."""


@dataclass(frozen=True)
class KnownBase:
    """A base model as the linter sees it.

    `source` is where the knowledge comes from. `utterances` says of how many utterances each speaker's row was
    trained. `files` are fingerprints of the names of its recordings, where it comes from lists of files.
    `trained_on` is None where nobody wrote down the texts.
    """

    source: str
    utterances: Mapping[str, int]
    trained_on: TrainedOn | None
    files: frozenset[str] = frozenset()


class KeptBase(TypedDict):
    """What lists say of a base, as a cache keeps it in JSON."""

    source: str
    utterances: dict[str, int]
    spelling: list[str]
    phonemes: list[str]
    recording: list[str]
    symbol: list[str]
    files: list[str]


def known_bases(corpus: Corpus, base: Base, cache_dir: Path) -> list[KnownBase]:
    """What is known of the base that the corpus adapts; lists and a bundle each give one.

    Lists of the reference bring those that its base was trained on.

    Raises:
        InputError: the bundle or a list is malformed.
    """
    known = [_of_bundle(base)] if isinstance(base, PretrainedBase) and not base.forget else []
    if isinstance(corpus, FilelistsCorpus):
        folder = resolve_folder(corpus.filelists)
        if all(is_file(folder / name) for name in BASE_LISTS):
            known.append(_of_lists(corpus, folder, cache_dir))
    return known


def _of_bundle(base: PretrainedBase) -> KnownBase:
    directory = resolve_folder(base.path)
    check_complete(directory)
    utterances = {speaker.name: speaker.utterances for speaker in read_speakers(directory)}
    return KnownBase(base.path, utterances, read_trained_on(directory))


def _of_lists(corpus: FilelistsCorpus, folder: Path, cache_dir: Path) -> KnownBase:
    """What the lists say; reading tens of thousands of lines takes a second, so it is kept."""
    tables = (*BASE_LISTS, corpus.transcripts) if corpus.transcripts else BASE_LISTS
    contents = [read_bytes(folder / name) for name in tables if is_file(folder / name)]
    kept = cache_dir / "base_lists" / f"{content_key([FORMAT, *contents])}.json"
    known = kept_json(kept, KeptBase)
    if known is not None:
        return _from_json(known)
    train, validation, test = BASE_LISTS
    of_base = replace(corpus, speakers=None, train_list=train, validation_list=validation, test_list=test)
    known = _of_clips(of_base.read())
    keep_json(kept, _as_json(known))
    return known


def _of_clips(clips: Sequence[Clip]) -> KnownBase:
    """What clips of the three lists say; only those of the training list trained anything."""
    trained = [clip for clip in clips if clip.split == TRAIN]
    counts = Counter(clip.speaker for clip in trained)
    rows = [*{clip.speaker for clip in clips}, *_gaps({clip.speaker for clip in clips})]
    return KnownBase(
        source=BASE_LISTS[0],
        utterances={speaker: counts[speaker] for speaker in sorted(rows, key=lambda row: (len(row), row))},
        trained_on=TrainedOn.of(trained),
        files=frozenset(fingerprint(clip.name) for clip in trained),
    )


def _gaps(speakers: set[str]) -> list[str]:
    """The numbers left out between 0 and the highest, where all speakers are numbers: rows of an embedding."""
    if not all(speaker.isdigit() for speaker in speakers):
        return []
    numbers = {int(speaker) for speaker in speakers}
    return [str(number) for number in range(max(numbers, default=0)) if number not in numbers]


def _as_json(known: KnownBase) -> dict[str, object]:
    trained_on = {kind: sorted(marks) for kind, marks in asdict(known.trained_on or TrainedOn()).items()}
    return {"source": known.source, "utterances": dict(known.utterances), "files": sorted(known.files), **trained_on}


def _from_json(kept: KeptBase) -> KnownBase:
    trained_on = TrainedOn(*(frozenset(kept[kind.name]) for kind in fields(TrainedOn)))
    return KnownBase(kept["source"], kept["utterances"], trained_on, frozenset(kept["files"]))


def trained_on(clips: Sequence[Clip], cache_dir: Path) -> TrainedOn:
    """Which sentences and recordings a model was trained on, so that they can be found again."""
    recordings = measure_all(clips, cache_dir).facts.values()
    return TrainedOn.of(clips, (facts.samples for facts in recordings))


def trained_on_after(clips: Sequence[Clip], base: Base, cache_dir: Path) -> TrainedOn | None:
    """What a base was trained on once it was adapted to clips; None where that isn't known of the base itself."""
    before = _of_bundle(base).trained_on if isinstance(base, PretrainedBase) and not base.forget else TrainedOn()
    if before is None:
        return None
    own = trained_on(clips, cache_dir)
    return before | (replace(own, symbol=frozenset()) if before.spelling and not before.symbol else own)
