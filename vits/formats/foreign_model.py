"""A model of another project, read: its sizes, its weights under its own names, and what they are called here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vits.checkpoint import load_strict
from vits.common.errors import InputError
from vits.formats.vits_sizes import VitsSizes
from vits.reference.name_rules import Table, renamed, their_name
from vits.synthesizer import Synthesizer

SHOWN = 5
SPEAKER_TABLE = "speaker_embedding.weight"
TOLD = ".speaker_projection."
LENGTH, DIRECTION = "parametrizations.weight.original0", "parametrizations.weight.original1"


@dataclass(frozen=True)
class ForeignModel:
    """What a format's reader gives. `table` is the names of a synthesizer of these sizes.

    `discriminator` is the audio discriminator under our names; empty where the files hold none.
    """

    sizes: VitsSizes
    tensors: Mapping[str, Tensor]
    table: Callable[[Synthesizer], Table]
    speakers: Sequence[str]
    source: str
    discriminator: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def of_one_voice(self) -> bool:
        """Whether the model has no speaker table of its own."""
        return not self.sizes.speaker_channels

    def synthesizer(self) -> Synthesizer:
        """The model here. One of a single voice is given a table, and what it is told of a speaker is nothing at first.

        Raises:
            InputError: names or shapes are others than a model of these sizes has.
        """
        synthesizer = self.sizes.spec.synthesizer(len(self.speakers))
        table = self.table(synthesizer)
        own = synthesizer.state_dict()
        state = _in_our_shapes(renamed(self.tensors, table), own)
        if self.of_one_voice:
            state = {**_speaker_paths(own), **state}
        _check_names(state, own, table, self.source)
        load_strict(synthesizer, state, source=self.source)
        return synthesizer.eval()


def _in_our_shapes(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights, as ours hold them: a normed weight in two, and a product by a matrix as a convolution."""
    shaped: dict[str, Tensor] = {}
    for name, tensor in state.items():
        stem = name.removesuffix("weight")
        if name not in own and name.endswith("weight") and f"{stem}{LENGTH}" in own:
            shaped[f"{stem}{LENGTH}"] = torch.linalg.vector_norm(tensor.flatten(1), dim=1).view_as(
                own[f"{stem}{LENGTH}"]
            )
            shaped[f"{stem}{DIRECTION}"] = tensor
        elif name in own and own[name].shape == (*tensor.shape, 1):
            shaped[name] = tensor.unsqueeze(-1)
        else:
            shaped[name] = tensor
    return shaped


def _speaker_paths(own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A speaker table with a row for the one voice, and projections of it that add nothing until they are trained.

    A row of zeros would never get a gradient behind them, nor they one from it: it is drawn, as VITS draws it.
    """
    generator = torch.Generator().manual_seed(0)

    def drawn(name: str) -> Tensor:
        return torch.randn(own[name].shape, generator=generator)

    silent = {
        name: drawn(name) if name.endswith(DIRECTION) else torch.zeros_like(own[name])  # without length it is none
        for name in own
        if TOLD in name
    }
    return {**silent, SPEAKER_TABLE: drawn(SPEAKER_TABLE)}


def _check_names(state: Mapping[str, Tensor], own: Mapping[str, Tensor], table: Table, source: str) -> None:
    """Every tensor is there, of its shape, and no other; named as the files name them."""
    problems = {
        "lacks": [name for name in own if name not in state],
        "has the unknown": [name for name in state if name not in own],
        "has of another shape": [name for name in own if name in state and state[name].shape != own[name].shape],
    }
    told = [f"{what} {len(names)} tensors ({_first(names, table)})" for what, names in problems.items() if names]
    if told:
        raise InputError(f"{source} {' and '.join(told)}; give the configuration that it was trained with")


def _first(names: Sequence[str], table: Table) -> str:
    shown = [their_name(name, table) for name in names[:SHOWN]]
    return ", ".join(shown) + (", ..." if len(names) > SHOWN else "")
