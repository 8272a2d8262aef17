"""A model as data: the registered name and the sizes of each part, as `conf/model/` writes it and a bundle keeps it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from vits.adversary import Adversary
from vits.common.bounds import check_value, shown
from vits.common.errors import InputError
from vits.common.sizes import SpeakerChannels, Speakers
from vits.part_building import build_part, count_weights, read_part
from vits.spectrogram import AudioAnalysis
from vits.synthesizer import Synthesizer
from vits.text.alphabet import Alphabet, PhonemeAlphabet

PARTS = ("text_encoder", "posterior_encoder", "flow", "duration_predictor", "decoder")
ADVERSARY = "adversary"
ALPHABET = "alphabet"  # only of a model that reads other symbols than VITS2's
NEEDED = (*PARTS, "analysis", "spectrogram", "speaker_embedding", ADVERSARY)
SIZES = ("latent_channels", "hidden_channels", "filter_channels", "speaker_channels")  # what the parts' sizes refer to
OPPONENT_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
MOST_OPPONENTS = 8
MOST_WEIGHTS = 1_000_000_000


@dataclass(frozen=True)
class ModelSpec:
    """The resolved configuration of a model, as plain data; each part has the `name` of a registered class.

    `parts` is kept in the present spelling, whichever it was given in: older files name classes by `_target_`.

    Raises:
        InputError: a part is missing or none that is registered, or a setting is unknown or out of bounds.
    """

    parts: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", _read(self.parts))

    def analysis(self) -> AudioAnalysis:
        """How audio becomes frames."""
        return self._build("analysis", {})

    def alphabet(self) -> Alphabet:
        """The symbols that the text encoder reads, and what makes them of a spelling."""
        return self._build(ALPHABET, {}) if ALPHABET in self.parts else PhonemeAlphabet()

    def spectrogram(self) -> nn.Module:
        """The module that makes what the posterior encoder hears.

        Raises:
            InputError: the posterior encoder takes another number of channels.
        """
        spectrogram = self._build("spectrogram", {"analysis": self.analysis()})
        taken = self.parts["posterior_encoder"]["spectrogram_channels"]
        if taken != spectrogram.channels:
            raise InputError(
                f"the spectrogram has {spectrogram.channels} channels, but the posterior encoder takes "
                f"spectrogram_channels={taken}; make them the same"
            )
        return spectrogram

    def synthesizer(self, n_speakers: int) -> Synthesizer:
        """A new generator with random weights and so many base speakers.

        Raises:
            InputError: parts don't fit each other, the decoder makes another number of samples of a frame than the
                analysis takes, or the model has more than a billion weights; nothing is allocated then.
        """
        check_value("the number of base speakers", n_speakers, Speakers)
        _check_agreement(self.parts)
        _check_size(sum(count_weights(name, self.parts[name]) for name in PARTS) + self._embedding_weights(n_speakers))
        return self._new_synthesizer(n_speakers)

    def adversary(self) -> Adversary:
        """New discriminators with random weights.

        Raises:
            InputError: there are more than a billion weights; nothing is allocated then.
        """
        opponents = self.parts[ADVERSARY]
        _check_size(sum(count_weights("opponent", part) for part in opponents.values()))
        return Adversary({name: build_part("opponent", part, {}) for name, part in opponents.items()})

    def _new_synthesizer(self, n_speakers: int) -> Synthesizer:
        parts = {name: self._build(name, {}) for name in PARTS}
        embedding = self._build("speaker_embedding", {"n_speakers": n_speakers})
        synthesizer = Synthesizer(**parts, speaker_embedding=embedding)
        hop_length = self.analysis().hop_length
        if synthesizer.samples_per_frame != hop_length:
            raise InputError(
                f"the decoder makes {synthesizer.samples_per_frame} samples of a frame, but hop_length={hop_length}; "
                "change its upsample_rates or the hop"
            )
        return synthesizer

    def _embedding_weights(self, n_speakers: int) -> int:
        return n_speakers * self.parts["speaker_embedding"].get("channels", 0)

    def _build(self, name: str, given: Mapping[str, object]) -> Any:
        return build_part(name, self.parts[name], given)


def _read(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The whole description in the present spelling, checked."""
    missing = [name for name in NEEDED if name not in parts]
    if missing:
        raise InputError(f"the model's configuration lacks {', '.join(missing)}; it must give {', '.join(NEEDED)}")
    unknown = [name for name in parts if name not in (*NEEDED, *SIZES, ALPHABET)]
    if unknown:
        raise InputError(f"the model has no part {shown(unknown[0])}; it must give {', '.join(NEEDED)}")
    return {name: _read_entry(name, value) for name, value in parts.items()}


def _read_entry(name: str, value: Any) -> Any:
    if name in SIZES:
        check_value(f"model.{name}", value, SpeakerChannels)
        return value
    if name == ADVERSARY:
        return _read_opponents(value)
    return read_part(name, value, f"model.{name}")


def _read_opponents(opponents: object) -> dict[str, Any]:
    if not isinstance(opponents, Mapping) or len(opponents) > MOST_OPPONENTS:
        raise InputError(f"model.adversary={shown(opponents)} must be a mapping of at most {MOST_OPPONENTS} opponents")
    reserved = dir(nn.ModuleDict())  # a module can't be called what its container already calls something else
    for name in opponents:
        if not isinstance(name, str) or not OPPONENT_NAME.fullmatch(name) or name in reserved:
            raise InputError(f"model.adversary.{shown(name)} is no name of an opponent; use a word such as audio")
    return {name: read_part("opponent", part, f"model.adversary.{name}") for name, part in opponents.items()}


def _check_agreement(parts: Mapping[str, Any]) -> None:
    """What one part gives has as many channels as the next one takes."""
    expected = {
        "latent_channels": (PARTS, parts["posterior_encoder"]["latent_channels"]),
        "hidden_channels": (("text_encoder", "duration_predictor"), parts["text_encoder"]["hidden_channels"]),
    }
    if "channels" in parts["speaker_embedding"]:  # without an embedding nothing is told the speaker, whatever it takes
        expected["speaker_channels"] = (PARTS, parts["speaker_embedding"]["channels"])
    for size, (takers, channels) in expected.items():
        for name in takers:
            taken = parts[name].get(size, channels)
            if taken != channels:
                raise InputError(f"model.{name}.{size}={taken} doesn't fit the other parts, which give {channels}")
    n_symbols, read = parts["text_encoder"]["n_symbols"], parts.get(ALPHABET, {}).get("symbols", ())
    if len(read) > n_symbols:
        raise InputError(f"model.text_encoder.n_symbols={n_symbols} doesn't fit the alphabet, which has {len(read)}")


def _check_size(n_weights: int) -> None:
    if n_weights > MOST_WEIGHTS:
        raise InputError(
            f"the model would have about {n_weights:,} weights, and at most {MOST_WEIGHTS:,} are built; make it smaller"
        )
