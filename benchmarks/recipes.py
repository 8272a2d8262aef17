"""What makes a small model speak soonest: `python benchmarks/recipes.py data.root=<corpus> [minutes=2] [only=a,b]`.

Every recipe of `RECIPES` is a set of overrides of `conf/pretrain.yaml`. Each trains a new model for the same
minutes of processor time (which, unlike time on the wall, doesn't depend on what else the machine does), and then
copies and speaks held-out sentences of the base voices. Other arguments go to every recipe, for example
`train_split=base evaluation=demo_base`. Prints a Markdown table.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from metrics.judges import Judges
from metrics.metric import KnownVoices
from metrics.summary import summarise
from runners.devices import make_fabric
from runners.evaluation import Evaluator
from runners.options import pretraining_from, register_options
from runners.pretraining.pretrain import load_base_voices
from runners.pretraining.run import Pretraining
from runners.trainer import Trainer
from runners.voices import Voices
from vits.corpus.batching import LengthBucketedBatches
from vits.model_spec import ModelSpec

CONF = Path(__file__).resolve().parent.parent / "conf"
AVERAGED_STEPS = 50  # at the end of a run, whose losses are reported
RECIPES: dict[str, tuple[str, ...]] = {
    "as it is": (),
    "upsampling multi-band decoder": (
        "model/decoder=multi_band_istft",
        "model.decoder.initial_channels=96",
        "training.loss_weights.multi_scale_mel=0",
    ),
    "segments of 64 frames": ("training.segment_frames=64",),
    "batches of 32": ("training.batch_size=32",),
    "learning rate 5e-4": ("training.optimizer.learning_rate=5e-4",),
    "learning rate 2e-3": ("training.optimizer.learning_rate=2e-3",),
    "one mel loss": ("training.loss_weights.multi_scale_mel=0",),
    "narrow prior (64 channels)": ("model.hidden_channels=64", "model.filter_channels=256"),
    "discriminators from the start": ("training.adversary_from_step=0",),
    "fp32": ("precision='32'",),
}


@dataclass(frozen=True)
class Outcome:
    """What a recipe reached: steps, processor seconds for each, mean losses at the end, and scores by name."""

    steps: int
    step_s: float
    mel: float
    kl: float
    scores: dict[str, float]


def main() -> None:
    arguments = dict(argument.split("=", 1) for argument in sys.argv[1:])
    minutes = float(arguments.pop("minutes", "2"))
    chosen = arguments.pop("only", ",".join(RECIPES)).split(",")
    shared = [f"{key}={value}" for key, value in arguments.items()]
    register_options()
    print(f"{minutes:g} minutes of processor time each, {torch.get_num_threads()} threads\n")
    print("| recipe | steps | ms a step | mel loss | KL | WER copied | SECS copied | WER from text | SECS from text |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in chosen:
        found = train_and_score(recipe([*shared, *RECIPES[name]]), 60 * minutes)
        scores = " | ".join(
            f"{found.scores[f'{kind} {metric}']:.2f}" for kind in ("copied", "spoken") for metric in ("wer", "secs")
        )
        numbers = f"{found.steps} | {1000 * found.step_s:.0f} | {found.mel:.3f} | {found.kl:.2f}"
        print(f"| {name} | {numbers} | {scores} |", flush=True)


def recipe(overrides: Sequence[str]) -> Pretraining:
    """A pretraining run with these overrides; only its settings are used."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("pretrain", list(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    return pretraining_from(OmegaConf.masked_copy(config, [key for key in config if key != "hydra"]))


def train_and_score(run: Pretraining, budget_s: float) -> Outcome:
    """Train from scratch for so many processor seconds, then score copy-synthesis and synthesis from text."""
    assert run.model is not None
    spec = ModelSpec(run.model)
    voices = load_base_voices(run, spec)
    torch.manual_seed(run.seed)
    synthesizer = spec.synthesizer(len(voices.speakers))
    fabric = make_fabric(run.device, run.precision)
    trainer = Trainer(fabric, synthesizer, spec.adversary(), spec.analysis(), run.training, run.seed)
    losses, used_s = train(trainer, voices, budget_s)
    last = pd.DataFrame(losses[-AVERAGED_STEPS:]).mean()
    return Outcome(trainer.step, used_s / trainer.step, last["mel"], last["kl"], score(run, trainer, voices))


def train(trainer: Trainer, voices: Voices, budget_s: float) -> tuple[list[dict[str, float]], float]:
    """The losses of each step, and the processor seconds that all took."""
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    batches = LengthBucketedBatches(voices.train.frames, trainer.settings.batch_size, trainer.seed)
    utterances, losses = list(voices.train), []
    start_s = time.process_time()
    while True:
        for report in trainer.epoch(utterances, speaker_ids, batches):
            losses.append(report.numbers())
            used_s = time.process_time() - start_s
            if used_s >= budget_s:
                return losses, used_s


def score(run: Pretraining, trainer: Trainer, voices: Voices) -> dict[str, float]:
    """Means over speakers of each metric, of `copied` and of `spoken` sentences."""
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    known = KnownVoices(voices.enrolment_recordings())
    judges = Judges(run.cache_dir, trainer.fabric.device)
    evaluator = Evaluator(run.metrics, voices, known, judges, run.evaluation, run.seed, speaker_ids=speaker_ids)
    spoken = evaluator.evaluate(trainer.synthesizer, trainer.step, lambda _: None).table
    references = evaluator.references(trainer.synthesizer, trainer.step)
    rows = references[references["reference"] == "copy_synthesis"].drop(columns="reference")
    tables = {"spoken": spoken, "copied": summarise(rows, run.metrics)}
    return {
        f"{kind} {metric.name}": float(table.loc[table["metric"] == metric.name, "mean"].iloc[0])
        for kind, table in tables.items()
        for metric in run.metrics
    }


if __name__ == "__main__":
    main()
