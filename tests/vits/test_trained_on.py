from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.corpus.clip import Clip
from vits.trained_on import TrainedOn, fingerprint, read_trained_on


def clip(text: str, phonemes: str | None = None) -> Clip:
    return Clip(Path("a.wav"), "ada", text, "a", phonemes)


def test_record_is_the_same_when_written_and_read(tmp_path: Path) -> None:
    record = TrainedOn.of([clip("It's true.", "ɪts tɹˈuː."), clip("We agree.", "wiː ɐɡɹˈiː.")], ["0123456789ab"])
    (tmp_path / "trained_on.csv").write_text(record.text, encoding="utf-8")
    assert read_trained_on(tmp_path) == record


def test_record_holds_no_text_when_written() -> None:
    header, *lines = TrainedOn.of([clip("It's true.", "ɪts tɹˈuː.")]).text.splitlines()
    assert header == "kind|fingerprint"
    assert lines[:2] == ["spelling|" + fingerprint("it's true"), "phonemes|" + fingerprint("ɪts tɹˈuː.")]
    assert sorted(lines[2:]) == sorted("symbol|" + fingerprint(symbol) for symbol in "ɪtsɹˈuː.")


def test_symbols_are_unheard_when_no_text_had_them() -> None:
    record = TrainedOn.of([clip("A", "ɪts"), clip("B", "tɹˈuː")])
    assert record.unheard("ɪt ʃˈøː, ʃ") == "ʃø,"
    assert TrainedOn(spelling=record.spelling).unheard("ʃ") == "", "nobody wrote the symbols down"
    more = record | TrainedOn.of([clip("C", "ʃø")])
    assert more.unheard("ɪt ʃˈøː, ʃ") == ","
    assert all(more.knows_spelling(clip(text)) for text in "abc")


def test_nothing_is_known_when_there_is_no_file(tmp_path: Path) -> None:
    assert read_trained_on(tmp_path) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text|x\n", r"trained_on\.csv:1: the header is 'text\|x'; it must be 'kind\|fingerprint'"),
        ("", r"trained_on\.csv:1: the header is ''"),
        (
            "kind|fingerprint\nspelling|0123456789ab\nword|0123456789ab\n",
            r"trained_on\.csv:3: 'word\|0123456789ab' isn't kind\|fingerprint",
        ),
        ("kind|fingerprint\nspelling\n", r"trained_on\.csv:2: 'spelling' isn't"),
        ("kind|fingerprint\nspelling|0123456789aB\n", r"trained_on\.csv:2: .* isn't kind"),
    ],
)
def test_file_is_refused_when_malformed(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "trained_on.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_trained_on(tmp_path)


@given(text=st.text(alphabet="abc'.,! XYZ", min_size=1).filter(lambda text: any(c.isalpha() for c in text)))
def test_spelling_is_known_when_only_case_and_punctuation_differ(text: str) -> None:
    record = TrainedOn.of([clip(text)])
    assert record.knows_spelling(clip(text.upper() + " !"))
    assert not record.knows_spelling(clip(text + " d"))


def test_clips_without_texts_are_unknown_when_others_are_too() -> None:
    record = TrainedOn.of([clip("")])
    assert record == TrainedOn()
    assert not record.knows_spelling(clip(""))
    assert not record.knows_phonemes(clip("", ""))
