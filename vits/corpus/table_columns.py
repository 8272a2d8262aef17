"""What the columns of a table's header mean, whatever they are called and in whatever case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vits.common.errors import InputError
from vits.common.names import shown

PATH, SPEAKER, TEXT, NORMALISED, SPLIT, PHONEMES = "path", "speaker", "text", "normalised", "split", "phonemes"
MEANINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    PATH: (
        ("path",),
        ("audio_file", "audio_filepath", "audio_path", "wav_filename", "wav_path", "file_path", "filepath"),
        ("file_name", "filename", "file", "audio", "wav"),
        ("id", "utt_id", "utterance_id"),
    ),
    SPEAKER: (("speaker",), ("speaker_name",), ("speaker_id", "spk_id", "spk", "client_id")),
    TEXT: (("text",), ("sentence", "transcript", "transcription", "raw_text")),
    NORMALISED: (("normalised_text", "normalized_text", "normalised", "normalized", "text_normalized"),),
    SPLIT: (("split",),),
    PHONEMES: (("phonemes",),),
}
"""Names of each meaning; where a table has several of them, those named first count."""


@dataclass(frozen=True)
class Columns:
    """Which column of a line has which meaning."""

    places: Mapping[str, int]
    width: int

    def value(self, fields: Sequence[str], meaning: str) -> str:
        """What a line says; empty where it says nothing."""
        place = self.places.get(meaning)
        return "" if place is None else fields[place]

    def text(self, fields: Sequence[str]) -> str:
        """What is spoken: with numbers and abbreviations in words, where the table has that too."""
        return self.value(fields, NORMALISED) or self.value(fields, TEXT)


def plain_name(column: str) -> str:
    """The name of a column without case; blanks and hyphens are underscores."""
    return column.strip().casefold().replace(" ", "_").replace("-", "_")


def is_header(fields: Sequence[str]) -> bool:
    """Whether a line names columns: of recordings, and of what is said in them."""
    names = {plain_name(field) for field in fields}
    spoken = {*_names(TEXT), *_names(NORMALISED)}
    return bool(names & _names(PATH)) and bool(names & spoken)


def columns_of(fields: Sequence[str], where: str) -> Columns:
    """The meanings of a header's columns; columns of other names are left out.

    Raises:
        InputError: a column stands twice, or two may mean the same.
    """
    names = [plain_name(field) for field in fields]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"{where}: the header is {shown('|'.join(fields))}, with {shown(twice[0])} more than once (in any case); "
            "name each column once"
        )
    found = {meaning: _found(meaning, names, where) for meaning in MEANINGS}
    return Columns({meaning: names.index(name) for meaning, name in found.items() if name is not None}, len(names))


def _found(meaning: str, names: Sequence[str], where: str) -> str | None:
    """The column of that meaning."""
    for alike in MEANINGS[meaning]:
        present = [name for name in names if name in alike]
        if len(present) > 1:
            raise InputError(
                f"{where}: the {meaning} may be the column {' or '.join(map(shown, present))}; "
                f"call the right one {MEANINGS[meaning][0][0]}, or remove the other"
            )
        if present:
            return present[0]
    return None


def _names(meaning: str) -> set[str]:
    return {name for alike in MEANINGS[meaning] for name in alike}
