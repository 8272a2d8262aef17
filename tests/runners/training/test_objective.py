from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest
import torch
from miniature_passes import passed
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from runners.training.objective import LossWeights, Objective
from vits.common.errors import InputError
from vits.corpus.batching import Batch
from vits.model_spec import ModelSpec
from vits.spectrogram import LinearSpectrogram, MelSpectrogram
from vits.synthesizer import Synthesizer, TrainingPass

HOP_LENGTH = 256
SEGMENT = 16  # frames


@pytest.fixture(scope="module")
def objective(miniature_spec: ModelSpec) -> Objective:
    return Objective(miniature_spec.analysis(), LossWeights())


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Two utterances of 40 and 24 frames, of which the first sample is number 0 and number 100,000."""
    lengths = torch.tensor([40, 24])
    samples = 40 * HOP_LENGTH
    count = torch.arange(samples, dtype=torch.float32)
    return Batch(
        tokens=torch.ones(2, 6, dtype=torch.long),
        token_lengths=torch.tensor([6, 4]),
        spectrogram=torch.randn(2, 80, 40, generator=torch.Generator().manual_seed(0)),
        spectrogram_lengths=lengths,
        wave=torch.stack((count, count + 100_000)).unsqueeze(1),
        wave_lengths=lengths * HOP_LENGTH,
        speaker=torch.tensor([0, 1]),
    )


@pytest.fixture(scope="module")
def made(miniature_spec: ModelSpec, batch: Batch) -> TrainingPass:
    """A pass of a model with random weights; tests put their own tensors into it."""
    torch.manual_seed(0)
    synthesizer: Synthesizer = miniature_spec.synthesizer(2)
    with torch.no_grad():
        return passed(synthesizer, batch, segment_frames=SEGMENT, generator=torch.Generator().manual_seed(0))


def noise(seed: int) -> Tensor:
    return 0.1 * torch.randn(2, 1, SEGMENT * HOP_LENGTH, generator=torch.Generator().manual_seed(seed))


def with_audio(made: TrainingPass, audio: Tensor, bands: Tensor | None) -> TrainingPass:
    return made._replace(decoded=made.decoded._replace(audio=audio, bands=bands))


def test_real_segments_start_where_the_decoded_ones_do_when_cut(
    objective: Objective, batch: Batch, made: TrainingPass
) -> None:
    starts = torch.tensor([7, 3])
    real = objective.real_segments(batch, made._replace(segment_starts=starts))
    assert real.shape == made.decoded.audio.shape == (2, 1, SEGMENT * HOP_LENGTH)
    assert real[:, 0, 0].tolist() == [7 * HOP_LENGTH, 100_000 + 3 * HOP_LENGTH]
    assert real[:, 0, -1].tolist() == [23 * HOP_LENGTH - 1, 100_000 + 19 * HOP_LENGTH - 1]


def test_audio_losses_are_zero_when_the_audio_is_the_recording(
    objective: Objective, batch: Batch, made: TrainingPass
) -> None:
    real = noise(0)
    losses = objective(batch, with_audio(made, real, objective.pqmf.analysis(real)), real)
    assert losses["mel"].item() == 0.0
    assert losses["subband_stft"].item() == pytest.approx(0.0, abs=1e-6)


def test_mel_loss_is_the_logarithm_of_the_gain_when_audio_is_louder(
    objective: Objective, batch: Batch, made: TrainingPass
) -> None:
    real = noise(0)
    losses = objective(batch, with_audio(made, 3 * real, None), real)
    assert losses["mel"].item() == pytest.approx(math.log(3), rel=1e-3)


def test_subband_loss_adds_convergence_and_logarithm_when_bands_are_louder(
    objective: Objective, batch: Batch, made: TrainingPass
) -> None:
    real = noise(0)
    losses = objective(batch, with_audio(made, real, 2 * objective.pqmf.analysis(real)), real)
    # twice the magnitude is off by its own norm, and by log 2 in every bin above the floor
    assert losses["subband_stft"].item() == pytest.approx(1 + math.log(2), rel=1e-2)


def test_kl_loss_has_the_value_by_hand_when_tensors_are_constant(
    objective: Objective, batch: Batch, made: TrainingPass
) -> None:
    shape = made.z_p.shape
    constant = made._replace(
        z_p=torch.full(shape, 1.5),
        posterior_log_deviation=torch.full(shape, math.log(0.5)),
        prior_mean=torch.full(shape, 0.5),
        prior_log_deviation=torch.full(shape, math.log(2.0)),
    )
    # per latent channel: log(2 / 0.5) - 1/2 + 1/2 * (1.5 - 0.5)^2 / 2^2, and all of them per frame
    by_hand = shape[1] * (math.log(4) - 0.5 + 0.125)
    assert objective(batch, constant, noise(0))["kl"].item() == pytest.approx(by_hand, rel=1e-5)


def test_kl_loss_ignores_frames_beyond_the_end_when_padded(
    objective: Objective, batch: Batch, made: TrainingPass
) -> None:
    spoiled = made.z_p.clone()
    spoiled[1, :, 24:] = 1e3
    assert made.frame_mask[1, 0, 24:].sum() == 0
    before, after = (objective(batch, made._replace(z_p=z), noise(0))["kl"].item() for z in (made.z_p, spoiled))
    assert before == after


def test_duration_loss_is_the_predictors_own_when_passed_on(
    objective: Objective, batch: Batch, made: TrainingPass
) -> None:
    losses = objective(batch, made._replace(duration_loss=torch.tensor(0.75)), noise(0))
    assert losses["duration"].item() == 0.75


def test_there_is_no_subband_loss_when_the_decoder_has_no_bands(
    objective: Objective, batch: Batch, made: TrainingPass
) -> None:
    real = noise(0)
    assert objective(batch, with_audio(made, real, None), real).keys() == {"mel", "kl", "duration"}


def test_total_is_the_weighted_sum_when_some_losses_are_there() -> None:
    weights = LossWeights(mel=45.0, kl=0.5, duration=2.0)
    losses = {"mel": torch.tensor(2.0), "kl": torch.tensor(4.0), "duration": torch.tensor(-3.0)}
    assert weights.total(losses).item() == 45 * 2 + 0.5 * 4 - 2 * 3


def test_every_weight_counts_when_all_losses_are_there() -> None:
    names = [column.name for column in fields(LossWeights)]
    weights = LossWeights(**{name: 2.0**index for index, name in enumerate(names)})
    for index, name in enumerate(names):
        losses = {other: torch.tensor(float(other == name)) for other in names}
        assert weights.total(losses).item() == 2.0**index


def test_total_is_refused_when_a_loss_has_no_weight() -> None:
    with pytest.raises(InputError, match="surprise"):
        LossWeights().total({"surprise": torch.tensor(1.0)})


def test_multi_scale_mel_loss_is_there_when_it_counts_only(
    miniature_spec: ModelSpec, batch: Batch, made: TrainingPass
) -> None:
    real = noise(0)
    weighed = Objective(miniature_spec.analysis(), LossWeights(multi_scale_mel=15.0))
    losses = weighed(batch, with_audio(made, 3 * real, None), real)
    assert losses["multi_scale_mel"].item() == pytest.approx(math.log(3), rel=1e-2)
    assert weighed(batch, with_audio(made, real, None), real)["multi_scale_mel"].item() == 0.0
    unweighed = Objective(miniature_spec.analysis(), LossWeights())
    assert "multi_scale_mel" not in unweighed(batch, with_audio(made, real, None), real)


@pytest.mark.parametrize("kind", [MelSpectrogram, LinearSpectrogram])
def test_mel_target_is_cut_out_of_each_whole_recording_when_the_reference_is_followed(
    kind: type[MelSpectrogram | LinearSpectrogram], miniature_spec: ModelSpec, batch: Batch, made: TrainingPass
) -> None:
    analysis, generator = miniature_spec.analysis(), torch.Generator().manual_seed(0)
    lengths, starts = batch.spectrogram_lengths.tolist(), [5, 24 - SEGMENT]  # the second up to its recording's end
    waves = [0.1 * torch.randn(1, frames * HOP_LENGTH, generator=generator) for frames in lengths]
    spectrograms = [kind(analysis)(wave)[0] for wave in waves]  # each alone: it reflects at its own end
    whole = replace(
        batch,
        wave=pad_sequence([wave[0] for wave in waves], batch_first=True).unsqueeze(1),
        spectrogram=pad_sequence([s.T for s in spectrograms], batch_first=True).mT.contiguous(),
    )
    made = with_audio(made._replace(segment_starts=torch.tensor(starts)), noise(1), None)
    mel = MelSpectrogram(analysis)
    cut = [mel(wave)[0, :, start : start + SEGMENT] for wave, start in zip(waves, starts, strict=True)]
    by_hand = (torch.stack(cut) - mel(noise(1).squeeze(1))).abs().mean()

    reference = Objective(analysis, LossWeights(), "whole_recording")
    adapted = Objective(analysis, LossWeights(), "segment")
    real = reference.real_segments(whole, made)
    torch.testing.assert_close(reference(whole, made, real)["mel"], by_hand, atol=0, rtol=1e-6)
    assert abs(adapted(whole, made, real)["mel"] / by_hand - 1) > 1e-4


def test_mel_target_is_refused_when_it_is_unknown(miniature_spec: ModelSpec) -> None:
    with pytest.raises(InputError, match="mel_target=half is unknown; choose one of segment, whole_recording"):
        Objective(miniature_spec.analysis(), LossWeights(), "half")
