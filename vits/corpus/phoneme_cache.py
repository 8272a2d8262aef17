"""Phonemes of texts, kept under a key of the texts, what reads them and the phonemizer's version."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from vits.common.atomic_files import content_key
from vits.common.kept_files import keep_json, kept_json
from vits.text.reader import Reader

FORMAT = "2"  # raise it when the texts are made ready for the phonemizer in another way
PACKAGES = ("espeakng-loader", "phonemizer")  # another version may read a text differently, so it is asked again


def cached_phonemes(texts: Sequence[str], reader: Reader, cache_dir: Path) -> list[str]:
    """The phonemes of each text, in order; a file of the cache that is missing or damaged is made again."""
    versions = [f"{package} {version(package)}" for package in PACKAGES]
    key = content_key(part.encode() for part in (FORMAT, *versions, reader.name, *texts))
    path = cache_dir / "phonemes" / f"{key}.json"
    cached = kept_json(path, list[str])
    if cached is not None and len(cached) == len(texts):
        return cached
    phonemes = reader(texts)
    keep_json(path, phonemes)
    return phonemes
