"""The reference's format: lists of wav path, speaker number and IPA, one list for each split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.registry import register
from vits.corpus.clip import Clip
from vits.corpus.corpus import SHOWN, Corpus, unique
from vits.corpus.roots import resolve_folder
from vits.corpus.split import TRAIN, VALIDATION, HoldOut, split_by_sentence
from vits.corpus.text_file import numbered_lines


@register("data", "filelists")
@dataclass(frozen=True, kw_only=True)
class FilelistsCorpus(Corpus):
    """Lists with lines `DUMMY2/p329/p329_159.wav|103|<IPA>`, the paths relative to `root`.

    `filelists` is the folder of the lists. The speaker's id is the second column as text ("103").
    `transcripts` is a table of spellings (`p329_159<TAB>spelling`) in that folder, the reference for word
    error rates; without one the texts are empty.

    The lists are the splits, with two differences. The clips of the test list are in the split `test_split`:
    the reference's 15 test clips are too few to rank anything. And `test` clips of each speaker are held out of
    the training list as a larger test set, by sentence; 0 leaves the training list whole. A sentence that
    also stands in another list isn't held out. `validation` has no effect: the lists bring their own.
    """

    filelists: str
    train_list: str = "finetune_train.txt"
    validation_list: str = "finetune_val.txt"
    test_list: str = "finetune_test.txt"
    test_split: str = "homework"
    transcripts: str | None = None

    def read(self) -> list[Clip]:
        root, folder = resolve_folder(self.root), resolve_folder(self.filelists)
        lists = {TRAIN: self.train_list, VALIDATION: self.validation_list, self.test_split: self.test_list}
        clips = [clip for split, name in lists.items() for clip in read_list(folder / name, root, split)]
        unique(clips, folder)
        if self.transcripts is None:
            return clips
        return with_spellings(clips, folder / self.transcripts)

    def split(self, clips: Sequence[Clip]) -> list[Clip]:
        """The splits of the lists, with a test set held out of the training list."""
        elsewhere = {clip.sentence for clip in clips if clip.split != TRAIN}
        candidates = [clip for clip in clips if clip.split == TRAIN and clip.sentence not in elsewhere]
        held_out = HoldOut(validation=0, test=self.test, seed=self.split_seed)
        split_of = {clip.name: clip.split for clip in split_by_sentence(candidates, held_out)}
        return [replace(clip, split=split_of.get(clip.name, clip.split)) for clip in clips]


def read_list(path: Path, root: Path, split: str) -> list[Clip]:
    """The clips of one list, without spellings.

    Raises:
        InputError: there is no such file, or a line is malformed.
    """
    clips = []
    for number, line in numbered_lines(path):
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != 3 or not all(fields) or not PurePosixPath(fields[0]).name:
            raise InputError(
                f"{path}:{number}: {shown(line)} isn't `wav path|speaker number|IPA`; correct or remove the line"
            )
        wav = PurePosixPath(fields[0])
        clips.append(
            Clip(
                path=root / wav,
                speaker=fields[1],
                text="",
                name=str(wav.with_suffix("")),
                phonemes=fields[2],
                split=split,
            )
        )
    return clips


def with_spellings(clips: Sequence[Clip], path: Path) -> list[Clip]:
    """The clips with their spellings from a table with lines `id<TAB>spelling`.

    Raises:
        InputError: a line is malformed, or an utterance has none.
    """
    spellings = _read_spellings(path)
    missing = [clip.path.stem for clip in clips if clip.path.stem not in spellings]
    if missing:
        raise InputError(
            f"{path} has no text for {len(missing)} of {len(clips)} utterances: {', '.join(missing[:SHOWN])}"
            f"{', ...' if len(missing) > SHOWN else ''}; "
            f"add lines `{missing[0]}<TAB>text`, or leave data.transcripts unset"
        )
    return [replace(clip, text=spellings[clip.path.stem]) for clip in clips]


def _read_spellings(path: Path) -> Mapping[str, str]:
    """Utterance id to spelling; a tab within the text is a space (the reference's table has one)."""
    spellings = {}
    for number, line in numbered_lines(path):
        utterance, tab, text = line.partition("\t")
        if not (tab and utterance.strip() and text.strip()):
            raise InputError(f"{path}:{number}: {shown(line)} isn't `id<TAB>text`; correct or remove the line")
        spellings[utterance.strip()] = " ".join(text.split())
    return spellings
