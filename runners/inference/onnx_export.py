"""From an adapted model to an ONNX file: phonemes in, audio out.

Inputs (all but the scales have any number of utterances, their batch):

tokens                [batch, tokens] int64, padded with 0; phonemes by the metadata's `symbols`; its `around` has the
                      ids that are put around each symbol (`blank`) and around the whole (`begin`, `end`)
token_lengths         [batch] int64
speaker               [batch] int64, by the metadata's `speakers`
noise                 [batch, latent, noise_frames] standard normal: the latent's noise in the first frames. The
                      runtime draws that of all further frames, so with 0 frames it draws everything
noise_scale           [1], the spread of the latent around its mean; 0.667 is usual
duration_noise_scale  [1], that of the durations, which the runtime draws; a deterministic predictor ignores it
length_scale          [1], above 1 slower, below 1 faster

Outputs: audio [batch, 1, samples] at the metadata's `sample_rate`, and lengths [batch] in samples.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from runners.inference.adapted_model import AdaptedModel
from runners.inference.onnx_files import Inputs, check_difference, run_onnx, write_onnx
from vits.synthesizer import Synthesizer

OUTPUTS = ("audio", "lengths")
DYNAMIC_SHAPES = {
    "tokens": {0: "batch", 1: "tokens"},
    "token_lengths": {0: "batch"},
    "speaker": {0: "batch"},
    "noise": {0: "batch", 2: "noise_frames"},
    "noise_scale": None,
    "duration_noise_scale": None,
    "length_scale": None,
}


class SpeakingModel(nn.Module):
    """Text to audio with every input a tensor and the latent's noise given, as far as it reaches."""

    def __init__(self, synthesizer: Synthesizer) -> None:
        super().__init__()
        self.synthesizer = synthesizer

    def forward(
        self,
        tokens: Int64[Tensor, "batch tokens"],
        token_lengths: Int64[Tensor, "batch"],
        speaker: Int64[Tensor, "batch"],
        noise: Float[Tensor, "batch latent noise_frames"],
        noise_scale: Float[Tensor, "1"],
        duration_noise_scale: Float[Tensor, "1"],
        length_scale: Float[Tensor, "1"],
    ) -> tuple[Float[Tensor, "batch 1 samples"], Int64[Tensor, "batch"]]:
        g = self.synthesizer.speaker_embedding(speaker)
        with self.synthesizer.who_speaks.told(speaker):
            prior = self.synthesizer.frame_prior(
                tokens, token_lengths, g, duration_noise_scale=duration_noise_scale, length_scale=length_scale
            )
            noise = torch.cat((noise, torch.randn_like(prior.mean)), dim=2)[:, :, : prior.mean.shape[2]]
            z = self.synthesizer.latent(prior, noise * noise_scale, g)
            audio = self.synthesizer.decoder(z, g, prior.lengths).audio
        return audio, prior.lengths * self.synthesizer.samples_per_frame


def write_own(model: AdaptedModel, path: Path, metadata: Mapping[str, str]) -> tuple[list[Path], float]:
    """Write the model with what a program needs to use it in the metadata; returns the file, and how far its audio is
    from PyTorch's.

    The model's weight norm is folded, as `load_adapted` leaves it.
    """
    # no two sizes alike and none of them 1, which the tracing would take for one and the same or for a constant
    example = example_inputs(model, token_lengths=(11, 7, 5), noise_frames=6, noise_scale=0.667)
    facts = {**metadata, **_metadata(model)}
    write_onnx(SpeakingModel(model.synthesizer), example, OUTPUTS, DYNAMIC_SHAPES, facts, path)
    return [path], _difference_from_torch(model, path)


def example_inputs(
    model: AdaptedModel, token_lengths: tuple[int, ...], noise_frames: int, noise_scale: float
) -> Inputs:
    """Random tokens of these lengths in random voices, with the durations' noise at 0."""
    generator = torch.Generator().manual_seed(0)
    batch, longest = len(token_lengths), max(token_lengths)
    encoder = model.spec.parts["text_encoder"]
    return {
        "tokens": torch.randint(0, encoder["n_symbols"], (batch, longest), generator=generator),
        "token_lengths": torch.tensor(token_lengths),
        "speaker": torch.randint(0, model.synthesizer.speaker_embedding.n_speakers, (batch,), generator=generator),
        "noise": torch.randn(batch, encoder["latent_channels"], noise_frames, generator=generator),
        "noise_scale": torch.tensor([noise_scale]),
        "duration_noise_scale": torch.zeros(1),
        "length_scale": torch.ones(1),
    }


def _metadata(model: AdaptedModel) -> dict[str, str]:
    """What a program must know to call the model: texts, where they are no plain text, in JSON."""
    alphabet = model.spec.alphabet()
    return {
        "sample_rate": str(model.spec.analysis().sample_rate),
        "language": model.language,
        "symbols": json.dumps({symbol: number for number, symbol in enumerate(alphabet.symbols)}, ensure_ascii=False),
        "around": json.dumps({"blank": alphabet.blank, "begin": list(alphabet.begin), "end": list(alphabet.end)}),
        "speakers": json.dumps(dict(model.speaker_ids), ensure_ascii=False),
    }


def _difference_from_torch(model: AdaptedModel, path: Path) -> float:
    """The largest difference of a sample between the file's audio and PyTorch's, of a batch not seen in tracing.

    Raises:
        RuntimeError: it is more than 1e-3, or the lengths differ.
    """
    speaking = SpeakingModel(model.synthesizer)
    inputs = example_inputs(model, token_lengths=(17, 2), noise_frames=0, noise_scale=0.667)
    with torch.no_grad():
        frames = int(speaking(**inputs)[1].max()) // model.synthesizer.samples_per_frame
        inputs = example_inputs(model, token_lengths=(17, 2), noise_frames=frames, noise_scale=0.667)
        audio, lengths = speaking(**inputs)
    its_audio, its_lengths = run_onnx(path, OUTPUTS, inputs)
    if not torch.equal(its_lengths, lengths):
        raise RuntimeError(f"{path} makes audio of other lengths than PyTorch: {its_lengths} and {lengths}")
    return check_difference(path, its_audio, audio)
