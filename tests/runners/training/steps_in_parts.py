"""Trainings of a miniature model in a process of their own: `steps_in_parts.py <cases.json> <folder>`.

For each number of parts, and for both precisions, it writes the losses of every step, and the gradients of the last.
With several devices it is begun once for each. oneDNN is off, whose kernels round otherwise for other sizes of a batch:
what is left is what the parts themselves change.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from synthetic_utterances import synthetic_utterances
from torch import Tensor, nn

from runners.training import devices
from runners.training.optimizer import OptimizerSettings
from runners.training.regime import Regime
from runners.training.trainer import Trainer, TrainingSettings
from strategies.penalties.penalty import Penalties
from vits.checkpoint import save_tensors
from vits.corpus.batching import Batch, LengthBucketedBatches, whole_of
from vits.corpus.features import PreparedUtterance
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer, TrainingPass

SETTINGS = TrainingSettings(batch_size=5, segment_frames=8, optimizer=OptimizerSettings(learning_rate=1e-3))


def in_double_precision() -> None:
    """What the code lifts to single precision is lifted to double, so that rounding is told from a mistake."""
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double
    devices.PRECISIONS["64"] = "64-true"


def utterances() -> list[PreparedUtterance]:
    """Seven of 20 to 52 frames: a batch of four and one of three, or of five and two."""
    return synthetic_utterances([20, 24, 31, 36, 40, 44, 52])


def encoded_again(synthesizer: Synthesizer, batch: Batch, made: TrainingPass) -> dict[str, Tensor]:
    """A penalty that draws: how far the text encoder is from what it said a moment ago, with other dropout."""
    g = synthesizer.speaker_embedding(batch.speaker)
    again = synthesizer.text_encoder(batch.tokens, batch.token_lengths, g)
    assert whole_of(batch).tokens.shape[1] == batch.tokens.shape[1]
    return {"encoded_again": (again.hidden - made.text_hidden.detach()).square().mean()}


def trainer_of(spec: ModelSpec, n_devices: int, accumulate: int, *, double: bool) -> Trainer:
    torch.manual_seed(0)
    synthesizer = spec.synthesizer(2)
    for coupling in synthesizer.flow.couplings:  # pyright: ignore[reportGeneralTypeIssues]
        nn.init.normal_(coupling.shift.projection.weight, std=0.1)
    synthesizer.speaker_embedding.add(torch.randn(8))  # a parameter that parts without this speaker leave alone
    fabric = devices.make_fabric("cpu", "64" if double else "32", n_devices)
    settings = replace(SETTINGS, accumulate=accumulate)
    regime = Regime(penalties=Penalties((encoded_again,)))
    trainer = Trainer(fabric, synthesizer, spec.adversary(), spec.analysis(), settings, seed=7, regime=regime)
    if double:
        trainer.objective.double()
    return trainer


def train(trainer: Trainer, steps: int, out: Path) -> None:
    material = utterances()
    batches = LengthBucketedBatches([item.spectrogram.shape[1] for item in material], SETTINGS.batch_size)
    losses: dict[str, Tensor] = {}
    while trainer.step < steps:
        for report in trainer.epoch(material, {"anna": 1, "bert": 2}, batches, until=steps):
            losses |= {f"{report.step}/{name}": value for name, value in report.values.items()}
    gradients = {
        f"gradient/{side}.{name}": parameter.grad
        for side, module in (("generator", trainer.synthesizer), ("adversary", trainer.adversary))
        for name, parameter in module.named_parameters()
        if parameter.grad is not None
    }
    if trainer.fabric.is_global_zero:
        save_tensors(losses | gradients, out)


def main(cases: dict[str, Any], folder: Path) -> None:
    torch.set_num_threads(1)
    torch.backends.mkldnn.set_flags(False)
    spec, n_devices = ModelSpec(cases["spec"]), cases["devices"]
    for precision, steps in (("single", cases["single_steps"]), ("double", cases["double_steps"])):
        if precision == "double":
            in_double_precision()
        for accumulate in cases[precision]:
            trainer = trainer_of(spec, n_devices, accumulate, double=precision == "double")
            train(trainer, steps, folder / f"{n_devices}x{accumulate} {precision}.safetensors")


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
