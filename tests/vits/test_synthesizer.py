from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from vits.losses import kl_loss
from vits.model_spec import ModelSpec
from vits.segments import random_segment_starts, slice_segments
from vits.synthesizer import Speech, Synthesizer, TrainingPass

SEGMENT_FRAMES = 8
N_SPEAKERS = 3
Speak = Callable[..., Speech]


@pytest.fixture(scope="module")
def model(miniature_spec: ModelSpec) -> Synthesizer:
    return awake(miniature_spec.synthesizer(N_SPEAKERS)).eval()


@pytest.fixture(scope="module")
def speak(model: Synthesizer) -> Speak:
    tokens = torch.randint(1, 20, (2, 12), generator=torch.Generator().manual_seed(0))

    def infer(seed: int = 0, **options: float) -> Speech:
        generator = torch.Generator().manual_seed(seed)
        return model.infer(tokens, torch.tensor([12, 7]), torch.tensor([0, 2]), generator=generator, **options)

    return infer


def awake(model: Synthesizer) -> Synthesizer:
    """The model with flow shifts that aren't the zeros they are initialised to."""
    torch.manual_seed(0)
    for coupling in model.flow.couplings:
        nn.init.normal_(coupling.shift.projection.weight, std=0.1)
    return model


def training_pass(model: Synthesizer, seed: int = 0) -> TrainingPass:
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    return model(
        torch.randint(1, 20, (3, 9), generator=generator),
        torch.tensor([9, 4, 6]),
        torch.randn(3, 80, 30, generator=generator),
        torch.tensor([24, 30, 17]),
        torch.tensor([0, 1, 2]),
        segment_frames=SEGMENT_FRAMES,
        generator=generator,
    )


def total_loss(made: TrainingPass) -> Tensor:
    divergence = kl_loss(
        made.z_p, made.posterior_log_deviation, made.prior_mean, made.prior_log_deviation, made.frame_mask
    )
    return made.decoded.audio.square().mean() + divergence + made.duration_loss


def test_every_parameter_gets_a_gradient_when_tiny_is_trained(tiny_spec: ModelSpec) -> None:
    model = awake(tiny_spec.synthesizer(N_SPEAKERS)).train()
    total_loss(training_pass(model)).backward()
    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # the bias of a key adds the same to all scores of a query, which the softmax doesn't see
    assert [name for name in still if not name.endswith("attention.key.bias")] == []


def test_duration_loss_moves_its_predictor_only_when_it_is_minimised(model: Synthesizer) -> None:
    made = training_pass(model)
    named = dict(model.named_parameters())
    gradients = torch.autograd.grad(made.duration_loss, list(named.values()), allow_unused=True)
    moved = {name for name, gradient in zip(named, gradients, strict=True) if gradient is not None}
    assert moved == {name for name in named if name.startswith("duration_predictor.")}


def test_pass_has_the_shapes_of_its_batch_when_training(model: Synthesizer) -> None:
    made = training_pass(model)
    assert made.decoded.audio.shape == (3, 1, SEGMENT_FRAMES * 256)
    assert made.decoded.bands is not None
    assert made.decoded.bands.shape == (3, 4, SEGMENT_FRAMES * 64)
    assert made.prior_mean.shape == made.z_p.shape == (3, 8, 30)
    assert made.durations.sum((1, 2)).tolist() == [24, 30, 17]
    assert ((made.durations > 0).float() == made.text_mask).all()
    assert (made.segment_starts + SEGMENT_FRAMES <= torch.tensor([24, 30, 17])).all()


def test_pass_repeats_when_seed_is_the_same(model: Synthesizer) -> None:
    one, again, other = (training_pass(model, seed) for seed in (3, 3, 4))
    assert torch.equal(one.decoded.audio, again.decoded.audio)
    assert torch.equal(one.z_p, again.z_p)
    assert not torch.equal(one.decoded.audio, other.decoded.audio)


def test_speech_repeats_when_generator_seed_is_the_same(speak: Speak) -> None:
    one, again, other = speak(seed=1), speak(seed=1), speak(seed=2)
    assert torch.equal(one.audio, again.audio)
    assert not torch.equal(one.audio, other.audio)
    assert torch.equal(one.alignment, other.alignment), "the deterministic predictor draws nothing"


def test_speech_needs_no_generator_when_noise_is_off(speak: Speak) -> None:
    assert torch.equal(speak(seed=1, noise_scale=0.0).audio, speak(seed=2, noise_scale=0.0).audio)


def test_lengths_and_alignment_fit_the_audio_when_speaking(speak: Speak, model: Synthesizer) -> None:
    speech = speak()
    frames = speech.lengths // model.samples_per_frame
    assert speech.audio.shape == (2, 1, int(speech.lengths.max()))
    assert torch.equal(speech.alignment.sum((1, 2)).long(), frames)
    assert (speech.alignment[1, :, 7:] == 0).all()
    assert (speech.z[1, :, frames[1] :] == 0).all()


@settings(max_examples=15)
@given(stretch=st.integers(2, 5))
def test_every_token_is_stretched_when_length_scale_is_a_whole_number(speak: Speak, stretch: int) -> None:
    plain = speak().alignment.sum(1)
    slow = speak(length_scale=float(stretch)).alignment.sum(1)
    assert (slow <= stretch * plain).all()  # durations are rounded up
    assert (slow >= stretch * (plain - 1) + (plain > 0)).all()
    assert slow[0].sum() > plain[0].sum()  # one token may stay: half a frame is rounded up to one, and so is one


@torch.no_grad()
def test_copy_synthesis_ignores_chance_when_repeated(model: Synthesizer) -> None:
    spectrogram = torch.randn(2, 80, 20, generator=torch.Generator().manual_seed(0))
    arguments = spectrogram, torch.tensor([20, 11]), torch.tensor([0, 1])
    one, again = model.reconstruct(*arguments), model.reconstruct(*arguments)
    assert one.audio.shape == (2, 1, 20 * 256)
    assert torch.equal(one.audio, again.audio)


@settings(max_examples=50)
@given(
    lengths=st.lists(st.integers(1, 50), min_size=1, max_size=8),
    segment=st.integers(1, 60),
    seed=st.integers(0, 1000),
)
def test_segments_lie_inside_when_they_fit(lengths: list[int], segment: int, seed: int) -> None:
    starts = random_segment_starts(torch.tensor(lengths), segment, torch.Generator().manual_seed(seed))
    for start, length in zip(starts.tolist(), lengths, strict=True):
        assert start == 0 if segment > length else 0 <= start <= length - segment


def test_segments_start_everywhere_when_drawn_often() -> None:
    starts = random_segment_starts(torch.full((500,), 12), 8, torch.Generator().manual_seed(0))
    assert set(starts.tolist()) == {0, 1, 2, 3, 4}


@settings(max_examples=30)
@given(data=st.data(), time=st.integers(1, 20), channels=st.integers(1, 3))
def test_segments_are_plain_slices_when_cut_from_a_batch(data: st.DataObject, time: int, channels: int) -> None:
    segment = data.draw(st.integers(1, time))
    starts = data.draw(st.lists(st.integers(0, time - segment), min_size=1, max_size=4))
    x = torch.arange(len(starts) * channels * time).view(len(starts), channels, time).float()
    cut = slice_segments(x, torch.tensor(starts), segment)
    for item, start in enumerate(starts):
        assert torch.equal(cut[item], x[item, :, start : start + segment])
