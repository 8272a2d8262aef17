"""From the recordings of a corpus to those of more speakers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

from runners.cli.corpus_arguments import TransformCorpusArguments
from runners.corpus_making.corpus_folder import CorpusFolder, made_by_one
from runners.corpus_making.corpus_plan import PlannedClip
from runners.corpus_making.recording import recording
from runners.corpus_making.transformations import Transformation, drawn
from runners.corpus_making.voice_mixtures import Voice
from vits.common.errors import InputError
from vits.corpus.clip import Clip, in_split
from vits.corpus.folder import FolderCorpus


@dataclass(frozen=True)
class Change:
    """A clip to make, the recording that it is made of, and how."""

    made: PlannedClip
    source: Path
    transformation: Transformation


def transform_corpus(arguments: TransformCorpusArguments) -> None:
    """Make the clips that aren't there yet, one after the other.

    Raises:
        InputError: an argument can't be used, the corpus can't be read, or another process writes to the folder.
    """
    for name, count in (("voices", arguments.voices), ("utterances", arguments.utterances)):
        if count < 1:
            raise InputError(f"{name}={count} is not allowed; give 1 or more")
    clips = in_split(FolderCorpus(root=arguments.root).clips(), arguments.split)
    if not clips:
        raise InputError(f"{arguments.root} has no clips of the split {arguments.split!r}; give split=<one it has>")
    changes = plan_changes(clips, arguments.voices, arguments.utterances, arguments.seed)
    with made_by_one(Path(arguments.out)):
        made = _make(CorpusFolder(Path(arguments.out), [change.made for change in changes]), changes)
    speakers = {change.made.voice.speaker for change in changes}
    print(f"{arguments.out} has all {len(changes)} clips of {len(speakers)} voices; {made} were made now")


def plan_changes(clips: Sequence[Clip], voices: int, utterances: int, seed: int) -> list[Change]:
    """So many new voices of each speaker, who say so many of the speaker's sentences each.

    The plan is a function of the speakers' names, their clips and the seed; another speaker changes nothing in it.
    """
    by_speaker: dict[str, list[Clip]] = {}
    for clip in clips:
        by_speaker.setdefault(clip.speaker, []).append(clip)
    return [
        change
        for speaker, own in sorted(by_speaker.items())
        for change in _of_speaker(speaker, own, voices, utterances, np.random.default_rng([seed, *speaker.encode()]))
    ]


def _of_speaker(
    speaker: str, clips: Sequence[Clip], voices: int, utterances: int, generator: np.random.Generator
) -> Iterator[Change]:
    for number, transformation in enumerate(drawn(voices, generator)):
        voice = Voice(f"{speaker}-{number}", (speaker,), str(transformation))
        chosen = sorted(generator.permutation(len(clips))[:utterances])
        for place, index in enumerate(chosen):
            clip = clips[index]
            path = f"{clip.split}/{voice.speaker}/{place:03}.opus"
            yield Change(
                PlannedClip(path, voice, clip.text.replace("|", " "), clip.split), Path(clip.path), transformation
            )


def _make(folder: CorpusFolder, changes: Sequence[Change]) -> int:
    """Make what is unfinished; gives the number of clips that it was."""
    by_clip = {change.made: change for change in changes}
    unfinished = folder.unfinished()
    folder.write_table()
    for clip in tqdm(unfinished, desc=str(folder.root), unit="clip", disable=None):
        change = by_clip[clip]
        wave, sample_rate = soundfile.read(change.source, dtype="float32")
        folder.add(clip, recording(change.transformation(wave, sample_rate), sample_rate))
    return len(unfinished)
