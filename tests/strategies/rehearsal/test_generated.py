from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from miniature_passes import passed

from strategies.context import AdaptationContext, BaseSpeakers
from strategies.rehearsal.generated import Generated
from vits.common.errors import InputError
from vits.corpus.batching import collate
from vits.corpus.features import PreparedUtterance
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

NewContext = Callable[..., AdaptationContext]
SMALL = Generated(utterances=6)


@pytest.fixture
def prepare(
    miniature_speakers: BaseSpeakers, new_context: NewContext, utterances: list[PreparedUtterance]
) -> NewContext:
    """The context of a base with three trained voices and six training sentences."""
    return lambda **settings: new_context(miniature_speakers, texts=utterances, **settings)


def test_base_voices_take_turns_when_they_speak(prepare: NewContext) -> None:
    made = SMALL.prepare(prepare())
    assert Counter(item.clip.speaker for item in made.utterances) == {"base/anna": 2, "base/bert": 2, "base/dora": 2}
    assert made.rows == {"base/anna": 0, "base/bert": 1, "base/dora": 3}
    assert made.share == 0.25


@pytest.mark.parametrize(("count", "voices"), [(1, ["anna"]), (2, ["anna", "bert"]), (7, ["anna", "bert", "dora"])])
def test_voices_stand_at_even_distances_when_there_are_fewer_or_more_utterances(
    count: int, voices: list[str], prepare: NewContext
) -> None:
    made = Generated(utterances=count).prepare(prepare())
    assert len(made.utterances) == count
    assert sorted({item.clip.speaker for item in made.utterances}) == [f"base/{name}" for name in voices]


def test_utterances_can_be_trained_when_they_were_spoken(
    prepare: NewContext, miniature_spec: ModelSpec, utterances: list[PreparedUtterance], miniature: Synthesizer
) -> None:
    made = SMALL.prepare(prepare())
    spectrogram = miniature_spec.spectrogram()
    sentences = {item.clip.text: item.tokens for item in utterances}
    for item in made.utterances:
        frames = item.spectrogram.shape[1]
        assert len(item.wave) == frames * miniature.samples_per_frame
        assert frames >= max(4, len(item.tokens))
        assert torch.equal(item.spectrogram, spectrogram(item.wave.unsqueeze(0)).squeeze(0))
        assert torch.equal(item.tokens, sentences[item.clip.text])
        assert item.clip.split == "rehearsal"
    assert len({item.clip.name for item in made.utterances}) == len(made.utterances)
    batch = collate(made.utterances, made.rows)
    assert passed(miniature, batch, segment_frames=4).z_p.isfinite().all()


def test_utterances_are_the_same_when_the_seed_is(prepare: NewContext) -> None:
    first, again, other = (SMALL.prepare(prepare(seed=seed)).utterances for seed in (1, 1, 2))
    assert all(torch.equal(a.wave, b.wave) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a.wave, b.wave) for a, b in zip(first, other, strict=True))


def test_base_and_default_generator_are_unchanged_when_its_voices_speak(
    prepare: NewContext, miniature: Synthesizer
) -> None:
    miniature.train()
    miniature.flow.eval()
    modes = [module.training for module in miniature.modules()]
    before = {name: tensor.clone() for name, tensor in miniature.state_dict().items()}
    default = torch.random.get_rng_state()
    SMALL.prepare(prepare())
    assert [module.training for module in miniature.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in miniature.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), default)


def test_short_sentences_are_spoken_again_with_other_words_when_a_segment_is_longer(
    prepare: NewContext,
) -> None:
    lengths = sorted(item.spectrogram.shape[1] for item in SMALL.prepare(prepare()).utterances)
    made = SMALL.prepare(prepare(segment_frames=lengths[-1]))
    assert made.utterances
    assert min(item.spectrogram.shape[1] for item in made.utterances) >= lengths[-1]


def test_rehearsal_is_refused_when_nothing_is_long_enough(prepare: NewContext) -> None:
    with pytest.raises(InputError, match=r"as long as a training segment, training\.segment_frames=5000; lower it"):
        Generated(utterances=2).prepare(prepare(segment_frames=5000))


def test_rehearsal_is_refused_when_nobody_can_speak_or_nothing_is_said(
    new_context: NewContext, miniature_speakers: BaseSpeakers, utterances: list[PreparedUtterance]
) -> None:
    nobody = BaseSpeakers((), torch.zeros(0, 8), torch.zeros(0, 0))
    with pytest.raises(InputError, match="but there are 0 voices and 6 sentences; use rehearsal=none"):
        SMALL.prepare(new_context(nobody, texts=utterances))
    with pytest.raises(InputError, match="but there are 3 voices and 0 sentences; use rehearsal=none"):
        SMALL.prepare(new_context(miniature_speakers))
