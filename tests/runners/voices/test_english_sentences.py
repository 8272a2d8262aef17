from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from runners.voices.english_sentences import sentences, with_english_sentences
from runners.voices.recorded_voices import Voices
from vits.corpus.clip import Clip
from vits.corpus.feature_cache import FeatureCache
from vits.corpus.features import PreparedCorpus, PreparedUtterance
from vits.model_spec import ModelSpec

MoreSentences = Callable[..., Voices]


def utterances(speaker: str, names: Sequence[str]) -> list[PreparedUtterance]:
    nothing = torch.zeros(0)
    return [
        PreparedUtterance(Clip(Path(), speaker, f"Number {name}.", name), torch.zeros(1).long(), nothing, nothing[None])
        for name in names
    ]


@pytest.fixture
def voices(tmp_path: Path, miniature_spec: ModelSpec) -> Voices:
    """Anna has two recorded validation sentences and Ben one; both are trained on the list's second sentence."""
    trained = [Clip(Path(), name, sentences("en")["english/002"], name) for name in "ab"]
    cache = FeatureCache(tmp_path, miniature_spec.analysis(), miniature_spec.spectrogram())
    train = PreparedCorpus(trained, [], [], [], cache, {})
    held_out = {"validation": [*utterances("anna", "xy"), *utterances("ben", "x")], "test": utterances("anna", "z")}
    return Voices(16000, ("anna", "ben"), train, held_out, "identity")


@pytest.fixture
def more(voices: Voices, tmp_path: Path, tiny_spec: ModelSpec) -> MoreSentences:
    def make(language: str = "en-us", *, texts: int = 2, validation: int = 3) -> Voices:
        return with_english_sentences(
            voices, language, tiny_spec, tmp_path, texts=texts, split="texts", validation=validation
        )

    return make


def said(voices: Voices, split: str, speaker: str) -> list[str]:
    return [item.clip.name for item in voices.spoken[split] if item.clip.speaker == speaker]


def test_all_voices_say_the_first_that_were_not_trained_when_texts_are_asked_for(more: MoreSentences) -> None:
    found = more()
    assert said(found, "texts", "anna") == said(found, "texts", "ben") == ["english/001", "english/003"]
    assert said(found, "test", "anna") == ["z"]


def test_validation_is_filled_up_from_the_end_when_few_sentences_are_recorded(more: MoreSentences) -> None:
    found = more()
    assert said(found, "validation", "anna") == ["x", "y", "english/200"]
    assert said(found, "validation", "ben") == ["x", "english/200", "english/199"]


def test_no_sentence_tests_and_validates_when_all_are_tested(more: MoreSentences) -> None:
    found = more(texts=198, validation=10)
    assert said(found, "validation", "anna") == ["x", "y", "english/200"]
    assert len(said(found, "texts", "ben")) == 198


@pytest.mark.parametrize("language", ["de", "fr-fr"])
def test_voices_keep_to_what_was_recorded_when_they_speak_another_language(
    language: str, more: MoreSentences, voices: Voices
) -> None:
    found = more(language)
    assert found.spoken == voices.held_out
    assert found.identity == voices.identity


def test_accents_are_read_as_such_when_the_language_is_english(more: MoreSentences) -> None:
    american, british = (more(code, validation=0).unrecorded["texts"][0].clip for code in ("en-us", "en-gb"))
    assert american.text == british.text == sentences("en-gb")["english/001"]
    assert american.phonemes != british.phonemes


def test_nothing_is_added_when_nothing_is_asked_for(more: MoreSentences, voices: Voices) -> None:
    assert more(texts=0, validation=0) == replace(voices, unrecorded={})
