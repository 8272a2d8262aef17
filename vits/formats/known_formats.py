"""Whose files a model's are: each project's configuration shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vits.common.errors import InputError
from vits.common.readers import shown_path
from vits.formats.coqui_vits import read_coqui_vits
from vits.formats.foreign_files import ForeignFiles
from vits.formats.foreign_model import ForeignModel
from vits.formats.piper_voice import read_piper_voice
from vits.formats.transformers_vits import read_transformers_vits
from vits.formats.vits_release import read_vits_release

MB_ISTFT_VITS2 = "mb_istft_vits2"
SETTINGS_OF_VITS2 = (
    "mb_istft_vits",
    "ms_istft_vits",
    "istft_vits",
    "subbands",
    "gen_istft_n_fft",
    "use_mel_posterior_encoder",
    "use_transformer_flows",
    "transformer_flow_type",
    "use_spk_conditioned_encoder",
    "use_noise_scaled_mas",
    "use_duration_discriminator",
    "duration_discriminator_type",
)

Config = Mapping[str, Any]
Read = Callable[[ForeignFiles, Sequence[str] | None, str | None], ForeignModel]


@dataclass(frozen=True)
class ForeignFormat:
    """What a project's configuration looks like, and what reads its files."""

    recognises: Callable[[Config], bool]
    read: Read


def _has_sections(config: Config) -> bool:
    return all(isinstance(config.get(name), Mapping) for name in ("model", "data"))


def _is_vits2(config: Config) -> bool:
    return _has_sections(config) and any(name in config["model"] for name in SETTINGS_OF_VITS2)


FORMATS: Mapping[str, ForeignFormat] = MappingProxyType(
    {
        "vits": ForeignFormat(lambda config: _has_sections(config) and not _is_vits2(config), read_vits_release),
        "transformers": ForeignFormat(
            lambda config: config.get("model_type") == "vits" or "VitsModel" in (config.get("architectures") or ()),
            read_transformers_vits,
        ),
        "coqui": ForeignFormat(
            lambda config: config.get("model") == "vits" and isinstance(config.get("model_args"), Mapping),
            read_coqui_vits,
        ),
        "piper": ForeignFormat(lambda config: "phoneme_id_map" in config, read_piper_voice),
    }
)
"""The formats beside the reference's, which has readers of its own (`vits.reference`)."""


def format_of(files: ForeignFiles) -> str:
    """Whose files they are.

    Raises:
        InputError: it can't be seen.
    """
    if _is_vits2(files.config):
        return MB_ISTFT_VITS2
    found = next((name for name, known in FORMATS.items() if known.recognises(files.config)), None)
    if found is None:
        raise InputError(
            f"{shown_path(files.config_path)} is of no model that is known here; give "
            f"format=<{', '.join((MB_ISTFT_VITS2, *FORMATS))}> and its own configuration"
        )
    return found
