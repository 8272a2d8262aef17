"""Who wrote a text, as prepared.csv says it and as corrections by hand change it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vits.common.errors import InputError
from vits.corpus.clip import Clip
from vits.corpus.features import clip_key
from vits.corpus.folder import FolderCorpus
from vits.corpus.prepared_texts import recognised

WriteTone = Callable[..., Path]

HEARD = "Whisper tiny.en"
PREPARED = f"""source,outcome,path,text_by,text
a,clip,clips/a.flac,{HEARD},The kettle sings.
a,clip,clips/b.flac,{HEARD},Nobody came home.
a,clip,clips/c.flac,lab,Rain fell all night.
a,clip,clips/d.flac,"lab, divided by {HEARD}","Well, a dog barked."
a,clip,clips/e.flac,{HEARD},Who is there?
a,pause,,,
"""
METADATA = """path|speaker|text|split
clips/a.flac|anna|The cattle sings.|train
clips/b.flac|anna|nobody came home!|train
clips/c.flac|anna|Rain fell all night.|train
clips/d.flac|anna|Well, a dog barked.|validation
clips/e.flac|anna|Who is there?|test
"""


@pytest.fixture
def corpus(tmp_path: Path, write_tone: WriteTone) -> FolderCorpus:
    for name in "abcde":
        write_tone(f"clips/{name}.flac", 0.1)
    (tmp_path / "metadata.csv").write_text(METADATA, encoding="utf-8")
    return FolderCorpus(root=str(tmp_path))


def test_recogniser_is_known_where_its_words_stand(corpus: FolderCorpus) -> None:
    (Path(corpus.root) / "prepared.csv").write_text(PREPARED, encoding="utf-8")
    clips = corpus.clips()
    assert [clip.recogniser for clip in clips] == [None, HEARD, None, None, HEARD], "a word of the first was corrected"
    assert recognised(clips) == {HEARD: {"train": 1, "test": 1}}


@pytest.mark.parametrize("table", [None, "", "name,prepared on\nanna,Monday\n"])
def test_nobody_is_known_when_no_table_says_who(table: str | None, corpus: FolderCorpus) -> None:
    if table is not None:
        (Path(corpus.root) / "prepared.csv").write_text(table, encoding="utf-8")
    assert recognised(corpus.clips()) == {}


def test_damaged_table_is_refused_in_one_line(corpus: FolderCorpus) -> None:
    (Path(corpus.root) / "prepared.csv").write_text(PREPARED + "a,clip\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"prepared\.csv:8: 2 fields where the header has 5"):
        corpus.clips()


def test_identity_of_a_clip_is_the_same_whoever_wrote_its_text() -> None:
    one, other = (Clip(Path("a.wav"), "anna", "Hello.", "a", recogniser=name) for name in (None, HEARD))
    assert clip_key(one, "") == clip_key(other, "")
