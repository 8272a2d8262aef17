"""What makes a small model speak soonest: `python benchmarks/recipes.py data.root=<corpus> [minutes=2] [only=a;b]`.

Every recipe of `RECIPES` is a set of overrides of `conf/pretrain.yaml`, and may have stages and averaged weights.
Each trains a new model for the same minutes of processor time (which, unlike time on the wall, doesn't depend on
what else the machine does), then copies and speaks held-out sentences of the base voices, and guesses each voice's
embedding from its voiceprint and the others' (`leave_one_out_error`; the mean's is 1).
Other arguments go to every recipe, for example `train_split=base evaluation=demo_base`, or
`start_from=assets/demo_base model=of_base` to go on with a base. Prints a Markdown table.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from metrics.judges.judge import Judges
from metrics.metric import KnownVoices
from metrics.summary import summarise
from runners.config.composed_pretraining import pretraining_from
from runners.config.registration import register_options
from runners.evaluation.evaluator import Evaluator
from runners.pretraining.pretraining_run import Pretraining
from runners.pretraining.process import load_base_voices
from runners.pretraining.weights_from_base import load_from
from runners.training.devices import make_fabric
from runners.training.trainer import Trainer
from runners.voices.recorded_voices import Voices, enrol
from strategies.context import AdaptationContext, BaseSpeakers
from strategies.initialisers.embedding_init import leave_one_out_error
from vits.bundle import load_bundle
from vits.common.registry import registered
from vits.corpus.batching import LengthBucketedBatches
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

CONF = Path(__file__).resolve().parent.parent / "conf"
AVERAGED_STEPS = 50  # at the end of a run, whose losses are reported


@dataclass(frozen=True)
class Stage:
    """A part of a run: until which share of its time, with which loss weights, on which share of the utterances."""

    until: float = 1.0
    loss_weights: Mapping[str, float] = field(default_factory=dict)
    shortest: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """One way of training. With `average_decay` above 0 it is the exponentially averaged weights that are scored."""

    overrides: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = (Stage(),)
    average_decay: float = 0.0


RECIPES: dict[str, Recipe] = {
    "as it is": Recipe(),
    "upsampling multi-band decoder": Recipe(
        (
            "model/decoder=multi_band_istft",
            "model.decoder.initial_channels=96",
            "training.loss_weights.multi_scale_mel=0",
        )
    ),
    "segments of 64 frames": Recipe(("training.segment_frames=64",)),
    "batches of 32": Recipe(("training.batch_size=32",)),
    "learning rate 5e-4": Recipe(("training.optimizer.learning_rate=5e-4",)),
    "learning rate 2e-3": Recipe(("training.optimizer.learning_rate=2e-3",)),
    "one mel loss": Recipe(("training.loss_weights.multi_scale_mel=0",)),
    "narrow prior (64 channels)": Recipe(("model.hidden_channels=64", "model.filter_channels=256")),
    "discriminators from the start": Recipe(("training.adversary_from_step=0",)),
    "fp32": Recipe(("precision='32'",)),
    "moments of 32 bits": Recipe(("training.optimizer.moment_bits=32",)),
    "no noise on the alignment": Recipe(("training.alignment_noise=false",)),
    "rows drawn with deviation 1": Recipe(("model.speaker_embedding.initial_deviation=1.0",)),
    "rows at the rate of the weights": Recipe(("training.optimizer.embedding_rate_factor=1",)),
    "averaged weights (0.98)": Recipe(average_decay=0.98),
    "cooled down in the second half": Recipe(
        ("training.optimizer.cooldown_from_step=140", "training.optimizer.cooldown_steps=140")
    ),
    "short sentences first": Recipe(stages=(Stage(1 / 3, shortest=1 / 3), Stage(2 / 3, shortest=2 / 3), Stage())),
    "autoencoder before the prior": Recipe(stages=(Stage(1 / 3, {"kl": 0.05, "duration": 0.0}), Stage())),
}


@dataclass(frozen=True)
class Outcome:
    """What a recipe reached: steps, processor seconds for each, mean losses at the end, scores and misses by name."""

    steps: int
    step_s: float
    mel: float
    kl: float
    scores: dict[str, float]
    leave_one_out: dict[str, float]


def main() -> None:
    arguments = dict(argument.split("=", 1) for argument in sys.argv[1:])
    minutes = float(arguments.pop("minutes", "2"))
    chosen = arguments.pop("only", ";".join(RECIPES)).split(";")
    shared = [f"{key}={value}" for key, value in arguments.items()]
    register_options()
    print(f"{minutes:g} minutes of processor time each, {torch.get_num_threads()} threads\n")
    columns = ("recipe", "steps", "ms a step", "mel loss", "KL", "WER copied", "SECS copied", "WER from text")
    print(f"| {' | '.join(columns)} | SECS from text | ecapa misses | nearest misses |")
    print("|---" * 11 + "|", flush=True)
    for name in chosen:
        chosen_recipe = RECIPES[name]
        run = pretraining([*shared, *chosen_recipe.overrides])
        found = train_and_score(run, chosen_recipe, 60 * minutes)
        scores = " | ".join(
            f"{found.scores[f'{kind} {metric}']:.2f}" for kind in ("copied", "spoken") for metric in ("wer", "secs")
        )
        numbers = f"{found.steps} | {1000 * found.step_s:.0f} | {found.mel:.3f} | {found.kl:.2f}"
        misses = f"{found.leave_one_out['ecapa']:.2f} | {found.leave_one_out['nearest']:.2f}"
        print(f"| {name} | {numbers} | {scores} | {misses} |", flush=True)


def pretraining(overrides: Sequence[str]) -> Pretraining:
    """A pretraining run with these overrides; only its settings are used."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("pretrain", list(overrides), return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    return pretraining_from(OmegaConf.masked_copy(config, [key for key in config if key != "hydra"]))


