"""Adapters that all new voices share, or of which each has a set of weights of its own."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from strategies.adapters.adapter import Adapter
from vits.common.bounds import AtLeast
from vits.common.errors import InputError
from vits.synthesizer import Synthesizer
from vits.who_speaks import WhoSpeaks

L = TypeVar("L", bound=nn.Module)

BY_VOICE = "by_voice"  # what a layer calls the sets that stand at it
SET_IN_NAME = re.compile(rf"\.{BY_VOICE}\.\d+\.sets\.(\d+)\.")


class VoiceSets(nn.Module):
    """The sets of some voices at one layer; who has none, and nobody in particular, gets what the layer gives.

    `sets` are by the voices' rows in the table of speakers.
    """

    def __init__(self, who_speaks: WhoSpeaks, sets: Mapping[int, nn.Module]) -> None:
        super().__init__()
        self.who_speaks = who_speaks
        self.rows = tuple(sets)
        self.sets = nn.ModuleList(sets.values())

    @abstractmethod
    def alone(self, own: nn.Module, layer: nn.Module, x: Tensor, output: Tensor) -> Tensor:
        """What a layer gives with a voice's own set, of its input and of what it gives without: bit for bit what the
        adapter gives where it is shared.
        """

    def among(self, own: nn.Module, layer: nn.Module, x: Tensor, output: Tensor) -> Tensor:
        """The same for some items of a batch: exactly the `output` where nothing was learned yet, although a layer may
        round otherwise in batches of another size.
        """
        return self.alone(own, layer, x, output)

    def forward(
        self, layer: nn.Module, x: Float[Tensor, "batch ..."], output: Float[Tensor, "batch ..."]
    ) -> Float[Tensor, "batch ..."]:
        ids = self.who_speaks.ids
        if ids is None:
            return output
        if torch.compiler.is_exporting():
            return self._of_everybody(layer, x, output, ids)
        assert len(ids) == len(output), "a layer with sets of voices computes something else than the batch's items"
        for row, own in zip(self.rows, self.sets, strict=True):
            places = self.who_speaks.items.get(row)
            if places is None:
                continue
            if len(places) == len(output):
                return self.alone(own, layer, x, output)
            spoken = self.among(own, layer, x[places], output[places])
            output = output.index_copy(0, places, spoken.to(output.dtype))
        return output

    def _of_everybody(self, layer: nn.Module, x: Tensor, output: Tensor, ids: Tensor) -> Tensor:
        """The same where a program is written down, which can't look into its inputs: each set computes the batch."""
        for row, own in zip(self.rows, self.sets, strict=True):
            theirs = (ids == row).view(-1, *[1] * (output.ndim - 1))
            output = torch.where(theirs, self.among(own, layer, x, output), output)
        return output


@dataclass(frozen=True)
class VoiceAdapter(Adapter):
    """An adapter that all voices share, or with `per_voice` one for each new voice, used when it speaks.

    The base's voices then speak with the base's weights, and a voice that isn't in a batch doesn't move. `rows` are the
    voices that have a set, by their rows in the table of speakers, as a bundle needs to know them; none given, all that
    are new.
    """

    per_voice: bool = field(default=False, kw_only=True)
    rows: list[Annotated[int, AtLeast(0)]] = field(default_factory=list, kw_only=True)

    def stand_at(
        self, synthesizer: Synthesizer, layers: Iterable[L], new: Callable[[L], nn.Module], by_voice: type[VoiceSets]
    ) -> None:
        """Give each layer a new module that all voices share, or one for each voice.

        Raises:
            InputError: as for `voices`.
        """
        voices = self.voices(synthesizer) if self.per_voice or self.rows else []
        for layer in layers:
            if voices:
                _give_sets(layer, by_voice(synthesizer.who_speaks, {row: new(layer) for row in voices}))
            else:
                self.share(layer, new(layer))

    def voices(self, synthesizer: Synthesizer) -> list[int]:
        """The rows of the voices that have a set each.

        Raises:
            InputError: there are none, the table lacks one, or sets were asked for without `per_voice`.
        """
        embedding = synthesizer.speaker_embedding
        rows = list(self.rows) or list(range(len(embedding.weight), embedding.n_speakers))
        if not self.per_voice or not rows:
            raise InputError(
                f"adapter.rows={rows} name no voices with weights of their own; leave them out and give "
                f"adapter.per_voice=true where there are new voices"
            )
        if max(rows) >= embedding.n_speakers:
            raise InputError(f"adapter.rows={rows} are not all in the table of {embedding.n_speakers}; leave them out")
        return rows

    def settled(self, synthesizer: Synthesizer) -> VoiceAdapter:
        return replace(self, rows=self.voices(synthesizer)) if self.per_voice else self

    def of_one(self, synthesizer: Synthesizer, row: int) -> VoiceAdapter:
        """Give one voice's set to all, in place, and take away the others'; returns the adapter that is then shared."""
        for layer, sets in self._take(synthesizer):
            self.share(layer, sets.sets[sets.rows.index(row)])
        return replace(self, per_voice=False, rows=[])

    def remove(self, synthesizer: Synthesizer) -> None:
        """Take away the sets of all its voices."""
        for _ in self._take(synthesizer):
            pass

    @abstractmethod
    def share(self, layer: nn.Module, module: nn.Module) -> None:
        """Attach a module to a layer for all voices."""

    def _take(self, synthesizer: Synthesizer) -> Iterator[tuple[nn.Module, VoiceSets]]:
        """Each layer with its sets of these voices, which it loses."""
        for layer in list(synthesizer.modules()):
            there = _sets_at(layer)
            for sets in [sets for sets in there if sets.rows == tuple(self.rows)]:
                layer.register_module(BY_VOICE, nn.ModuleList(other for other in there if other is not sets))
                yield layer, sets


def _give_sets(layer: nn.Module, sets: VoiceSets) -> None:
    """Let a layer give the sets' voices what is computed with their own."""
    if not hasattr(layer, BY_VOICE):
        layer.register_module(BY_VOICE, nn.ModuleList())
        layer.register_forward_hook(_each_their_own)
    cast(nn.ModuleList, layer.get_submodule(BY_VOICE)).append(sets)


def place_among_sets(parameter_name: str) -> int | None:
    """Which of the voices' sets a parameter belongs to, counted from 0; None for what no voice has alone."""
    found = SET_IN_NAME.search(parameter_name)
    return int(found[1]) if found else None


def _sets_at(layer: nn.Module) -> list[VoiceSets]:
    modules = dict(layer.named_children()).get(BY_VOICE)
    return [] if modules is None else [cast(VoiceSets, sets) for sets in modules.children()]


def _each_their_own(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """Let the sets at a layer replace what it gives for their voices."""
    for sets in _sets_at(layer):
        output = sets(layer, inputs[0], output)
    return output
