"""What a cell starts from: a pretrained bundle, or nothing but a configuration."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from runners.bases.start import DescribedBase, Start
from runners.results.finished_bundle import load_finished, saved_adapters
from strategies.context import BaseSpeakers
from vits.adversary import Adversary
from vits.bundle import bundle_identity, check_complete, read_model
from vits.common.atomic_files import content_key
from vits.common.errors import InputError
from vits.common.registry import register
from vits.corpus.roots import resolve_folder
from vits.model_spec import ModelSpec

PRETRAINED, SCRATCH = "pretrained", "scratch"


class Base(ABC):
    """Where the model of a cell comes from."""

    kind: str
    """Whether it has learned something: `pretrained` or `scratch`."""

    @abstractmethod
    def start(self, model: Mapping[str, Any] | None, *, with_adversary: bool = True) -> Start:
        """Build the model, with its discriminators or without. `model` is the configuration asked for, None for the
        base's own.

        Raises:
            InputError: the base can't be read, or is of another model.
        """

    @abstractmethod
    def described(self, model: Mapping[str, Any] | None) -> DescribedBase:
        """What `start` would begin with, without reading or making weights: files are read only to be named.

        Raises:
            InputError: the base isn't complete, or is of another model.
        """


@register("base", "bundle")
@dataclass(frozen=True)
class PretrainedBase(Base):
    """A base bundle; `path` is its folder. With `forget` its model is taken, and not what it has learned."""

    path: str
    forget: bool = False

    @property
    def kind(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return SCRATCH if self.forget else PRETRAINED

    def start(self, model: Mapping[str, Any] | None, *, with_adversary: bool = True) -> Start:
        directory = resolve_folder(self.path)
        bundle = load_finished(directory, with_adversary=with_adversary)
        self._check_same(bundle.spec, model)
        if self.forget:
            return _untrained(bundle.spec, with_adversary=with_adversary)
        rows = bundle.trained_rows
        return Start(
            spec=bundle.spec,
            synthesizer=bundle.synthesizer,
            adversary=bundle.adversary,
            speakers=BaseSpeakers(
                tuple(bundle.speakers[row].name for row in rows),
                bundle.synthesizer.speaker_embedding.weight.detach()[rows],
                bundle.voiceprints[rows],
                tuple(rows),
            ),
            identity=bundle_identity(directory),
            table=bundle.speakers,
            adapters=tuple(saved_adapters(directory)),
            voiceprints=bundle.voiceprints,
            optimizer_state=bundle.optimizer_state,
            trained_adversary=bundle.trained_adversary,
            warnings=()
            if bundle.trained_adversary or not with_adversary
            else (f"{directory} has no trained discriminators; new ones start from noise, and audio may suffer",),
        )

    def described(self, model: Mapping[str, Any] | None) -> DescribedBase:
        directory = resolve_folder(self.path)
        check_complete(directory)
        spec = read_model(directory)
        self._check_same(spec, model)
        return DescribedBase(spec, _untrained_identity(spec) if self.forget else bundle_identity(directory))

    def _check_same(self, own: ModelSpec, model: Mapping[str, Any] | None) -> None:
        if model is not None:
            _check_same_model(own.parts, model, self.path)


@register("base", "scratch")
@dataclass(frozen=True)
class FromScratch(Base):
    """No pretraining: the baseline that shows what the base is worth."""

    @property
    def kind(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return SCRATCH

    def start(self, model: Mapping[str, Any] | None, *, with_adversary: bool = True) -> Start:
        return _untrained(_chosen(model), with_adversary=with_adversary)

    def described(self, model: Mapping[str, Any] | None) -> DescribedBase:
        spec = _chosen(model)
        return DescribedBase(spec, _untrained_identity(spec))


def _chosen(model: Mapping[str, Any] | None) -> ModelSpec:
    """The model that was asked for, where the base has none."""
    if model is None:
        raise InputError("base=scratch has no model of its own; choose one, such as model=tiny")
    return ModelSpec(model)


def _untrained(spec: ModelSpec, *, with_adversary: bool) -> Start:
    """A model with random weights and no speakers."""
    synthesizer = spec.synthesizer(0)
    width = synthesizer.speaker_embedding.weight.shape[1]
    return Start(
        spec=spec,
        synthesizer=synthesizer,
        adversary=spec.adversary() if with_adversary else Adversary({}),
        speakers=BaseSpeakers((), torch.zeros(0, width), torch.zeros(0, 0)),
        identity=_untrained_identity(spec),
    )


def _untrained_identity(spec: ModelSpec) -> str:
    """A name for a model that has learned nothing."""
    return content_key([SCRATCH.encode(), json.dumps(spec.parts, sort_keys=True).encode()])


def _check_same_model(own: Mapping[str, Any], asked: Mapping[str, Any], path: str) -> None:
    """The configuration asked for is the one that the base was trained with."""
    mine, theirs = _flat(own), _flat(asked)
    differing = [key for key in sorted(mine | theirs) if mine.get(key) != theirs.get(key)]
    if differing:
        shown = "; ".join(f"{key} is {mine.get(key)} there and {theirs.get(key)} here" for key in differing[:5])
        raise InputError(
            f"the base {path} is another model than model=... asks for ({len(differing)} differences: {shown}); "
            "leave model out to take the base's own, or train it with base=scratch"
        )


def _flat(node: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(node, Mapping):
        return {k: v for key, child in node.items() for k, v in _flat(child, f"{prefix}{key}.").items()}
    return {prefix.rstrip("."): node}
