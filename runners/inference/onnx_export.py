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

import importlib.util
import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from runners.cli.inference_arguments import ExportArguments
from runners.inference.adapted_model import AdaptedModel, load_adapted
from vits.common.errors import InputError
from vits.synthesizer import Synthesizer

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
LARGEST_DIFFERENCE = 1e-3  # between PyTorch's and ONNX Runtime's audio
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

Inputs = dict[str, Tensor]


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


def export_cell(arguments: ExportArguments) -> None:
    """Write the ONNX file, try it, and say how far its audio is from PyTorch's.

    Raises:
        InputError: a package is missing, or the cell or the place to write can't be used.
    """
    require_packages()
    path = Path(arguments.out)
    _check_writable(path)
    model = load_adapted(Path(arguments.run), torch.device("cpu"))
    export_model(model, path)
    difference = difference_from_torch(model, path)
    print(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB; its audio is within {difference:.0e} of PyTorch's)")


def require_packages() -> None:
    """Check that what ONNX needs is installed.

    Raises:
        InputError: it isn't.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"ONNX export needs {', '.join(missing)}; install the extra: pip install -e '.[export]'")


def _check_writable(path: Path) -> None:
    if path.suffix != ".onnx":
        raise InputError(f"out={path} must end in .onnx")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"can't write to {path.parent} ({error.strerror}); choose another out=...") from None
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(f"can't write {path}; choose another out=...")


def export_model(model: AdaptedModel, path: Path) -> None:
    """Write the model with what a program needs to use it in the metadata; the file is there in whole or not.

    The model's weight norm is folded, as `load_adapted` leaves it.
    """
    speaking = SpeakingModel(model.synthesizer).eval()
    # no two sizes alike and none of them 1, which the tracing would take for one and the same or for a constant
    example = example_inputs(model, token_lengths=(11, 7, 5), noise_frames=6, noise_scale=0.667)
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            speaking,
            kwargs=example,
            input_names=list(example),
            output_names=OUTPUTS,
            dynamic_shapes=DYNAMIC_SHAPES,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # it is None only of the older exporter
    program.model.metadata_props.update(_metadata(model))
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        program.save(partial, external_data=False)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


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


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's words on packages that this model doesn't need and on its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def difference_from_torch(model: AdaptedModel, path: Path) -> float:
    """The largest difference of a sample between the file's audio and PyTorch's, of a batch not seen in tracing.

    Raises:
        RuntimeError: it is more than 1e-3, or the lengths differ.
    """
    import onnxruntime

    speaking = SpeakingModel(model.synthesizer)
    inputs = example_inputs(model, token_lengths=(17, 2), noise_frames=0, noise_scale=0.667)
    with torch.no_grad():
        frames = int(speaking(**inputs)[1].max()) // model.synthesizer.samples_per_frame
        inputs = example_inputs(model, token_lengths=(17, 2), noise_frames=frames, noise_scale=0.667)
        audio, lengths = speaking(**inputs)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    its_audio, its_lengths = session.run(OUTPUTS, {name: value.numpy() for name, value in inputs.items()})
    same_lengths = torch.equal(torch.from_numpy(its_lengths), lengths)
    difference = float((torch.from_numpy(its_audio) - audio).abs().max()) if same_lengths else float("inf")
    if difference > LARGEST_DIFFERENCE:
        raise RuntimeError(f"the audio of {path} is not PyTorch's: it differs by {difference}")
    return difference
