"""The training losses, each a function of tensors; their weights belong to the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.errors import InputError
from vits.discriminators import Judgement
from vits.spectrogram import AudioAnalysis, MelSpectrogram
from vits.stft import ShortTimePower

POWER_FLOOR = 1e-7

Loss = Float[Tensor, ""]


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Loss:
    """Least squares GAN: real scores should be 1, fake ones 0 (Mao et al., LSGAN, 2017, equation 2)."""
    return torch.stack(
        [(1 - r.float()).square().mean() + f.float().square().mean() for r, f in zip(real, fake, strict=True)]
    ).sum()


def generator_loss(fake: Sequence[Tensor]) -> Loss:
    """Least squares GAN: the generator wants its scores to be 1."""
    return torch.stack([(1 - f.float()).square().mean() for f in fake]).sum()


def feature_matching_loss(real: Sequence[Judgement], fake: Sequence[Judgement]) -> Loss:
    """Twice the mean absolute difference of all activations (Larsen et al., 2016; HiFi-GAN, equation 6)."""
    differences = [
        (r.detach().float() - f.float()).abs().mean()
        for real_judgement, fake_judgement in zip(real, fake, strict=True)
        for r, f in zip(real_judgement.features, fake_judgement.features, strict=True)
    ]
    return 2 * torch.stack(differences).sum()


def kl_loss(
    z_p: Float[Tensor, "batch latent frames"],
    posterior_log_deviation: Float[Tensor, "batch latent frames"],
    prior_mean: Float[Tensor, "batch latent frames"],
    prior_log_deviation: Float[Tensor, "batch latent frames"],
    frame_mask: Float[Tensor, "batch 1 frames"],
) -> Loss:
    """Divergence of the posterior from the aligned prior, at the drawn z, per frame (VITS, equations 3, 4)."""
    logs_q, logs_p = posterior_log_deviation.float(), prior_log_deviation.float()
    distance = (z_p.float() - prior_mean.float()).square() * torch.exp(-2 * logs_p)
    return ((logs_p - logs_q - 0.5 + 0.5 * distance) * frame_mask).sum() / frame_mask.sum()


class SubbandSTFTLoss(nn.Module):
    """Multi-resolution STFT loss on PQMF bands: spectral convergence plus log-magnitude distance.

    Yamamoto et al., Parallel WaveGAN, 2020, equations 3 to 6, with the bands as a batch. Lengths in samples.
    """

    def __init__(
        self,
        n_ffts: Sequence[int] = (384, 683, 171),
        hop_lengths: Sequence[int] = (30, 60, 10),
        win_lengths: Sequence[int] = (150, 300, 60),
    ) -> None:
        super().__init__()
        if not len(n_ffts) == len(hop_lengths) == len(win_lengths):
            raise InputError(
                f"n_ffts={list(n_ffts)}, hop_lengths={list(hop_lengths)} and win_lengths={list(win_lengths)} "
                "must be equally many: one of each for every resolution"
            )
        self.transforms = nn.ModuleList(
            ShortTimePower(*resolution) for resolution in zip(n_ffts, hop_lengths, win_lengths, strict=True)
        )

    def forward(
        self,
        predicted: Float[Tensor, "batch bands time"],
        real: Float[Tensor, "batch bands time"],
        energies: Float[Tensor, "resolutions 2"] | None = None,
    ) -> Loss:
        """The loss; that of a part of a batch takes the `energies` of all of it.

        The losses of all parts, weighted by their numbers of utterances, are then that of the batch.
        """
        losses = []
        for i, (x, y) in enumerate(self._magnitudes(predicted, real)):
            if energies is None:
                convergence = torch.linalg.norm(y - x) / torch.linalg.norm(y)
            else:
                convergence = _part_of_convergence((y - x).square().sum() / len(predicted), energies[i])
            losses.append(convergence + (torch.log(y) - torch.log(x)).abs().mean())
        return torch.stack(losses).mean()

    @torch.no_grad()
    def energies(
        self, predicted: Float[Tensor, "batch bands time"], real: Float[Tensor, "batch bands time"]
    ) -> Float[Tensor, "resolutions 2"]:
        """Squared norms of the difference and of the real magnitudes at each resolution, per utterance.

        The convergence is the root of their quotient: it isn't the mean over parts of a batch, as these are.
        """
        norms = [torch.stack(((y - x).square().sum(), y.square().sum())) for x, y in self._magnitudes(predicted, real)]
        return torch.stack(norms) / len(predicted)

    def _magnitudes(self, predicted: Tensor, real: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Of both at each resolution, with the bands as a batch."""
        for transform in self.transforms:
            x = _magnitude(transform(rearrange(predicted, "b n t -> (b n) t").float()))
            with torch.no_grad():
                y = _magnitude(transform(rearrange(real, "b n t -> (b n) t").float()))
            yield x, y


class MultiScaleMelLoss(nn.Module):
    """Mean distance of log-mel spectrograms at several window lengths, in natural log units.

    A short window hears when, a long one which frequency: together they say more than the one mel spectrogram
    of the analysis. Kumar et al., High-Fidelity Audio Compression with Improved RVQGAN, 2023, section 3.4.
    """

    def __init__(
        self, sample_rate: int, n_ffts: Sequence[int] = (256, 512, 2048), n_mels: Sequence[int] = (40, 80, 128)
    ) -> None:
        super().__init__()
        self.spectrograms = nn.ModuleList(
            MelSpectrogram(
                AudioAnalysis(
                    sample_rate=sample_rate, n_fft=n_fft, hop_length=n_fft // 4, win_length=n_fft, n_mels=bands
                )
            )
            for n_fft, bands in zip(n_ffts, n_mels, strict=True)
        )

    def forward(self, fake: Float[Tensor, "batch samples"], real: Float[Tensor, "batch samples"]) -> Loss:
        distances = [(mel(real).detach() - mel(fake)).abs().mean() for mel in self.spectrograms]
        return torch.stack(distances).mean()


def _part_of_convergence(difference: Tensor, energies: Float[Tensor, "2"]) -> Loss:
    """`d / sqrt(D E)`, whose mean over the parts of a batch is the convergence `sqrt(D / E)` of all of it.

    `d` and `D` are the squared differences of the part and of all, `E` the real energy of all. As D moves with d, the
    root's gradient is half of what the part's has by itself.
    """
    part = difference / energies.prod().sqrt().clamp_min(torch.finfo(energies.dtype).tiny)
    return part / 2 + part.detach() / 2


def _magnitude(power: Tensor) -> Tensor:
    return torch.sqrt(power.clamp_min(POWER_FLOOR))