def train_and_score(run: Pretraining, recipe: Recipe, budget_s: float) -> Outcome:
    """Train for so many processor seconds, then score copy-synthesis, synthesis from text and speakers' rows."""
    base = load_bundle(run.start_from) if run.start_from else None
    spec = ModelSpec(run.model) if run.model else base.spec  # pyright: ignore[reportOptionalMemberAccess]
    voices = load_base_voices(run, spec)
    torch.manual_seed(run.seed)
    synthesizer = spec.synthesizer(len(voices.speakers))
    if base:
        load_from(base, synthesizer, () if run.fresh_rows else voices.speakers)
    fabric = make_fabric(run.device, run.precision)
    adversary = base.adversary if base else spec.adversary()
    trainer = Trainer(fabric, synthesizer, adversary, spec.analysis(), run.training, run.seed)
    training = TimedTraining(trainer, voices, recipe, budget_s)
    losses, used_s = training.losses(), training.used_s
    last = pd.DataFrame(losses[-AVERAGED_STEPS:]).mean()
    judges = Judges(run.cache_dir, fabric.device)
    return Outcome(
        trainer.step,
        used_s / trainer.step,
        last["mel"],
        last["kl"],
        score(run, training.scored, trainer.step, voices, judges),
        misses(spec, training.scored, voices, judges),
    )


class TimedTraining:
    """A recipe at work for so many processor seconds."""

    def __init__(self, trainer: Trainer, voices: Voices, recipe: Recipe, budget_s: float) -> None:
        self.trainer = trainer
        self.voices = voices
        self.recipe = recipe
        self.budget_s = budget_s
        self.used_s = 0.0
        average = get_ema_multi_avg_fn(recipe.average_decay) if recipe.average_decay else None
        self._averaged = AveragedModel(trainer.synthesizer, multi_avg_fn=average) if average else None

    @property
    def scored(self) -> Synthesizer:
        """The model that speaks in the end."""
        return self._averaged.module if self._averaged else self.trainer.synthesizer  # pyright: ignore[reportReturnType]

    def losses(self) -> list[dict[str, float]]:
        """Train; gives the losses of each step."""
        settings, losses, start_s = self.trainer.settings, [], time.process_time()
        for stage in self.recipe.stages:
            weights = replace(settings.loss_weights, **stage.loss_weights)
            self.trainer.settings = replace(settings, loss_weights=weights)
            self._train(stage, losses, start_s)
        return losses

    def _train(self, stage: Stage, losses: list[dict[str, float]], start_s: float) -> None:
        speaker_ids = {speaker: row for row, speaker in enumerate(self.voices.speakers)}
        frames = self.voices.train.frames
        chosen = sorted(range(len(frames)), key=frames.__getitem__)[: round(stage.shortest * len(frames))]
        every = list(self.voices.train)
        utterances = [every[index] for index in chosen]
        trainer = self.trainer
        batches = LengthBucketedBatches([frames[n] for n in chosen], trainer.settings.batch_size, trainer.seed)
        while True:
            for report in trainer.epoch(utterances, speaker_ids, batches):
                losses.append(report.numbers())
                if self._averaged:
                    self._averaged.update_parameters(trainer.synthesizer)
                self.used_s = time.process_time() - start_s
                if self.used_s >= stage.until * self.budget_s:
                    return


def score(run: Pretraining, synthesizer: Synthesizer, step: int, voices: Voices, judges: Judges) -> dict[str, float]:
    """Means over speakers of each metric, of `copied` and of `spoken` sentences."""
    speaker_ids = {speaker: row for row, speaker in enumerate(voices.speakers)}
    known = KnownVoices(voices.reference_recordings())
    evaluator = Evaluator(run.metrics, voices, known, judges, run.evaluation, run.seed, speaker_ids=speaker_ids)
    spoken = evaluator.evaluate(synthesizer, step, lambda _: None).table
    references = evaluator.references(synthesizer, step)
    rows = references[references["reference"] == "copy_synthesis"].drop(columns="reference")
    tables = {"spoken": spoken, "copied": summarise(rows, run.metrics)}
    return {
        f"{kind} {metric.name}": float(table.loc[table["metric"] == metric.name, "mean"].iloc[0])
        for kind, table in tables.items()
        for metric in run.metrics
    }


def misses(spec: ModelSpec, synthesizer: Synthesizer, voices: Voices, judges: Judges) -> dict[str, float]:
    """How far each initialiser misses a base voice that it is not shown, the mean being 1."""
    enrolments = enrol(voices, judges)
    speakers = BaseSpeakers(
        voices.speakers,
        synthesizer.speaker_embedding.weight.detach(),
        torch.stack([enrolments[speaker].mean_voiceprint for speaker in voices.speakers]),
    )
    context = AdaptationContext.of_base(spec, synthesizer, speakers, torch.Generator().manual_seed(0))
    return {name: leave_one_out_error(kind(), context) for name, kind in registered("strategy").items()}


if __name__ == "__main__":
    main()
