"""What speaking costs beside a baseline: `python benchmarks/inference.py baseline=<checkout> [rounds=5]`.

The full-size model (`model=mb_istft_vits2`) with random weights speaks `sentences=15` texts of 40 to 200 symbols, cut
out of the embedded voices' transcripts: in one batch, one by one, and the middle one alone; on one core, in turn
here and in the other checkout, from the same weights and without noise. Prints medians of processor seconds, the ratio
of each pair (median, least, most), and how far the longest text's audio differs at most, relative to its peak. Then how
far the batch's audio here is from what each text is alone. Without `baseline`, the costs here alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import side_by_side
import torch
from side_by_side import ROOT, Answer, Worker, median_s, ratios
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from training_step import built_model, write_material

LENGTHS = (40, 200)  # symbols of the shortest and of the longest text
JOBS = ("one batch", "one by one", "one sentence")
LOG_FRAMES = 1.0  # of each token, about what speech has: random weights would make all sentences much shorter


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    rounds = int(options.get("rounds", "5"))
    checkouts = [ROOT] if "baseline" not in options else [Path(options["baseline"]).resolve(), ROOT]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        material = Path(folder) / "material.pt"
        write_material(material, options.get("model", "mb_istft_vits2"))
        arguments = [str(material), options.get("sentences", "15")]
        workers = [stack.enter_context(Worker(Path(__file__).resolve(), side, arguments)) for side in checkouts]
        print("| speaking | baseline | here | times as fast | audio differs by |")
        print("|---" * 5 + "|")
        for job in JOBS:
            asked = [[worker.ask(job) for worker in workers] for _ in range(1 + rounds)]
            print(row(job, list(zip(*asked[1:], strict=True))), flush=True)
        print(f"\na batch's audio here is within {workers[-1].ask('difference').numbers['of_peak']:.0e} of each alone")


def row(job: str, sides: Sequence[Sequence[Answer]]) -> str:
    """A row of the table."""
    here = f"{median_s(sides[-1]):.3f} s"
    if len(sides) == 1:
        return f"| {job} | | {here} | | |"
    ratio, least, most = ratios(sides[0], sides[1])
    before, after = (torch.tensor(side[0].numbers["audio"]) for side in sides)
    difference = float((before - after).abs().max() / before.abs().max())
    times = f"{ratio:.2f} ({least:.2f} to {most:.2f})"
    return f"| {job} | {median_s(sides[0]):.3f} s | {here} | {times} | {difference:.0e} |"


def work(material: Path, n_sentences: int) -> None:
    """The worker's side."""
    loaded = torch.load(material, weights_only=True)
    _, synthesizer = built_model(loaded["model"])
    synthesizer.eval()
    bias = synthesizer.duration_predictor.projection.bias
    torch.nn.init.constant_(bias, LOG_FRAMES)
    symbols = torch.cat([tokens for _, tokens, _, _ in loaded["utterances"]])
    tokens = [symbols[:length] for length in torch.linspace(*LENGTHS, n_sentences).long().tolist()]
    side_by_side.serve(lambda job: _jobs(synthesizer, tokens)[job]())


def _jobs(synthesizer: Any, tokens: Sequence[Tensor]) -> Mapping[str, Callable[[], dict[str, Any]]]:
    """What can be asked for; the audio that comes back is the first sentence's."""

    def speak(chosen: Sequence[Tensor]) -> list[Tensor]:
        lengths = torch.tensor([len(item) for item in chosen])
        padded = pad_sequence(list(chosen), batch_first=True)
        speech = synthesizer.infer(padded, lengths, torch.zeros(len(chosen), dtype=torch.long), noise_scale=0.0)
        return [audio[0, :end] for audio, end in zip(speech.audio, speech.lengths.tolist(), strict=True)]

    def difference() -> float:
        pairs = zip(speak(tokens), [speak([item])[0] for item in tokens], strict=True)
        return max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs)

    middle = [tokens[len(tokens) // 2]]
    return {
        "one batch": lambda: {"audio": speak(tokens)[-1].tolist()},
        "one by one": lambda: {"audio": [speak([item])[0] for item in tokens][-1].tolist()},
        "one sentence": lambda: {"audio": speak(middle)[0].tolist()},
        "difference": lambda: {"of_peak": difference()},
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
