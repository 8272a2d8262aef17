"""Another system's audio, and which of its sentences the cells speak too."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from metrics.metric import Utterance
from runners.reporting.evidence import JUDGED
from runners.voices.recorded_voices import Voices
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import shown_path
from vits.corpus.audio import read_audio
from vits.corpus.clip import Clip
from vits.corpus.folder import FolderCorpus
from vits.corpus.tables_of_folder import TABLE

UNMATCHED = "own"  # the split of sentences that no cell speaks
Texts = Mapping[tuple[str, str, str], str]
"""What the cells say, by split, speaker and utterance."""


@dataclass(frozen=True, eq=False)
class ForeignSpeech:
    """Utterances by the split in which the cells speak the same sentences, or `UNMATCHED` where none does."""

    utterances: Mapping[str, Sequence[Utterance]]

    @property
    def n_sentences(self) -> int:
        return sum(len(group) for group in self.utterances.values())

    @property
    def n_matched(self) -> int:
        return self.n_sentences - len(self.utterances.get(UNMATCHED, ()))


def read_speech(folder: str, voices: Voices, texts: Texts) -> ForeignSpeech:
    """All audio that a folder's metadata.csv lists, at the cells' rate.

    A sentence that a cell speaks in the same voice takes that one's name and spelling; words decide, case and
    punctuation don't.

    Raises:
        InputError: the folder can't be read, has a voice that the cells don't, or speaks a sentence twice.
    """
    clips = _clips(folder, voices.speakers)
    places = _places(texts)
    _check_once([clip for clip in clips if (clip.speaker, clip.sentence) in places], folder)
    recordings = {
        (split, item.clip.speaker, item.clip.name): item.wave.numpy()
        for split, items in voices.held_out.items()
        for item in items
    }
    found: dict[str, list[Utterance]] = {}
    for clip in clips:
        split, name = places.get((clip.speaker, clip.sentence), (UNMATCHED, clip.name))
        key = (split, clip.speaker, name)
        wave = read_audio(clip.path, voices.sample_rate)
        text = texts.get(key, clip.text)
        utterance = Utterance(name, clip.speaker, text, wave, voices.sample_rate, recordings.get(key))
        found.setdefault(split, []).append(utterance)
    return ForeignSpeech(found)


def _places(texts: Texts) -> dict[tuple[str, str], tuple[str, str]]:
    """The split and name of what the cells speak, by speaker and sentence; the first one where there are two."""
    places: dict[tuple[str, str], tuple[str, str]] = {}
    for (split, speaker, utterance), text in texts.items():
        if split in JUDGED:
            places.setdefault((speaker, Clip(Path(), "", text, "").sentence), (split, utterance))
    return places


def _clips(folder: str, speakers: Collection[str]) -> list[Clip]:
    """The clips of the table, which may be few and in no split."""
    corpus = FolderCorpus(root=folder)
    clips = [replace(clip, speaker=unicodedata.normalize("NFC", clip.speaker)) for clip in corpus.read()]
    strangers = sorted({clip.speaker for clip in clips} - set(speakers))
    if strangers:
        raise InputError(
            f"{shown_path(Path(folder) / TABLE)} has the voice {shown(strangers[0])}, which the experiment's cells "
            f"don't have; the audio must be of {', '.join(sorted(speakers))}"
        )
    return clips


def _check_once(clips: Sequence[Clip], folder: str) -> None:
    """No sentence is there twice in one voice, so that it is known which one is compared."""
    counts = Counter((clip.speaker, clip.sentence) for clip in clips)
    twice = [clip for clip in clips if counts[clip.speaker, clip.sentence] > 1]
    if twice:
        raise InputError(
            f"{shown_path(Path(folder) / TABLE)} has {shown(twice[0].text)} more than once in the voice "
            f"{shown(twice[0].speaker)} ({twice[0].path.name}, {twice[1].path.name}); keep one"
        )
