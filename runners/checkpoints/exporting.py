"""From a base bundle to the reference's checkpoints, bit for bit."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from runners.cli.checkpoint_arguments import ExportCheckpointArguments
from vits.bundle import load_bundle
from vits.corpus.roots import resolve_folder
from vits.reference import reference_state_dict
from vits.reference.name_rules import reference_named
from vits.reference.reference_checkpoint import write_reference_checkpoint
from vits.reference.reference_names import DURATION_DISCRIMINATOR, MULTI_PERIOD_DISCRIMINATOR

LEARNING_RATE = 2e-4  # the reference's, where its training would begin
DISCRIMINATORS = {"audio": ("D", MULTI_PERIOD_DISCRIMINATOR), "duration": ("DUR", DURATION_DISCRIMINATOR)}


def export_bundle(arguments: ExportCheckpointArguments) -> list[Path]:
    """Write the generator, and the discriminators if they were trained; returns the files.

    Raises:
        InputError: the bundle can't be read, or has a part that the reference doesn't know.
    """
    bundle = load_bundle(resolve_folder(arguments.base))
    models = {"G": reference_state_dict(bundle.synthesizer)}
    for name, (letter, table) in DISCRIMINATORS.items():
        if bundle.trained_adversary and name in bundle.adversary.opponents:
            discriminator = bundle.adversary.opponents[name].discriminator
            assert isinstance(discriminator, nn.Module)
            models[letter] = reference_named(discriminator.state_dict(), table)
    paths = []
    for letter, tensors in models.items():
        paths.append(Path(arguments.out) / f"{letter}_0.pth")
        write_reference_checkpoint(tensors, paths[-1], learning_rate=LEARNING_RATE)
    return paths
