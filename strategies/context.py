"""What every method of an adaptation may look at: the base model, its speakers, and the new voices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer

ECAPA = "ecapa-voxceleb"  # the encoder of a base's voiceprints, as `Metric.judge` names it

Hear = Callable[[str, Sequence[PreparedUtterance]], Float[Tensor, "clips print"]]
"""Unit voiceprints of recordings by the encoder of that name."""

Listen = Callable[[Float[Tensor, "batch samples"]], Float[Tensor, "batch print"]]
"""Unit voiceprints of audio of one length at 16 kHz, through which gradients flow back into the audio."""

FirstRows = Callable[[], Mapping[str, Float[Tensor, "gin"]]]
"""The embedding that each new voice starts with, by its name."""


@dataclass(frozen=True)
class Enrolment:
    """Recordings of one new speaker, and their unit ECAPA voiceprints (one per clip)."""

    voiceprints: Float[Tensor, "clips print"]
    speaker: str = ""
    recordings: Sequence[PreparedUtterance] = ()

    @property
    def mean_voiceprint(self) -> Float[Tensor, "print"]:
        """The unit vector nearest to all clips."""
        return torch.nn.functional.normalize(self.voiceprints.mean(0), dim=0)

    def require_recordings(self, method: str) -> None:
        """Check that there is something to listen to.

        Raises:
            InputError: only voiceprints are known.
        """
        if not self.recordings:
            raise InputError(
                f"{method} listens to recordings, but of speaker {self.speaker!r} only a voiceprint is known"
            )


@dataclass(frozen=True)
class BaseSpeakers:
    """The speakers that the base model was trained on, with their embeddings and unit mean voiceprints.

    Rows that were never trained are not among them: they are noise. `rows` are their places in the model's table,
    in the order of `names`. Voiceprints of width 0 mean that the base brings none.
    """

    names: tuple[str, ...]
    embeddings: Float[Tensor, "speakers gin"]
    voiceprints: Float[Tensor, "speakers print"]
    rows: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def without(self, index: int) -> BaseSpeakers:
        """All but one of them."""
        kept = [i for i in range(len(self)) if i != index]
        return BaseSpeakers(
            tuple(self.names[i] for i in kept),
            self.embeddings[kept],
            self.voiceprints[kept],
            tuple(self.rows[i] for i in kept) if self.rows else (),
        )

    def require(self, needed: int, initialiser: str) -> None:
        """Check that there are enough of them.

        Raises:
            InputError: there are fewer than `needed`.
        """
        if len(self) < needed:
            raise InputError(
                f"strategy={initialiser} needs {needed} trained base speakers, the base has {len(self)}; "
                "use strategy=random or another base"
            )

    def require_voiceprints(self, initialiser: str) -> None:
        """Check that it is known how they sound.

        Raises:
            InputError: the base brings no voiceprints.
        """
        if not self.voiceprints.shape[1]:
            raise InputError(
                f"strategy={initialiser} compares voices, but the base brings no voiceprints; import it again with "
                "wavs=<its recordings>, or use strategy=mean or strategy=random"
            )


@dataclass(frozen=True)
class AdaptationContext:
    """Read-only, and the same for every method: a method may run the base and never changes it.

    `parameters` are the base's shared parameters by the names that they have before an adapter attaches, in the
    model that is about to be trained. `texts` are the training sentences, ready to be spoken. `hear` gives
    voiceprints by any registered encoder, and `listener` the encoder itself, to be trained against. All that is drawn
    comes from `generator`, on the CPU. Training cuts segments of `segment_frames` out of its utterances, so that none
    may be shorter. `first_rows` asks the initialiser, once, where the new voices' embeddings start; only rehearsal and
    what comes after the initialiser may want to know.
    """

    spec: ModelSpec
    base: Synthesizer
    base_speakers: BaseSpeakers
    enrolments: Mapping[str, Enrolment]
    texts: Sequence[PreparedUtterance]
    hear: Hear
    generator: torch.Generator
    parameters: Mapping[str, nn.Parameter] = field(default_factory=dict)
    segment_frames: int = 1
    listener: Callable[[str], Listen] = lambda encoder: _nobody_listens(encoder)
    first_rows: FirstRows = dict

    @classmethod
    def of_base(
        cls, spec: ModelSpec, base: Synthesizer, base_speakers: BaseSpeakers, generator: torch.Generator
    ) -> AdaptationContext:
        """A base without any new voice, which is enough for guessing rows from voiceprints."""
        return cls(spec, base, base_speakers, {}, (), _hear_nobody, generator)

    def without_base_speaker(self, index: int) -> AdaptationContext:
        """The same as if the base had never known one of its speakers."""
        return replace(self, base_speakers=self.base_speakers.without(index))

    @contextmanager
    def base_at_rest(self) -> Iterator[Synthesizer]:
        """The base as it speaks, without dropout and without gradients; its modes are what they were afterwards."""
        modes = [(module, module.training) for module in self.base.modules()]
        self.base.eval()
        try:
            with torch.no_grad():
                yield self.base
        finally:
            for module, training in modes:
                module.training = training

    @property
    def trained(self) -> dict[str, nn.Parameter]:
        """The shared parameters that training moves."""
        return {name: parameter for name, parameter in self.parameters.items() if parameter.requires_grad}

    def require_trained(self, penalty: str) -> dict[str, nn.Parameter]:
        """The shared parameters that training moves, for a penalty that is about these.

        Raises:
            InputError: there are none.
        """
        if not self.trained:
            raise InputError(
                f"penalty={penalty} can change nothing: no weight of the base is trained; use another freeze or "
                "penalty=none"
            )
        return self.trained


def _nobody_listens(encoder: str) -> Listen:
    raise InputError(f"nobody listens here, so {encoder} can't be trained against; use a method that needs no judge")


def _hear_nobody(encoder: str, recordings: Sequence[PreparedUtterance]) -> Float[Tensor, "clips print"]:
    raise InputError(f"nobody listens here, so there are no voiceprints by {encoder}; use a method that needs none")
