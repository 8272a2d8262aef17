"""What a sweep of full-size cells would take of many GPUs: `python benchmarks/at_scale.py [cells=1000] [gpus=64]`.

An estimate, where there is no GPU to measure on. Counted, on a processor: the kernels that a training step, speaking a
sentence and judging it by Whisper and both encoders of voices start, and the operations of their products and
convolutions. Assumed: `launch_us=8` for each kernel, and `tflops=40` (a quarter of an A100's by TF32); work takes the
longer of what the two come to. A cell trains `steps=400` on batches of 16 recordings, and speaks and judges
`sentences=1000`, about what five voices by the defaults do.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from judging import ASSETS, Clip, spoken
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from training_step import CASES, training_steps, write_material

from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.ge2e_encoder import Ge2eEncoder
from metrics.judges.judge import Judges
from metrics.judges.whisper_judge import WhisperJudge
from runners.inference.adapted_model import load_adapted
from vits.common.atomic_files import default_cache_dir

BATCH = 16
SPOKEN = 5
DEMO_BASE, SENTENCES = ASSETS / "demo_base", ASSETS / "test_sentences" / "english.txt"
VIEWS = ("view", "expand", "slice", "select", "transpose", "permute", "detach", "alias", "unsqueeze", "squeeze", "t")


class Kernels(TorchDispatchMode):
    """Counts operators that compute something."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func.overloadpacket.__name__ not in VIEWS
        return func(*args, **(kwargs or {}))


@dataclass(frozen=True)
class Work:
    """What a piece of work asks of a device."""

    kernels: int
    operations: float

    def seconds(self, launch_us: float, tflops: float) -> float:
        return max(self.kernels * launch_us / 1e6, self.operations / (tflops * 1e12))


def counted(work: Callable[[], object]) -> Work:
    """What a call does."""
    with FlopCounterMode(display=False) as operations, Kernels() as kernels:
        work()
    return Work(kernels.count, float(operations.get_total_flops()))


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    cells, gpus = int(options.get("cells", "1000")), int(options.get("gpus", "64"))
    launch_us, tflops = float(options.get("launch_us", "8")), float(options.get("tflops", "40"))
    steps, sentences = int(options.get("steps", "400")), int(options.get("sentences", "1000"))
    step, sentence = training_step(), spoken_and_judged()
    print("| work | kernels | 10^9 operations | estimated s |\n|---|---|---|---|")
    for name, work in (("a training step", step), ("a sentence, spoken and judged", sentence)):
        seconds = work.seconds(launch_us, tflops)
        print(f"| {name} | {work.kernels:,} | {work.operations / 1e9:,.0f} | {seconds:.3f} |")
    training, judging = steps * step.seconds(launch_us, tflops), sentences * sentence.seconds(launch_us, tflops)
    cell = training + judging
    print(
        f"\na cell: {cell:.0f} s of a device ({training:.0f} s training, {judging:.0f} s speaking and judging); "
        f"{cells} cells: {cells * cell / 3600:.1f} h of one, {cells * cell / 3600 / gpus:.1f} h of {gpus}"
    )


def training_step() -> Work:
    """A step of the full-size model, everything trained."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "material.pt"
        write_material(path, "mb_istft_vits2")
        steps = training_steps(torch.load(path, weights_only=True), CASES["all trained, fp32"], BATCH)
        next(steps)
        return counted(lambda: next(steps))


def spoken_and_judged() -> Work:
    """A sentence by the embedded base, heard by Whisper and by both encoders of voices."""
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    whisper = judges.get(WhisperJudge, "tiny.en")
    encoders = (judges.get(EcapaEncoder, "voxceleb"), judges.get(Ge2eEncoder, "resemblyzer"))
    model = load_adapted(DEMO_BASE, torch.device("cpu"))
    sentences = SENTENCES.read_text(encoding="utf-8").splitlines()[:SPOKEN]
    heard: list[Clip] = []
    speaking = counted(
        lambda: heard.extend(spoken(model, "", model.synthesizer.speaker_embedding.weight[0], sentences))
    )
    clips = [clip.wave for clip in heard]
    judging = counted(lambda: (whisper.listen(clips), [encoder.embed(clips) for encoder in encoders]))
    return Work(
        (speaking.kernels + judging.kernels) // len(clips), (speaking.operations + judging.operations) / len(clips)
    )


if __name__ == "__main__":
    main()
