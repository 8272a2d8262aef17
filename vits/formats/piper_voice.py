"""Checkpoints of Piper's training: a Lightning `.ckpt`, and the `config.json` of its voice."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from torch import Tensor

from vits.common.errors import InputError
from vits.common.readers import shown_path
from vits.formats.foreign_files import ForeignFiles
from vits.formats.foreign_model import ForeignModel
from vits.formats.vits_release import SPEAKER_ROWS, SYMBOL_ROWS, release_sizes, symbol_rows
from vits.formats.vits_sizes import Part
from vits.reference.config_section import Section
from vits.reference.name_rules import renamed
from vits.reference.reference_config import analysis_of, check_hop
from vits.reference.reference_names import MULTI_PERIOD_DISCRIMINATOR, synthesizer_table

GENERATOR, DISCRIMINATOR = "model_g.", "model_d."
OF_TRAINING = ("model_mrd.", "_mos_predictor.")  # judges beside the discriminator, which aren't built here
PAD, BEGIN, END = "_", "^", "$"
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "inter_channels": 192,
        "hidden_channels": 192,
        "filter_channels": 768,
        "n_heads": 2,
        "n_layers": 6,
        "kernel_size": 3,
        "p_dropout": 0.1,
        "resblock": "2",
        "resblock_kernel_sizes": (3, 5, 7),
        "resblock_dilation_sizes": ((1, 2), (2, 6), (3, 12)),
        "upsample_rates": (8, 8, 4),
        "upsample_initial_channel": 256,
        "upsample_kernel_sizes": (16, 16, 8),
        "sample_rate": 22050,
        "filter_length": 1024,
        "hop_length": 256,
        "win_length": 1024,
        "mel_channels": 80,
        "mel_fmin": 0.0,
    }
)
"""Piper's own, for hyperparameters that a checkpoint doesn't hold."""
RENAMED: Mapping[str, str] = MappingProxyType({"sampling_rate": "sample_rate", "n_mel_channels": "mel_channels"})


def read_piper_voice(files: ForeignFiles, symbols: Sequence[str] | None, language: str | None) -> ForeignModel:
    """A voice of Piper with its discriminator; sizes are those of the checkpoint's hyperparameters.

    Raises:
        InputError: the files are damaged, don't fit each other, or hold what isn't built here.
    """
    source, content = shown_path(files.checkpoint), files.content()
    settings = Section("hyper_parameters", _hyperparameters(content), source)
    tensors = files.weights(content.get("state_dict"), "'state_dict'")
    generator = _part(tensors, GENERATOR)
    _check_parts(tensors, source)
    width = generator[SPEAKER_ROWS].shape[1] if SPEAKER_ROWS in generator else 0
    model = Section(settings.name, {**settings.values, "gin_channels": width}, source)
    alphabet = _alphabet(Section("", files.config, shown_path(files.config_path)), symbols, language)
    check_hop(model, model, 1)
    n_symbols = symbol_rows(generator, SYMBOL_ROWS, source)
    return ForeignModel(
        sizes=release_sizes(model, analysis_of(model), n_symbols, alphabet, of_one_voice=not width),
        tensors=generator,
        table=synthesizer_table,
        speakers=_speakers(files, len(generator[SPEAKER_ROWS]) if width else 1),
        source=source,
        discriminator=renamed(_part(tensors, DISCRIMINATOR), MULTI_PERIOD_DISCRIMINATOR),
    )


def _hyperparameters(content: Mapping[Any, Any]) -> Mapping[str, Any]:
    """What the model was made with; lists may have been written as text."""
    saved = content.get("hyper_parameters")
    held = {**DEFAULTS, **(saved if isinstance(saved, Mapping) else {})}
    values = {name: _listed(held[name]) if name in DEFAULTS else held[name] for name in held}
    return {**values, **{ours: values[theirs] for ours, theirs in RENAMED.items()}}


def _listed(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip().startswith(("(", "[")) or len(value) > 1000:
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def _part(tensors: Mapping[str, Tensor], begin: str) -> dict[str, Tensor]:
    return {name.removeprefix(begin): tensor for name, tensor in tensors.items() if name.startswith(begin)}


def _check_parts(tensors: Mapping[str, Tensor], source: str) -> None:
    strange = [name for name in tensors if not name.startswith((GENERATOR, DISCRIMINATOR, *OF_TRAINING))]
    if strange:
        raise InputError(f"{source} has the unknown {len(strange)} tensors ({strange[0]}, ...): it is no Piper model")


def _alphabet(config: Section, symbols: Sequence[str] | None, language: str | None) -> Part:
    config.must_be("phoneme_type", "espeak")
    if config.values.get("vowel_clusters"):
        raise config.refuse("vowel_clusters", config.values["vowel_clusters"], "it must be empty")
    listed = list(symbols) if symbols else _symbols(config)
    missing = [symbol for symbol in (PAD, BEGIN, END) if symbol not in listed]
    if missing:
        raise InputError(f"{config.source} gives no id to {missing[0]!r}; give the voice's own configuration")
    espeak = config.values.get("espeak")
    spoken = espeak.get("voice", "") if isinstance(espeak, Mapping) else ""
    return {
        "name": "decomposed_phonemes",
        "symbols": listed,
        "blank": listed.index(PAD),
        "begin": [listed.index(BEGIN)],
        "end": [listed.index(END)],
        "language": language or str(spoken),
    }


def _symbols(config: Section) -> list[str]:
    """The symbols by their ids: Piper lists the ids of each."""
    ids = config.get("phoneme_id_map")
    if not isinstance(ids, Mapping) or not ids:
        raise config.refuse("phoneme_id_map", ids, "it must give each symbol a list of its one id")
    for symbol, numbers in ids.items():
        if not isinstance(numbers, list) or len(numbers) != 1 or not isinstance(numbers[0], int) or numbers[0] < 0:
            raise config.refuse(f"phoneme_id_map.{symbol}", numbers, "it must be a list of one id")
    listed = [""] * min(1 + max(numbers[0] for numbers in ids.values()), 10_000)
    for symbol, (number,) in ids.items():
        if number < len(listed):
            listed[number] = symbol
    return listed


def _speakers(files: ForeignFiles, n_speakers: int) -> list[str]:
    """By the configuration's map of names, or by their numbers."""
    names = files.config.get("speaker_id_map") or {}
    by_row = {number: str(name) for name, number in names.items()} if isinstance(names, Mapping) else {}
    return [by_row.get(row, str(row)) for row in range(n_speakers)]
