"""What each way of freezing and of adding trains:
`python benchmarks/trained_parameters.py [base=assets/demo_base] [voices=1]`.

Of one new voice on a base, or of several, with nothing trained: a Markdown table of the parameters that would move,
their share of the whole, and the size of a voice (its row and set and all else that is trained, in float32). An adapter
stands on a base that is frozen but for it. Of several voices, adapters of which each can have a set of its own stand
there in both ways. Methods on other axes train what these do: where a voice starts, penalties, rehearsal and stopping
add no parameters; averages keep each trained number once more while training.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch

import strategies.adapters
import strategies.freeze
from runners.experiment.trainable_share import bytes_of_a_voice, trainable_shares
from strategies.adapters.adapter import Adapter
from strategies.adapters.per_voice import VoiceAdapter
from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import FreezePolicy, apply_freeze, shared_parameters
from strategies.freeze.frozen_parts import FrozenParts
from vits.bundle import read_speakers
from vits.common.readers import read_yaml
from vits.common.registry import import_all, registered
from vits.model_spec import PARTS, ModelSpec


def main() -> None:
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    base = Path(given.get("base", "assets/demo_base"))
    spec, rows = ModelSpec(read_yaml(base / "model.yaml")), len(read_speakers(base))
    print("| method | trained parameters | of all | a voice |\n|---|---|---|---|")
    voices = int(given.get("voices", "1"))
    for name, policy, adapter in methods(voices):
        print(f"| `{name}` | {measured(spec, rows, voices, policy, adapter)} |")


def methods(voices: int) -> Iterator[tuple[str, FreezePolicy, Adapter | None]]:
    """Every freeze policy alone, and every adapter with a frozen base, each at its defaults."""
    import_all(strategies.freeze)
    import_all(strategies.adapters)
    yield "freeze=none", FrozenParts(), None
    for part in PARTS:
        yield f"freeze={part}", FrozenParts([part]), None
    yield "freeze=encoders", FrozenParts(["text_encoder", "posterior_encoder"]), None
    for name, policy in registered("freeze").items():
        if policy is not FrozenParts:
            yield f"freeze={name}", policy(), None
    for name, adapter in registered("adapter").items():
        if name != "none":
            yield f"adapter={name} freeze=all_but_embedding", AllButEmbedding(), adapter()
        if issubclass(adapter, VoiceAdapter) and voices > 1:
            by_voice = f"adapter={name} adapter.per_voice=true freeze=all_but_embedding"
            yield by_voice, AllButEmbedding(), adapter(per_voice=True)


def measured(spec: ModelSpec, rows: int, voices: int, policy: FreezePolicy, adapter: Adapter | None) -> str:
    """The numbers of one row of the table."""
    synthesizer = spec.synthesizer(rows)
    embedding = synthesizer.speaker_embedding
    for _ in range(voices):
        embedding.add(torch.zeros(embedding.weight.shape[1]))
    shared = shared_parameters(synthesizer)
    if adapter is not None:
        adapter.attach(synthesizer)
    apply_freeze(policy, synthesizer, shared)
    whole = trainable_shares(synthesizer)[-1]
    kilobytes = bytes_of_a_voice(synthesizer) / 1000
    return f"{whole.trainable:,} | {whole.percent:.2f} % | {kilobytes:,.1f} kB"


if __name__ == "__main__":
    main()
