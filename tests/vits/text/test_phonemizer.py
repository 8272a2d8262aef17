from __future__ import annotations

import logging
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.text.phonemizer import EspeakPhonemizer


@pytest.fixture(scope="module")
def espeak() -> EspeakPhonemizer:
    return EspeakPhonemizer()


# Spelling and IPA of VCTK prompts as the reference's file lists have them.
@pytest.mark.parametrize(
    ("spelling", "ipa"),
    [
        (
            "The whole process is a vicious circle at the moment.",
            "ðə hˈoʊl pɹˈɑːsɛs ɪz ɐ vˈɪʃəs sˈɜːkəl æt ðə mˈoʊmənt.",
        ),
        ("This will be no easy option.", "ðɪs wɪl biː nˈoʊ ˈiːzi ˈɑːpʃən."),
        ("It's not true.", "ɪts nˌɑːt tɹˈuː."),
        (
            "If not, he should go home.",
            "ɪf nˈɑːt, hiː ʃˌʊd ɡˌoʊ hˈoʊm.",
        ),
    ],
)
def test_ipa_equals_the_seeds_when_given_its_spelling(espeak: EspeakPhonemizer, spelling: str, ipa: str) -> None:
    assert espeak([spelling]) == [ipa]


def test_every_text_keeps_its_place_when_some_give_nothing(espeak: EspeakPhonemizer) -> None:
    texts = ["Yes.", "...", "", "No?", "  ", "—", '"Stop!"', "two\nlines", "!"]
    assert espeak(texts) == ["jˈɛs.", "", "", "nˈoʊ?", "", "", "stˈɑːp!", "tˈuː lˈaɪnz", ""]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("abc .,!?\"'()-—…0 \n", max_size=12), max_size=6))
def test_batch_equals_single_texts_when_texts_are_odd(texts: list[str]) -> None:
    espeak = EspeakPhonemizer()
    assert espeak(texts) == [espeak([text])[0] for text in texts]


@pytest.mark.parametrize(
    ("text", "ipa"),
    [
        ("no, yes; no: yes!", "nˈoʊ, jˈɛs; nˈoʊ: jˈɛs!"),
        ("no — yes… no", "nˈoʊ — jˈɛs… nˈoʊ"),
        ("¿no? ¡yes!", "¿nˈoʊ? ¡jˈɛs!"),
        ("3.5", "θɹˈiː pɔɪnt fˈaɪv"),
        ("1,000", "wˈʌn θˈaʊzənd"),
    ],
)
def test_punctuation_stays_where_it_was_when_it_ends_a_phrase(espeak: EspeakPhonemizer, text: str, ipa: str) -> None:
    assert espeak([text]) == [ipa]


def test_languages_differ_when_espeak_speaks_them() -> None:
    assert EspeakPhonemizer("en-gb")(["bath"]) == ["bˈaθ"] or EspeakPhonemizer("en-gb")(["bath"]) == ["bˈɑːθ"]
    assert EspeakPhonemizer("de")(["ja"]) == ["jˈɑː"]


def test_error_lists_relatives_when_the_language_is_unknown() -> None:
    with pytest.raises(InputError, match=r"no language 'en'; choose a code such as .*en-us"):
        EspeakPhonemizer("en")
    with pytest.raises(InputError, match=r"no language 'xx'; choose a code such as en-us, en-gb"):
        EspeakPhonemizer("xx")


def test_nothing_is_logged_when_a_text_mixes_languages(
    espeak: EspeakPhonemizer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert "(" not in espeak(["Das ist 東京 и дом"])[0]
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_copy_works_alike_when_sent_to_another_process(espeak: EspeakPhonemizer) -> None:
    espeak(["used before"])
    copy = pickle.loads(pickle.dumps(espeak))
    assert copy == espeak
    assert copy(["hi"]) == espeak(["hi"])


@pytest.mark.parametrize(
    ("language", "voice"),
    [("en-us", ("en-us", "English")), ("en-gb", ("en", "English")), ("fr-fr", ("fr", "French"))],
)
def test_voice_is_espeaks_own_name_when_the_language_has_another(language: str, voice: tuple[str, str]) -> None:
    assert EspeakPhonemizer(language).voice == voice
