"""Phonemes of texts, kept under a key of the texts and the language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from vits.common.atomic_files import content_key, write_atomically
from vits.text.phonemizer import EspeakPhonemizer

FORMAT = "1"  # raise it when the phonemizer changes its result


def cached_phonemes(texts: Sequence[str], phonemizer: EspeakPhonemizer, cache_dir: Path) -> list[str]:
    """The phonemes of each text, in order; a file of the cache that is missing or damaged is made again."""
    key = content_key(part.encode() for part in (FORMAT, phonemizer.language, *texts))
    path = cache_dir / "phonemes" / f"{key}.json"
    try:
        cached = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(cached, list) and len(cached) == len(texts):
            return cached
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        pass
    phonemes = phonemizer(texts)
    write_atomically(path, json.dumps(phonemes, ensure_ascii=False).encode())
    return phonemes
