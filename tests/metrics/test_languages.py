"""Other languages than English: who hears them, how their texts are made alike, and what can't be judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from espeak_speech import spoken

from metrics.cer import CharacterErrorRate
from metrics.cer_faster_whisper import FasterWhisperCharacterErrorRate
from metrics.error_rate import normaliser_of
from metrics.judges.greedy_decoding import GreedyDecoder
from metrics.judges.judge import Judges
from metrics.judges.judge_weights import fetch
from metrics.judges.whisper_judge import WhisperJudge
from metrics.judges.window_encoder import WindowEncoder
from metrics.metric import KnownVoices, Utterance
from metrics.wer import WordErrorRate
from metrics.wer_faster_whisper import FasterWhisperWordErrorRate
from vits.common.errors import InputError

GERMAN = ("Guten Morgen, wie geht es Ihnen heute?", "Ich habe ein großes Haus mit einem Garten.")


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("de", "Größe, (nicht) «zwei» & mehr!", "größe nicht zwei mehr"),
        ("es-419", "¿Qué hora es? ¡Ya!", "qué hora es ya"),
        ("cmn", "你好，世界。", "你 好 世 界"),
        ("ja", "はい。", "は い"),
        ("en-gb", "Colour & (sound)", "color and sound"),
    ],
)
def test_texts_are_made_alike_by_the_normaliser_of_their_language(language: str, text: str, words: str) -> None:
    assert normaliser_of(language)(text) == words


@pytest.mark.parametrize(
    ("language", "text", "heard", "rate"),
    [
        ("cmn", "你好，世界。", "你好世间", 1 / 4),
        ("th", "สวัสดี ครับ", "สวัสดีครับ", 0),
        ("de", "ein Haus", "einhaus", 1 / 8),
    ],
)
def test_letters_alone_are_counted_when_words_are_not_separated(
    language: str, text: str, heard: str, rate: float
) -> None:
    for metric in (CharacterErrorRate(model="tiny"), FasterWhisperCharacterErrorRate()):
        normalised = metric.normaliser(language)
        assert metric.count(normalised(text), normalised(heard)).rate == rate


def test_other_languages_are_refused_when_the_judge_hears_english_alone() -> None:
    for metric in (WordErrorRate(), CharacterErrorRate(model="small.en")):
        metric.check_language("en-gb")
        with pytest.raises(InputError, match=rf"hears English alone, and data.language=de; set metrics.{metric.name}"):
            metric.check_language("de")
    WordErrorRate(model="tiny").check_language("de")
    FasterWhisperWordErrorRate().check_language("pt-br")
    with pytest.raises(InputError, match=r"such as metrics=\[cer_faster_whisper,"):
        CharacterErrorRate().check_language("ja")
    with pytest.raises(InputError, match=r"Whisper doesn.t hear data\.language=grc"):
        FasterWhisperWordErrorRate().check_language("grc")


def test_any_official_name_is_a_model_and_the_judge_is_called_by_it() -> None:
    assert WordErrorRate(model="tiny").weights[0].sha256[:8] == "65147644"
    assert WordErrorRate(model="large-v3").judge_name == "whisper-large-v3"
    assert WordErrorRate().judge_name == "whisper-tiny.en"
    assert FasterWhisperWordErrorRate().judge_name == "faster-whisper-base-int8"
    with pytest.raises(InputError, match=r"no whisper weights 'tinny'; choose one of: tiny.en, tiny"):
        WordErrorRate(model="tinny")


def test_error_says_where_to_put_the_file_when_weights_cannot_be_fetched(judges_with_empty_cache: Judges) -> None:
    (weights,) = WhisperJudge.weights_named("small")
    unreachable = replace(weights, official_url="http://127.0.0.1:9/small.pt")
    with pytest.raises(InputError, match=r"can't get the whisper weights 'small' .* put the file with sha256 9ecf7799"):
        fetch(unreachable, judges_with_empty_cache.cache_dir)


def test_known_voices_are_others_when_they_speak_another_language() -> None:
    assert KnownVoices({}, language="de").digest != KnownVoices({}).digest
    assert KnownVoices({}, language="en-gb").digest == KnownVoices({}).digest


@pytest.mark.parametrize(("n_mels", "n_vocabulary"), [(80, 51865), (128, 51866)])
def test_multilingual_decoder_hears_what_whisper_hears_when_told_the_language(n_mels: int, n_vocabulary: int) -> None:
    import whisper
    from whisper.model import ModelDimensions, Whisper

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Whisper(ModelDimensions(n_mels, 1500, 64, 2, 1, n_vocabulary, 448, 64, 2, 1)).eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    wave = np.sin(np.arange(16_000, dtype=np.float32) / 9)
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(wave)), n_mels=n_mels)
    texts = set()
    for language in ("de", "es"):
        options = whisper.DecodingOptions(
            language=language, temperature=0.0, without_timestamps=True, fp16=False, sample_len=12
        )
        with torch.inference_mode():
            (ours,) = GreedyDecoder(model, language)([WindowEncoder(model, stride=1)(wave)])
            (theirs,) = whisper.decode(model, mel[None], options)
        assert ours.text.startswith(theirs.text.strip())
        texts.add(ours.text)
    assert len(texts) == 2


def test_german_is_heard_better_when_the_judge_is_told_that_it_is(judges: Judges) -> None:
    pytest.importorskip("faster_whisper")
    waves, sample_rate = spoken(list(GERMAN), "de")
    batch = [
        Utterance(str(n), "de", text, wave, sample_rate)
        for n, (text, wave) in enumerate(zip(GERMAN, waves, strict=True))
    ]
    metric = FasterWhisperWordErrorRate()
    told = metric.prepare(KnownVoices({}, language="de"), judges)(batch)
    untold = metric.prepare(KnownVoices({}), judges)(batch)
    assert np.mean([score.values[metric.name] for score in told]) < 0.5
    assert sum(score.values[metric.name] for score in told) < sum(score.values[metric.name] for score in untold)
