"""The new voices of an experiment: their recordings, split and prepared for the model and for the judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from metrics.judges.judge import Judges
from metrics.judges.recorded_voiceprints import recorded_voiceprints
from metrics.metric import KnownVoices, Utterance
from strategies.context import BaseSpeakers, Enrolment
from vits.corpus.clip import Clip, in_split
from vits.corpus.corpus import Corpus
from vits.corpus.data_identity import corpus_identity
from vits.corpus.features import PreparedCorpus, PreparedUtterance, prepare
from vits.corpus.split import SPARE, write_split
from vits.model_spec import ModelSpec

TRAIN = "train"


@dataclass(frozen=True)
class Voices:
    """Recordings of speakers. `held_out` are the splits to evaluate on, by name.

    `enrolment_clips` of each speaker's training clips make its voiceprint (0: all). `unrecorded` are sentences, by
    the split that they are evaluated with, that nobody recorded; `identity` is that of the recordings. `spare` are
    training recordings that are left out of a smaller training set: judges know a voice by them too, so that its
    references are the same whatever is trained. `language` is espeak's code of the one spoken.
    """

    sample_rate: int
    speakers: tuple[str, ...]
    train: PreparedCorpus
    held_out: dict[str, list[PreparedUtterance]]
    identity: str
    enrolment_clips: int = 0
    unrecorded: dict[str, list[PreparedUtterance]] = field(default_factory=dict)
    spare: PreparedCorpus | None = None
    language: str = "en-us"

    @property
    def spoken(self) -> dict[str, list[PreparedUtterance]]:
        """What each voice is to say, by split: what was recorded, and behind it what wasn't."""
        splits = dict.fromkeys([*self.held_out, *self.unrecorded])
        return {split: [*self.held_out.get(split, []), *self.unrecorded.get(split, [])] for split in splits}

    @property
    def clips(self) -> list[Clip]:
        """What was recorded and is used: training, what is spare, and what is held out."""
        held_out = [item.clip for items in self.held_out.values() for item in items]
        return [*self.train.clips, *(self.spare.clips if self.spare else ()), *held_out]

    def recordings(self, utterances: Sequence[PreparedUtterance] | PreparedCorpus) -> list[Utterance]:
        """Prepared utterances as the judges hear them."""
        return [
            Utterance(
                name=item.clip.name,
                speaker=item.clip.speaker,
                text=item.clip.text,
                wave=item.wave.numpy(),
                sample_rate=self.sample_rate,
                recording=item.wave.numpy(),
            )
            for item in utterances
        ]

    def enrolment_items(self) -> dict[str, list[PreparedUtterance]]:
        """Training utterances of each speaker: what is known of a voice before the experiment."""
        by_speaker: dict[str, list[PreparedUtterance]] = {speaker: [] for speaker in self.speakers}
        for item in first_of_each_speaker(self.train, self.enrolment_clips):
            by_speaker[item.clip.speaker].append(item)
        return by_speaker

    def reference_recordings(self) -> dict[str, list[Utterance]]:
        """What the judges know of each speaker: the same, and what is spare."""
        spare = first_of_each_speaker(self.spare, self.enrolment_clips) if self.spare else []
        return {
            speaker: self.recordings([*items, *(item for item in spare if item.clip.speaker == speaker)])
            for speaker, items in self.enrolment_items().items()
        }


def load_voices(
    corpus: Corpus,
    spec: ModelSpec,
    *,
    cache_dir: Path,
    segment_frames: int,
    max_duration_s: float,
    held_out: dict[str, int],
    train_split: str = TRAIN,
    enrolment_clips: int = 0,
) -> Voices:
    """Read and prepare a corpus. `held_out` gives the number of utterances per speaker of each split, 0 for all.

    Raises:
        InputError: the corpus is malformed, a recording can't be read, or nothing usable is left.
    """
    analysis = spec.analysis()
    spectrogram = spec.spectrogram()
    alphabet = spec.alphabet()
    reader = alphabet.reader(corpus.language)
    max_frames = analysis.frames(int(max_duration_s * analysis.sample_rate))
    clips = corpus.clips()

    def prepared(split: str, min_frames: int) -> PreparedCorpus:
        return prepare(
            in_split(clips, split),
            analysis,
            spectrogram,
            alphabet.tokenizer,
            reader,
            cache_dir,
            min_frames=min_frames,
            max_frames=max_frames,
        )

    train = prepared(train_split, segment_frames)
    spare = prepared(SPARE, segment_frames) if any(clip.split == SPARE for clip in clips) else None
    splits = {split: first_of_each_speaker(prepared(split, 1), count) for split, count in held_out.items()}
    speakers = tuple(sorted({clip.speaker for clip in train.clips}))
    known = {split: [item for item in items if item.clip.speaker in speakers] for split, items in splits.items()}
    unused = {SPARE: spare} if spare else {}
    identity = corpus_identity({train_split: train, **unused, **known})
    return Voices(
        analysis.sample_rate,
        speakers,
        train,
        known,
        identity,
        enrolment_clips,
        spare=spare,
        language=corpus.language,
    )


def say_what_was_found(corpus: Corpus) -> None:
    """Print what kind of corpus a folder holds, where the reader had to find out.

    Raises:
        InputError: the corpus is malformed.
    """
    found = corpus.described()
    if found is not None:
        print(found)


def first_of_each_speaker(corpus: PreparedCorpus, count: int) -> list[PreparedUtterance]:
    """The first `count` utterances of each speaker, or all for 0."""
    taken: dict[str, int] = {}
    chosen = []
    for index, clip in enumerate(corpus.clips):
        taken[clip.speaker] = taken.get(clip.speaker, 0) + 1
        if not count or taken[clip.speaker] <= count:
            chosen.append(corpus[index])
    return chosen


def enrol(voices: Voices, judges: Judges) -> dict[str, Enrolment]:
    """The training recordings of each new speaker, and their voiceprints."""
    items = voices.enrolment_items()
    return {
        speaker: Enrolment(recorded_voiceprints(voices.recordings(own), judges), speaker, own)
        for speaker, own in items.items()
    }


def known_voices(voices: Voices, base: BaseSpeakers, started_from: Mapping[str, str]) -> KnownVoices:
    """What the metrics may compare with: the new voices, and those of the base as far as their sound is known.

    `started_from` names the base speaker whose row a new one was given, where it was given one's.
    """
    sounds_known = base.voiceprints.shape[1] > 0
    return KnownVoices(
        enrolment=voices.reference_recordings(),
        base_voiceprints=dict(zip(base.names, base.voiceprints, strict=True)) if sounds_known else {},
        started_from=started_from,
        language=voices.language,
    )


def write_splits(voices: Voices, path: Path) -> None:
    """Write down which clip is used for what."""
    write_split(path, voices.clips)
