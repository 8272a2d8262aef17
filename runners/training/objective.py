"""What one training step minimises, from the model's pass over a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.bounds import check_fields
from vits.common.errors import InputError
from vits.common.quantities import Weight
from vits.corpus.batching import Batch
from vits.losses import MultiScaleMelLoss, SubbandSTFTLoss, kl_loss
from vits.pqmf import PQMF
from vits.segments import slice_segments
from vits.spectrogram import AudioAnalysis, MelSpectrogram
from vits.synthesizer import TrainingPass


@dataclass(frozen=True)
class LossWeights:
    """How much each loss of the generator counts. The multi-scale mel loss is computed only if it counts."""

    mel: Weight = 45.0
    kl: Weight = 1.0
    duration: Weight = 1.0
    subband_stft: Weight = 1.0
    multi_scale_mel: Weight = 0.0
    adversarial: Weight = 1.0
    feature_matching: Weight = 1.0
    duration_adversarial: Weight = 1.0

    def __post_init__(self) -> None:
        check_fields(self, "training.loss_weights")

    def total(self, losses: Mapping[str, Tensor], penalties: Mapping[str, Tensor] | None = None) -> Float[Tensor, ""]:
        """The weighted sum of the losses that are there, and of penalties, which bring their weights along.

        Raises:
            InputError: a loss has no weight.
        """
        weights = {column.name: getattr(self, column.name) for column in fields(self)}
        unknown = [name for name in losses if name not in weights]
        if unknown:
            raise InputError(f"the loss {unknown[0]!r} has no weight; training.loss_weights knows {', '.join(weights)}")
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        return total + torch.stack(list(penalties.values())).sum() if penalties else total


MEL_TARGETS = ("segment", "whole_recording")


def check_mel_target(mel_target: str) -> None:
    """Check the name of a mel loss's target.

    Raises:
        InputError: there is no such target.
    """
    if mel_target not in MEL_TARGETS:
        raise InputError(f"training.mel_target={mel_target} is unknown; choose one of {', '.join(MEL_TARGETS)}")


class Objective(nn.Module):
    """The losses that need no discriminator: audio, prior and durations against the recording.

    `mel_target` says what the mel spectrogram of the decoded segment is compared with. `segment`: that of the
    recording's same segment, so that both see the same reflection beyond their ends and equal audio has no loss.
    `whole_recording`: the same frames of the whole recording's spectrogram, as the reference has it; its first
    and last one or two frames hear what stands beside the segment, which the decoded segment can't.
    """

    def __init__(self, analysis: AudioAnalysis, weights: LossWeights, mel_target: str = "segment") -> None:
        super().__init__()
        check_mel_target(mel_target)
        self.of_whole_recording = mel_target == "whole_recording"
        self.hop_length = analysis.hop_length
        self.mel = MelSpectrogram(analysis)
        self.multi_scale_mel = MultiScaleMelLoss(analysis.sample_rate) if weights.multi_scale_mel else None
        self.pqmf = PQMF()
        self.subband_stft = SubbandSTFTLoss()

    def real_segments(self, batch: Batch, made: TrainingPass) -> Float[Tensor, "batch 1 samples"]:
        """The recorded audio of the segments that were decoded."""
        return slice_segments(batch.wave, made.segment_starts * self.hop_length, made.decoded.audio.shape[2])

    def target_mels(
        self, batch: Batch, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]
    ) -> Float[Tensor, "batch mels frames"]:
        """The log-mels that the decoded segments should have."""
        if not self.of_whole_recording:
            return self.mel(real.squeeze(1))
        frames = real.shape[2] // self.hop_length
        cut = slice_segments(batch.spectrogram, made.segment_starts, frames)
        return cut if cut.shape[1] == self.mel.channels else self.mel.from_linear(cut)

    @torch.no_grad()
    def energies(
        self, made: TrainingPass, real: Float[Tensor, "batch 1 samples"]
    ) -> Float[Tensor, "resolutions 2"] | None:
        """What the sub-band loss of a part of a batch has to know of all parts, as their mean; None without bands."""
        if made.decoded.bands is None:
            return None
        with torch.autocast(real.device.type, enabled=False):
            return self.subband_stft.energies(made.decoded.bands.float(), self.pqmf.analysis(real))

    def forward(
        self,
        batch: Batch,
        made: TrainingPass,
        real: Float[Tensor, "batch 1 samples"],
        energies: Float[Tensor, "resolutions 2"] | None = None,
    ) -> dict[str, Tensor]:
        """The losses by their names; `energies` are those of the whole batch, where this is a part of one."""
        with torch.autocast(real.device.type, enabled=False):
            fake = made.decoded.audio.float()
            losses = {
                "mel": (self.target_mels(batch, made, real) - self.mel(fake.squeeze(1))).abs().mean(),
                "kl": kl_loss(
                    made.z_p,
                    made.posterior_log_deviation,
                    made.prior_mean,
                    made.prior_log_deviation,
                    made.frame_mask,
                ),
                "duration": made.duration_loss.float(),
            }
            if made.decoded.bands is not None:
                bands = made.decoded.bands.float()
                losses["subband_stft"] = self.subband_stft(bands, self.pqmf.analysis(real), energies)
            if self.multi_scale_mel is not None:
                losses["multi_scale_mel"] = self.multi_scale_mel(fake.squeeze(1), real.squeeze(1))
            return losses
