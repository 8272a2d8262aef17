"""The whole generator: what it computes in training, in synthesis from text and in copy-synthesis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.utils.parametrize import cached

from vits.alignment import alignment_scores, expand_durations, search_alignment
from vits.batch_rows import BatchNoise
from vits.decoder import DecodedAudio
from vits.layers import length_mask
from vits.length_groups import Rows, groups_of_like_length, put_together
from vits.segments import random_segment_starts, slice_segments
from vits.sentence_noise import Noise, gaussian_like
from vits.speaker_embedding import SpeakerEmbedding
from vits.who_speaks import WhoSpeaks


class Speech(NamedTuple):
    """Synthesised audio. `lengths` are in samples; `alignment` says which frame speaks which token.

    `bands` are the signals that were joined into the audio, of a decoder that joins several.
    """

    audio: Float[Tensor, "batch 1 samples"]
    lengths: Int64[Tensor, "batch"]
    bands: Float[Tensor, "batch bands time"] | None
    alignment: Float[Tensor, "batch frames tokens"]
    z: Float[Tensor, "batch latent frames"]


class FramePrior(NamedTuple):
    """The prior of every frame of an utterance, after its tokens were given their durations."""

    mean: Float[Tensor, "batch latent frames"]
    log_deviation: Float[Tensor, "batch latent frames"]
    lengths: Int64[Tensor, "batch"]
    mask: Float[Tensor, "batch 1 frames"]
    alignment: Float[Tensor, "batch frames tokens"]

    def longest(self, rows: Rows) -> int:
        """Frames of the longest of some items."""
        return int(self.lengths[rows].max())

    def of(self, rows: Rows) -> FramePrior:
        """That of some items alone, no longer than the longest of them."""
        end = self.longest(rows)
        mean, log_deviation, mask = (part[rows, :, :end] for part in (self.mean, self.log_deviation, self.mask))
        return FramePrior(mean, log_deviation, self.lengths[rows], mask, self.alignment[rows, :end])


class TrainingPass(NamedTuple):
    """Everything that the losses of one batch are computed from."""

    decoded: DecodedAudio
    segment_starts: Int64[Tensor, "batch"]
    z_p: Float[Tensor, "batch latent frames"]
    posterior_log_deviation: Float[Tensor, "batch latent frames"]
    prior_mean: Float[Tensor, "batch latent frames"]
    prior_log_deviation: Float[Tensor, "batch latent frames"]
    frame_mask: Float[Tensor, "batch 1 frames"]
    duration_loss: Float[Tensor, ""]
    predicted_log_durations: Float[Tensor, "batch 1 tokens"]
    durations: Float[Tensor, "batch 1 tokens"]
    text_hidden: Float[Tensor, "batch hidden tokens"]
    text_mask: Float[Tensor, "batch 1 tokens"]
    alignment: Float[Tensor, "batch frames tokens"]


class Synthesizer(nn.Module):
    """MB-iSTFT-VITS2 assembled from its parts; each part is any module with the signature of its kind.

    Kim et al., VITS, 2021; Kong et al., VITS2, 2023; Kawamura et al., MB-iSTFT-VITS, 2022.
    """

    def __init__(
        self,
        text_encoder: nn.Module,
        posterior_encoder: nn.Module,
        flow: nn.Module,
        duration_predictor: nn.Module,
        decoder: nn.Module,
        speaker_embedding: SpeakerEmbedding,
    ) -> None:
        super().__init__()
        self.text_encoder = text_encoder
        self.posterior_encoder = posterior_encoder
        self.flow = flow
        self.duration_predictor = duration_predictor
        self.decoder = decoder
        self.speaker_embedding = speaker_embedding
        self.who_speaks = WhoSpeaks()

    def forward(
        self,
        tokens: Int64[Tensor, "batch tokens"],
        token_lengths: Int64[Tensor, "batch"],
        spectrogram: Float[Tensor, "batch bins frames"],
        spectrogram_lengths: Int64[Tensor, "batch"],
        speaker: Int64[Tensor, "batch"],
        *,
        segment_frames: int,
        alignment_noise_scale: float = 0.0,
        generator: BatchNoise = None,
    ) -> TrainingPass:
        """Encode text and speech, align them, and decode a random segment of each recording."""
        g = self.speaker_embedding(speaker)
        with self.who_speaks.told(speaker):
            text = self.text_encoder(tokens, token_lengths, g)
            frame_mask = length_mask(spectrogram_lengths, spectrogram.shape[2])
            posterior = self.posterior_encoder(spectrogram, frame_mask, g, generator=generator)
            z_p = self.flow(posterior.z, frame_mask, g)

            with torch.no_grad(), torch.autocast(z_p.device.type, enabled=False):
                scores = alignment_scores(z_p.float(), text.mean.float(), text.log_deviation.float())
                alignment = search_alignment(
                    scores, text.mask, frame_mask, noise_scale=alignment_noise_scale, generator=generator
                )
            durations = alignment.sum(1, keepdim=True)
            duration_fit = self.duration_predictor.fit(  # pyright: ignore[reportCallIssue]
                text.hidden, text.mask, g, durations, generator=generator
            )

            starts = random_segment_starts(spectrogram_lengths, segment_frames, generator)
            segment = slice_segments(posterior.z, starts, segment_frames)
            return TrainingPass(
                decoded=self.decoder(segment, g),
                segment_starts=starts,
                z_p=z_p,
                posterior_log_deviation=posterior.log_deviation,
                prior_mean=text.mean @ alignment.mT.to(text.mean.dtype),
                prior_log_deviation=text.log_deviation @ alignment.mT.to(text.mean.dtype),
                frame_mask=frame_mask,
                duration_loss=duration_fit.loss,
                predicted_log_durations=duration_fit.log_durations,
                durations=durations,
                text_hidden=text.hidden,
                text_mask=text.mask,
                alignment=alignment,
            )

    @torch.no_grad()
    def infer(
        self,
        tokens: Int64[Tensor, "batch tokens"],
        token_lengths: Int64[Tensor, "batch"],
        speaker: Int64[Tensor, "batch"],
        *,
        noise_scale: float = 0.667,
        duration_noise_scale: float = 0.8,
        length_scale: float = 1.0,
        generator: Noise = None,
    ) -> Speech:
        """Speak the text.

        `noise_scale` is the spread of the latent around the prior's mean, `duration_noise_scale` that of a
        stochastic duration predictor, and `length_scale` stretches time. With a generator for each sentence,
        its audio is what it is alone, and zero behind its end; one for all hands out noise by the batch's shape.
        """
        g = self.speaker_embedding(speaker)
        with self.who_speaks.told(speaker):
            prior = self.frame_prior(
                tokens,
                token_lengths,
                g,
                duration_noise_scale=duration_noise_scale,
                length_scale=length_scale,
                generator=generator,
            )
        noise = gaussian_like(prior.mean, generator, prior.mask) * noise_scale
        groups = groups_of_like_length(prior.lengths)
        with cached():  # normed weights are the same for all groups
            spoken = [self._spoken(rows, prior, noise, g, speaker) for rows in groups]
        latents = [latent for latent, _ in spoken]
        decoded = _joined(groups, [part for _, part in spoken])
        z = put_together(groups, latents)
        joined = decoded.bands if decoded.streams is None else decoded.streams
        return Speech(decoded.audio, prior.lengths * self.samples_per_frame, joined, prior.alignment, z)

    def frame_prior(
        self,
        tokens: Int64[Tensor, "batch tokens"],
        token_lengths: Int64[Tensor, "batch"],
        g: Float[Tensor, "batch gin 1"],
        *,
        duration_noise_scale: float | Float[Tensor, "1"],
        length_scale: float | Float[Tensor, "1"],
        generator: Noise = None,
    ) -> FramePrior:
        """Where the latent of each frame is expected, from the text alone; `g` are the speakers' embeddings."""
        text = self.text_encoder(tokens, token_lengths, g)
        log_durations = self.duration_predictor.predict(  # pyright: ignore[reportCallIssue]
            text.hidden, text.mask, g, noise_scale=duration_noise_scale, generator=generator
        )
        durations = torch.ceil(torch.exp(log_durations) * text.mask * length_scale)
        frames = durations.sum((1, 2)).clamp_min(1).long()
        mask = length_mask(frames)
        alignment = expand_durations(durations, mask)
        return FramePrior(text.mean @ alignment.mT, text.log_deviation @ alignment.mT, frames, mask, alignment)

    def latent(
        self, prior: FramePrior, noise: Float[Tensor, "batch latent frames"], g: Float[Tensor, "batch gin 1"]
    ) -> Float[Tensor, "batch latent frames"]:
        """What the decoder speaks: so many of the prior's deviations away from its mean, and through the flow."""
        z_p = prior.mean + noise * torch.exp(prior.log_deviation)
        return self.flow.inverse(z_p, prior.mask, g) * prior.mask  # pyright: ignore[reportCallIssue]

    def _spoken(
        self,
        rows: Rows,
        prior: FramePrior,
        noise: Float[Tensor, "batch latent frames"],
        g: Float[Tensor, "batch gin 1"],
        speaker: Int64[Tensor, "batch"],
    ) -> tuple[Float[Tensor, "_ latent _"], DecodedAudio]:
        """The latent and the audio of some items alone."""
        with self.who_speaks.told(speaker[rows]):
            z = self.latent(prior.of(rows), noise[rows, :, : prior.longest(rows)], g[rows])
            return z, self.decoder(z, g[rows], ends(prior.lengths[rows], z.shape[2]))

    @torch.no_grad()
    def reconstruct(
        self,
        spectrogram: Float[Tensor, "batch bins frames"],
        spectrogram_lengths: Int64[Tensor, "batch"],
        speaker: Int64[Tensor, "batch"],
    ) -> DecodedAudio:
        """Copy-synthesis: what the decoder makes of the mean of a recording's own latent."""
        g = self.speaker_embedding(speaker)
        mask = length_mask(spectrogram_lengths, spectrogram.shape[2])
        with self.who_speaks.told(speaker):
            z = self.posterior_encoder(spectrogram, mask, g, noise_scale=0.0).z
            return self.decoder(z, g, ends(spectrogram_lengths, z.shape[2]))

    @torch.no_grad()
    def convert(
        self,
        spectrogram: Float[Tensor, "batch bins frames"],
        spectrogram_lengths: Int64[Tensor, "batch"],
        source: Int64[Tensor, "batch"],
        target: Int64[Tensor, "batch"],
    ) -> DecodedAudio:
        """Voice conversion: the same words at the same pace, in another speaker's voice.

        The flow takes the source out of the recording's latent (its posterior mean, so that nothing is drawn),
        and its inverse puts the target in. VITS, section 4.4.
        """
        of_source, of_target = self.speaker_embedding(source), self.speaker_embedding(target)
        return self.revoice(spectrogram, spectrogram_lengths, of_source, of_target, source=source, target=target)

    @torch.no_grad()
    def revoice(
        self,
        spectrogram: Float[Tensor, "batch bins frames"],
        spectrogram_lengths: Int64[Tensor, "batch"],
        of_source: Float[Tensor, "batch gin 1"],
        of_target: Float[Tensor, "batch gin 1"],
        *,
        source: Int64[Tensor, "batch"] | None = None,
        target: Int64[Tensor, "batch"] | None = None,
    ) -> DecodedAudio:
        """Voice conversion between embeddings, which needn't be anybody's; the ids are of those whose they are."""
        mask = length_mask(spectrogram_lengths, spectrogram.shape[2])
        unheard = torch.Generator(spectrogram.device)  # noise of no scale is drawn from it, and others' draws stay
        with self.who_speaks.told(source):
            z = self.posterior_encoder(spectrogram, mask, of_source, noise_scale=0.0, generator=unheard).z
            z_p = self.flow(z, mask, of_source)
        with self.who_speaks.told(target):
            converted = self.flow.inverse(z_p, mask, of_target)  # pyright: ignore[reportCallIssue]
            return self.decoder(converted * mask, of_target, ends(spectrogram_lengths, mask.shape[2]))

    @property
    def samples_per_frame(self) -> int:
        """Samples of audio that the decoder makes of one frame of the latent."""
        return int(self.decoder.samples_per_frame)  # pyright: ignore[reportArgumentType]


def ends(lengths: Int64[Tensor, "batch"], longest: int) -> Int64[Tensor, "batch"] | None:
    """The lengths for the decoder; none if all items are as long as their batch, which saves it masking."""
    return None if bool((lengths == longest).all()) else lengths


def _joined(groups: Sequence[Rows], parts: Sequence[DecodedAudio]) -> DecodedAudio:
    """The audio of a batch whose items were decoded in groups of like length."""
    audio, bands, streams = (
        None if of_groups[0] is None else put_together(groups, of_groups)  # pyright: ignore[reportArgumentType]
        for of_groups in zip(*parts, strict=True)
    )
    assert audio is not None
    return DecodedAudio(audio, bands, streams)
