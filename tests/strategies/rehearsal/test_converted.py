from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from strategies.context import AdaptationContext, BaseSpeakers
from strategies.rehearsal.converted import Converted
from strategies.rehearsal.rehearsal import Rehearsed
from vits.common.errors import InputError
from vits.corpus.batching import collate
from vits.corpus.features import PreparedUtterance
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

NewContext = Callable[..., AdaptationContext]
SMALL = Converted(utterances=3)


@pytest.fixture
def rows(miniature: Synthesizer) -> dict[str, torch.Tensor]:
    """Where the two new voices start, of which the first is the third base speaker's."""
    return {"new": miniature.speaker_embedding.weight.detach()[2], "other": torch.linspace(-1, 1, 8)}


@pytest.fixture
def prepare(
    miniature_speakers: BaseSpeakers,
    new_context: NewContext,
    utterances: list[PreparedUtterance],
    rows: dict[str, torch.Tensor],
) -> NewContext:
    """The context of a base with three trained voices, six training sentences, and two new voices."""
    return lambda **settings: replace(
        new_context(miniature_speakers, **{"texts": utterances, **settings}), first_rows=lambda: rows
    )


def test_new_voices_get_sentences_that_others_said(prepare: NewContext, utterances: list[PreparedUtterance]) -> None:
    made = SMALL.prepare(prepare()).utterances
    assert Counter(item.clip.speaker for item in made) == {"new": 3, "other": 3}
    said = {name: {item.clip.text for item in utterances if item.clip.speaker == name} for name in ("new", "other")}
    for item in made:
        assert item.clip.text in said["other" if item.clip.speaker == "new" else "new"]


def test_every_sentence_comes_up_before_one_comes_again(
    prepare: NewContext, utterances: list[PreparedUtterance]
) -> None:
    made = Converted(utterances=4).prepare(prepare()).utterances
    counts = Counter(item.clip.text for item in made if item.clip.speaker == "new")
    assert len(counts) == sum(item.clip.speaker == "other" for item in utterances)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_own_sentences_are_said_when_there_are_no_others(
    prepare: NewContext, utterances: list[PreparedUtterance]
) -> None:
    own = [item for item in utterances if item.clip.speaker == "new"]
    made = SMALL.prepare(prepare(texts=own)).utterances
    assert {item.clip.text for item in made if item.clip.speaker == "new"} <= {item.clip.text for item in own}


def test_audio_is_the_models_conversion_of_what_a_base_voice_said(
    prepare: NewContext, miniature: Synthesizer, miniature_spec: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[tuple[int, torch.Tensor]] = []
    infer = Synthesizer.infer

    def noted(*given: torch.Tensor, **settings: object) -> object:
        speech = infer(*given, **settings)  # pyright: ignore[reportArgumentType]
        spoken.append((int(given[3]), speech.audio[0, :, : int(speech.lengths[0])]))
        return speech

    monkeypatch.setattr(Synthesizer, "infer", noted)
    made = Converted(utterances=1).prepare(prepare(segment_frames=1)).utterances
    monkeypatch.undo()
    (item,) = [item for item in made if item.clip.speaker == "new"]
    source, wave = spoken[0]
    miniature.eval()
    spectrogram = miniature_spec.spectrogram()(wave.clamp(-1, 1))
    lengths = torch.tensor([spectrogram.shape[2]])
    expected = miniature.convert(spectrogram, lengths, torch.tensor([source]), torch.tensor([2])).audio[0, 0]
    torch.testing.assert_close(item.wave, expected[: len(item.wave)].clamp(-1, 1))
    assert len(item.wave) == wave.shape[1]


def test_utterances_are_trained_as_the_new_voices(
    prepare: NewContext, miniature_spec: ModelSpec, miniature: Synthesizer
) -> None:
    made = SMALL.prepare(prepare())
    assert (made.rows, made.share) == ({}, 0.25)
    for item in made.utterances:
        assert item.spectrogram.shape[1] >= max(4, len(item.tokens))
        assert torch.equal(item.spectrogram, miniature_spec.spectrogram()(item.wave.unsqueeze(0)).squeeze(0))
    assert len({item.clip.name for item in made.utterances}) == len(made.utterances)
    batch = collate(made.utterances, {"new": 4, "other": 5})
    assert Counter(batch.speaker.tolist()) == {4: 3, 5: 3}
    assert miniature.speaker_embedding.n_speakers == 4, "the base is left as it is"


def test_record_says_what_was_made_and_of_which_voice(prepare: NewContext) -> None:
    assert SMALL.prepare(prepare()).record == {
        "share": 0.25,
        "utterances": {"converted": {"new": 3, "other": 3}},
    }
    assert Rehearsed().record == {}


def test_utterances_are_the_same_when_the_seed_is(prepare: NewContext) -> None:
    first, again, other = (SMALL.prepare(prepare(seed=seed)).utterances for seed in (1, 1, 2))
    assert all(torch.equal(a.wave, b.wave) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a.wave, b.wave) for a, b in zip(first, other, strict=True))


def test_base_is_unchanged_when_it_converts(prepare: NewContext, miniature: Synthesizer) -> None:
    before = {name: tensor.clone() for name, tensor in miniature.state_dict().items()}
    default = torch.random.get_rng_state()
    miniature.train()
    SMALL.prepare(prepare())
    assert all(module.training for module in miniature.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in miniature.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), default)


def test_rehearsal_is_refused_when_there_is_nobody_or_nothing(
    prepare: NewContext, new_context: NewContext, miniature_speakers: BaseSpeakers
) -> None:
    with pytest.raises(InputError, match="but there are 3 base voices, 0 sentences and 2 new voices; use rehearsal=n"):
        SMALL.prepare(prepare(texts=()))
    with pytest.raises(InputError, match="but there are 3 base voices, 0 sentences and 0 new voices; use rehearsal=n"):
        SMALL.prepare(new_context(miniature_speakers))
    with pytest.raises(InputError, match=r"as long as a training segment, training\.segment_frames=5000; lower it"):
        SMALL.prepare(prepare(segment_frames=5000))
