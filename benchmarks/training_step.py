"""What a training step costs beside a baseline's: `python benchmarks/training_step.py baseline=<checkout> [steps=7]`.

Steps of `batch=4` recordings of the embedded voices by the full-size model (`model=mb_istft_vits2`), on one core, in
turn here and in the other checkout, from the same weights. Prints medians of processor seconds, the ratio of each pair
(median, least, most), and how far the losses of the first and of the last step differ, relatively, and which most.
`only=` takes some of the cases, by their names joined with `;`. The baseline's discriminators always train: beside
cases with frozen ones or without, it does what it always did. Without `baseline`, the costs here alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import side_by_side
import torch
from side_by_side import ROOT, Worker, first_module, largest_difference, median_s, ratios


class Case(NamedTuple):
    """What trains, in which precision, and what the discriminators do."""

    precision: str
    trained: str = "all"
    adversary: str = "trained"


CASES = {
    "all trained, fp32": Case("32"),
    "all trained, bf16": Case("bf16"),
    "decoder frozen, fp32": Case("32", "all but decoder"),
    "decoder frozen, bf16": Case("bf16", "all but decoder"),
    "embedding alone, fp32": Case("32", "embedding"),
    "embedding alone, bf16": Case("bf16", "embedding"),
    "embedding alone, frozen adversary, fp32": Case("32", "embedding", "frozen"),
    "embedding alone, frozen adversary, bf16": Case("bf16", "embedding", "frozen"),
    "embedding alone, without adversary, fp32": Case("32", "embedding", "none"),
    "embedding alone, without adversary, bf16": Case("bf16", "embedding", "none"),
}
UTTERANCES = 32
WARM_UP = 2  # steps that are not timed


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    steps = int(options.get("steps", "7"))
    with tempfile.TemporaryDirectory() as folder:
        material = Path(folder) / "material.pt"
        write_material(material, options.get("model", "mb_istft_vits2"))
        print("| step | baseline | here | times as fast | first losses differ by | last losses differ by |")
        print("|---" * 6 + "|")
        for name in options.get("only", ";".join(CASES)).split(";"):
            print(compare(name, material, int(options.get("batch", "4")), steps, options.get("baseline")), flush=True)


def compare(name: str, material: Path, batch: int, steps: int, baseline: str | None) -> str:
    """A row of the table."""
    arguments = [str(material), name, str(batch)]
    checkouts = [ROOT] if baseline is None else [Path(baseline).resolve(), ROOT]
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(Path(__file__).resolve(), checkout, arguments)) for checkout in checkouts]
        rounds = [[worker.ask("step") for worker in workers] for _ in range(WARM_UP + steps)]
    timed = list(zip(*rounds[WARM_UP:], strict=True))
    here = f"{median_s(timed[-1]):.3f} s"
    if baseline is None:
        return f"| {name} | | {here} | | | |"
    ratio, least, most = ratios(timed[0], timed[1])
    first, last = (largest_difference(*(side.numbers for side in found)) for found in (rounds[0], rounds[-1]))
    differing = " | ".join(f"{difference:.0e} ({loss})" for difference, loss in (first, last))
    return f"| {name} | {median_s(timed[0]):.3f} s | {here} | {ratio:.2f} ({least:.2f} to {most:.2f}) | {differing} |"


def write_material(path: Path, model: str) -> None:
    """The model's parts and some recordings of the embedded voices as the model takes them, for both checkouts."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from vits.common.atomic_files import default_cache_dir
    from vits.corpus.features import prepare
    from vits.corpus.folder import FolderCorpus
    from vits.model_spec import ModelSpec
    from vits.text.phonemizer import EspeakPhonemizer
    from vits.text.tokens import Tokenizer

    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        parts: Any = OmegaConf.to_container(compose(overrides=[f"+model={model}"]).model, resolve=True)
    spec = ModelSpec(parts)
    clips = [clip for clip in FolderCorpus(root=str(ROOT / "assets/demo_voices")).clips() if clip.split == "train"]
    prepared = prepare(
        clips[:UTTERANCES],
        spec.analysis(),
        spec.spectrogram(),
        Tokenizer(),
        EspeakPhonemizer(),
        default_cache_dir(),
        min_frames=32,
    )
    utterances = [(item.clip.name, item.tokens, item.wave, item.spectrogram) for item in prepared]
    torch.save({"model": model, "utterances": utterances}, path)


def work(material: Path, name: str, batch_size: int) -> None:
    """The worker's side."""
    training = training_steps(torch.load(material, weights_only=True), CASES[name], batch_size)
    side_by_side.serve(lambda _: next(training))


def training_steps(material: Mapping[str, Any], case: Case, batch_size: int) -> Iterator[dict[str, float]]:
    """The losses of one step after another, on the packages of the checkout."""
    devices = first_module("runners.training.devices", "runners.devices")
    trainers = first_module("runners.training.trainer", "runners.trainer")
    from vits.corpus.batching import LengthBucketedBatches
    from vits.corpus.clip import Clip
    from vits.corpus.features import PreparedUtterance

    spec, synthesizer = built_model(material["model"])
    row = synthesizer.speaker_embedding.add(0.1 * torch.randn(synthesizer.speaker_embedding.weight.shape[1]))
    for parameter_name, parameter in synthesizer.named_parameters():
        parameter.requires_grad_(_is_trained(case, parameter_name))
    settings = replace(trainers.TrainingSettings(), batch_size=batch_size)
    if any(column.name == "adversary" for column in fields(settings)):
        settings = replace(settings, adversary=case.adversary)
    fabric = devices.make_fabric("cpu", case.precision)
    trainer = trainers.Trainer(fabric, synthesizer, spec.adversary(), spec.analysis(), settings, seed=0)
    utterances = [
        PreparedUtterance(Clip(Path(clip), "new", "", clip), tokens, wave, spectrogram)
        for clip, tokens, wave, spectrogram in material["utterances"]
    ]
    batches = LengthBucketedBatches([item.spectrogram.shape[1] for item in utterances], batch_size)
    while True:
        for report in trainer.epoch(utterances, {"new": row}, batches):
            yield report.numbers()


def built_model(name: str) -> tuple[Any, Any]:
    """The checkout's model of that name, with weights that depend on their names and shapes alone."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from vits.model_spec import ModelSpec

    with initialize_config_dir(str(Path("conf").resolve()), version_base="1.3"):
        parts: Any = OmegaConf.to_container(compose(overrides=[f"+model={name}"]).model, resolve=True)
    torch.manual_seed(0)
    spec = ModelSpec(parts)
    synthesizer = spec.synthesizer(4)
    for parameter_name, parameter in synthesizer.named_parameters():
        if parameter_name.endswith("shift.projection.weight"):  # at first zero, which has no gradient to share
            torch.nn.init.normal_(parameter, std=0.01)
    return spec, synthesizer


def _is_trained(case: Case, name: str) -> bool:
    if name == "speaker_embedding.weight":
        return False
    rules: dict[str, Callable[[], bool]] = {
        "all": lambda: True,
        "all but decoder": lambda: not name.startswith("decoder."),
        "embedding": lambda: name.startswith("speaker_embedding."),
    }
    return rules[case.trained]()


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        main()
