"""Whisper's weights as openai-whisper itself names them, with the checksums that it gives."""

from __future__ import annotations

import whisper

from metrics.judges.judge_weights import WHISPER, Weights
from vits.common.errors import InputError


def official_weights(name: str) -> Weights:
    """The weights of that name; no wheel is known to hold them, but the file may be put into the cache by hand.

    Raises:
        InputError: openai-whisper knows none of that name.
    """
    addresses: dict[str, str] = vars(whisper)["_MODELS"]  # the last folder of each address is the file's SHA-256
    if name not in addresses:
        raise InputError(
            f"there are no {WHISPER} weights {name!r}; choose one of: {', '.join(whisper.available_models())}"
        )
    address = addresses[name]
    return Weights(WHISPER, name, address.split("/")[-2], "MIT", address, ())
