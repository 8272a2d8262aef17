"""Where the time of a training step goes: `python benchmarks/training_step.py [model=tiny] [steps=7]`.

Steps of 16 utterances of the demo voices, by precision and with or without discriminators, timed in turn in one
run; then the parts of the model, forward and backward, each on its own. Medians in milliseconds, and their ratios
to the first line.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch import Tensor

from runners.training.devices import make_fabric
from runners.training.trainer import Trainer, TrainingSettings
from vits.common.atomic_files import default_cache_dir
from vits.corpus.batching import LengthBucketedBatches, collate
from vits.corpus.features import PreparedUtterance, prepare
from vits.corpus.folder import FolderCorpus
from vits.layers import length_mask
from vits.model_spec import ModelSpec
from vits.text.phonemizer import EspeakPhonemizer
from vits.text.tokens import Tokenizer

CONF = Path(__file__).resolve().parent.parent / "conf"
UTTERANCES = 64


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(overrides=[f"+model={options.get('model', 'tiny')}"])
    spec = ModelSpec(OmegaConf.to_container(config.model, resolve=True))  # pyright: ignore[reportArgumentType]
    utterances = demo_utterances(spec)
    repeats = int(options.get("steps", "7"))
    print(f"{torch.get_num_threads()} threads, median of {repeats}")
    report({name: stepper(spec, utterances, *choice) for name, choice in VARIANTS.items()}, repeats)
    report(parts(spec, utterances), repeats)


VARIANTS: dict[str, tuple[str, bool]] = {
    "step, fp32": ("32", False),
    "step, bf16": ("bf16", False),
    "step with discriminators, fp32": ("32", True),
    "step with discriminators, bf16": ("bf16", True),
}


def demo_utterances(spec: ModelSpec) -> list[PreparedUtterance]:
    """Some recordings of the embedded voices."""
    clips = [clip for clip in FolderCorpus(root="assets/demo_voices").clips() if clip.split == "train"]
    return list(
        prepare(
            clips[:UTTERANCES],
            spec.analysis(),
            spec.spectrogram(),
            Tokenizer(),
            EspeakPhonemizer(),
            default_cache_dir(),
            min_frames=32,
        )
    )


def stepper(
    spec: ModelSpec, utterances: list[PreparedUtterance], precision: str, with_adversary: bool
) -> Callable[[], object]:
    """A function that trains one step."""
    settings = replace(TrainingSettings(), batch_size=16, adversary_from_step=0 if with_adversary else sys.maxsize)
    synthesizer = spec.synthesizer(1)
    trainer = Trainer(make_fabric("auto", precision), synthesizer, spec.adversary(), spec.analysis(), settings, seed=0)
    lengths = [item.spectrogram.shape[1] for item in utterances]
    speakers = {item.clip.speaker: 0 for item in utterances}

    def steps():
        while True:
            yield from trainer.epoch(utterances, speakers, LengthBucketedBatches(lengths, 16))

    training = steps()
    return lambda: next(training).numbers()


def parts(spec: ModelSpec, utterances: list[PreparedUtterance]) -> dict[str, Callable[[], object]]:
    """A function for each part of the synthesizer that runs it forward and backward on one batch."""
    model = spec.synthesizer(1)
    batch = collate(utterances[:16], {item.clip.speaker: 0 for item in utterances})
    g = model.speaker_embedding(batch.speaker).detach()
    mask = length_mask(batch.spectrogram_lengths)
    z = model.posterior_encoder(batch.spectrogram, mask, g).z.detach()

    def both_ways(run: Callable[[], Tensor]) -> Callable[[], object]:
        return lambda: run().square().mean().backward()

    return {
        "text encoder": both_ways(lambda: model.text_encoder(batch.tokens, batch.token_lengths, g).mean),
        "posterior encoder": both_ways(lambda: model.posterior_encoder(batch.spectrogram, mask, g).z),
        "flow": both_ways(lambda: model.flow(z, mask, g)),
        "decoder (32 frames)": both_ways(lambda: model.decoder(z[:, :, :32], g).audio),
    }


def report(jobs: dict[str, Callable[[], object]], repeats: int) -> None:
    """Time the jobs in turn, so that a change in the machine's speed meets all of them."""
    times_ms: dict[str, list[float]] = {name: [] for name in jobs}
    for repeat in range(repeats + 1):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if repeat:  # the first time warms up
                times_ms[name].append(1000 * (time.perf_counter() - start))
    first = statistics.median(next(iter(times_ms.values())))
    for name, values in times_ms.items():
        print(f"{name:32} {statistics.median(values):8.1f} ms   x {statistics.median(values) / first:.2f}")


if __name__ == "__main__":
    main()
