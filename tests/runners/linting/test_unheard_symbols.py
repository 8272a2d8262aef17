"""Sounds of another language than the base's, and symbols that no model reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from linting_material import MakeClip

from runners.bases.base import FromScratch, PretrainedBase
from runners.linting.finding import Severity
from runners.linting.known_base import KnownBase, trained_on_after
from runners.linting.unheard_symbols import unheard_symbols
from vits.corpus.clip import Clip
from vits.text.symbols import SYMBOLS
from vits.trained_on import TrainedOn, read_trained_on

ENGLISH = TrainedOn.of([Clip(Path(), "", "So, yes.", "x", phonemes="sˈoʊ, jˈɛs.")])


@pytest.fixture
def german(make_clip: MakeClip) -> list[Clip]:
    spoken = (("a", "ʃøːs", "train"), ("b", "jɛs", "train"), ("c", "søː; oː", "test"), ("d", "sɑ̃ss", "train"))
    return [make_clip(name, name, split=split, phonemes=phonemes) for name, phonemes, split in spoken]


def base(known: TrainedOn | None) -> list[KnownBase]:
    return [KnownBase("a_base", {}, known)]


def test_symbols_are_named_with_their_texts_when_the_base_never_saw_them(german: list[Clip]) -> None:
    never, dropped = unheard_symbols(german, base(ENGLISH))
    assert (never.severity, never.where) == (Severity.WARNING, "a_base")
    assert never.what == "3 of 4 texts have symbols that the base was never trained on: ø ː ʃ ; ɑ"
    assert never.concerned[0] == "ø in 2, 1 of them to train on"
    assert never.concerned[3] == "; in 1, 0 of them to train on"
    assert "base of that language" in never.remedy
    assert dropped.what == "1 of 4 texts have phonemes that aren't in the alphabet: ◌\u0303"


def test_nothing_is_found_when_the_base_knows_all(make_clip: MakeClip) -> None:
    assert unheard_symbols([make_clip("a", phonemes="jˈoʊ, sˈɛs.")], base(ENGLISH)) == []
    assert unheard_symbols([make_clip("a", phonemes="øː")], []) == [], "a model from scratch has heard nothing before"


def test_it_is_said_when_the_base_does_not_tell_its_symbols(make_clip: MakeClip) -> None:
    clip = make_clip("a", phonemes="øː")
    (finding,) = unheard_symbols([clip], base(TrainedOn(spelling=ENGLISH.spelling)))
    assert (finding.severity, finding.check) == (Severity.SKIPPED, "sounds")
    assert unheard_symbols([clip], base(None)) == [], "that it has no trained_on.csv is said once, of its texts"


def test_embedded_base_knows_english_alone() -> None:
    known = read_trained_on(Path("assets/demo_base"))
    assert known is not None
    unheard = set(known.unheard("".join(SYMBOLS)))
    assert set("øʏçxʁy;:") < unheard
    assert not unheard & set("abdefhiklmnopstuvwzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒʔˈˌːθᵻ.,?!")


def test_adapted_model_knows_what_the_base_knew_and_what_it_was_taught(german: list[Clip], tmp_path: Path) -> None:
    taught = [clip for clip in german if clip.split == "train"]
    folder = tmp_path / "base"
    folder.mkdir()
    for name in ("model.yaml", "generator.safetensors", "voiceprints.safetensors"):
        (folder / name).touch()
    (folder / "speakers.csv").write_text("name|utterances\nzoe|4\n")
    bundle = PretrainedBase(path=str(folder))
    assert trained_on_after(taught, bundle, tmp_path) is None, "nobody says what the base knew"
    (folder / "trained_on.csv").write_text(ENGLISH.text, encoding="utf-8")
    after = trained_on_after(taught, bundle, tmp_path)
    assert after is not None
    assert after.unheard("søː;ʏ, oʊ") == ";ʏ"
    assert after.knows_spelling(german[0])
    assert ENGLISH.spelling < after.spelling
    alone = trained_on_after(taught, FromScratch(), tmp_path)
    assert alone is not None
    assert alone.unheard("øoʊ") == "oʊ"
