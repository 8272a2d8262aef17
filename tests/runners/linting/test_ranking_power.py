from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from linting_material import MakeClip

from metrics.statistics.planning import Variances, smallest_detectable_difference
from runners.linting.ranking_power import Planned, small_tests
from vits.corpus.clip import Clip

NOISY = {"wer": Variances(between_speakers=0.0005, within_speaker=0.04, mean_weight=8.0)}


def held_out(make_clip: MakeClip, per_speaker: int, speakers: int = 5) -> list[Clip]:
    """Sentences of eight words of each speaker."""
    names = [(f"s{speaker}", f"{speaker}-{i}") for speaker in range(speakers) for i in range(per_speaker)]
    text = "one two three four five six seven eight"
    return [make_clip(name, text, speaker=speaker, split="test") for speaker, name in names]


def test_test_set_is_too_small_when_it_has_three_sentences_of_each_voice(make_clip: MakeClip) -> None:
    (finding,) = small_tests(held_out(make_clip, 3), {}, NOISY, {"wer": 0.05})
    expected = smallest_detectable_difference(NOISY["wer"], n_speakers=5, sentences_per_speaker=3.0, mean_weight=8.0)
    assert finding.where == "test"
    assert finding.what == (
        "15 sentences, 120 words, can't rank strategies: the smallest difference that two of them would show "
        f"8 of 10 times is WER {expected:.2g}"
    )
    assert finding.why == "one word is 0.8 points of WER, and a smaller difference is lost in noise"


def test_advice_is_the_least_that_would_do_when_the_test_set_is_too_small(make_clip: MakeClip) -> None:
    (finding,) = small_tests(held_out(make_clip, 3), {}, NOISY, {"wer": 0.05})
    match = re.fullmatch(r"to show WER 0.05, score (\d+) sentences of each of 5 speakers", finding.remedy)
    assert match is not None
    enough = int(match[1])
    assert small_tests(held_out(make_clip, enough), {}, NOISY, {"wer": 0.05}) == []
    assert small_tests(held_out(make_clip, enough - 1), {}, NOISY, {"wer": 0.05}) != []


def test_more_speakers_are_advised_when_no_number_of_sentences_would_do(make_clip: MakeClip) -> None:
    differing = {"wer": Variances(between_speakers=0.1, within_speaker=0.04, mean_weight=8.0)}
    # (1.96 + 0.84)^2 (0.1 + 0.04 / 3) / 0.05^2 = 356 by the normal distribution; Student's t asks for two more
    (finding,) = small_tests(held_out(make_clip, 3), {}, differing, {"wer": 0.05})
    assert finding.remedy == ("to show WER 0.05, no number of sentences of 5 speakers would do; take 358 speakers")


def test_only_scored_sentences_count_when_an_evaluation_takes_few(make_clip: MakeClip) -> None:
    clips = held_out(make_clip, 200)
    assert small_tests(clips, {"test": 0}, NOISY, {"wer": 0.05}) == []
    (finding,) = small_tests(clips, {"test": 2}, NOISY, {"wer": 0.05})
    assert finding.what.startswith("10 of 1000 sentences, 80 words, can't rank")


def test_unrecorded_sentences_count_when_every_voice_speaks_them(make_clip: MakeClip) -> None:
    clips, texts = held_out(make_clip, 3), ["one two three four five six"] * 5
    (finding,) = small_tests(clips, {"test": 2}, NOISY, {"wer": 0.05}, texts)
    assert finding.what.startswith("10 of 15 sentences and 25 unrecorded ones, 230 words, can't rank strategies")
    expected = smallest_detectable_difference(
        NOISY["wer"], n_speakers=5, sentences_per_speaker=7.0, mean_weight=230 / 35
    )
    assert finding.what.endswith(f"WER {expected:.2g}")
    assert small_tests(clips, {}, NOISY, {"wer": 0.05}, texts * 40) == []


def test_unrecorded_sentences_dont_help_another_split_than_the_test(make_clip: MakeClip) -> None:
    clips = [make_clip(f"{i}", "one two", speaker=f"s{i}", split="homework") for i in range(3)]
    (finding,) = small_tests(clips, {}, NOISY, {"wer": 0.05}, ["one two three"] * 200)
    assert finding.what.startswith("3 sentences, 6 words")


def test_training_and_validation_are_not_asked_when_they_are_small(make_clip: MakeClip) -> None:
    clips = [make_clip("a", "Yes."), make_clip("b", "No.", split="validation")]
    assert small_tests(clips, {}, NOISY, {"wer": 0.05}) == []


def test_one_speaker_with_one_sentence_shows_nothing_when_planned(make_clip: MakeClip) -> None:
    (finding,) = small_tests(held_out(make_clip, 1, speakers=1), {}, NOISY, {"wer": 0.05})
    assert finding.what.endswith("8 of 10 times is WER inf")


@given(sentences=st.integers(2, 500), more=st.integers(1, 500))
def test_smallest_difference_shrinks_when_sentences_are_added(sentences: int, more: int) -> None:
    sizes = (float(sentences), float(sentences + more))
    few, many = (Planned("test", 5, size, 8.0, 1000).smallest("wer", NOISY["wer"]) for size in sizes)
    assert many < few
    assert math.isfinite(few)


@pytest.mark.parametrize("metric", ["secs"])
def test_metric_is_left_out_when_nothing_is_known_of_its_noise(metric: str, make_clip: MakeClip) -> None:
    assert small_tests(held_out(make_clip, 1), {}, NOISY, {metric: 0.01}) == []
