"""What belongs to the experiment rather than to a cell: its first cell does it, and the others take it from the cache.

Voiceprints, the recordings' scores, what the linter measures and what Whisper heard are kept by content where they
are made; here are the initialisers' errors.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from runners.bases.start import Start
from runners.experiment.adapting import initialiser_errors
from runners.voices.recorded_voices import Voices
from strategies.context import AdaptationContext
from strategies.initialisers.embedding_init import EmbeddingInit
from vits.common.atomic_files import content_key
from vits.common.kept_files import keep_json, kept_json

FORMAT = "2"  # of the kept errors; raise it when the same initialiser on the same base has another


def shared_errors(
    initialisers: Mapping[str, EmbeddingInit],
    context: AdaptationContext,
    start: Start,
    voices: Voices,
    seed: int,
    cache_dir: Path,
) -> dict[str, float]:
    """How well each initialiser guesses base speakers that it is not shown; computed once and kept on disk.

    The key is the content: the base, the voices, the seed, and the initialiser's settings and code.
    """
    errors = {}
    for name, initialiser in initialisers.items():
        described = [FORMAT, start.identity, voices.identity, str(seed), *_described(initialiser)]
        path = cache_dir / "leave_one_out" / f"{content_key(part.encode() for part in described)}.json"
        error = kept_json(path, float)
        if error is None:
            error = initialiser_errors({name: initialiser}, context, seed)[name]
            keep_json(path, error)
        errors[name] = error
    return errors


def _described(initialiser: EmbeddingInit) -> tuple[str, str, str]:
    """Which class it is, the file that the class stands in (somebody may be writing it), and its settings."""
    kind = type(initialiser)
    source = inspect.getsourcefile(kind)
    code = Path(source).read_text(encoding="utf-8") if source and Path(source).is_file() else ""
    settings = asdict(initialiser)  # pyright: ignore[reportArgumentType]  # every method is a dataclass
    return f"{kind.__module__}.{kind.__qualname__}", code, json.dumps(settings, sort_keys=True, default=str)
