"""Which recordings Whisper listens to, and what it heard, kept so that nothing is heard twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float32
from tqdm import tqdm

from metrics.metric import JUDGED_RATE
from vits.common.atomic_files import content_key
from vits.common.kept_files import keep_json, kept_json
from vits.common.readers import read_bytes
from vits.corpus.audio import read_audio
from vits.corpus.clip import Clip
from vits.corpus.split import TRAIN, VALIDATION

HEARD_TOGETHER = 16
TRAINED_ON_LAST = {VALIDATION: 1, TRAIN: 2}  # a fault in a test clip spoils scores, one of many training clips little

Wave = Float32[np.ndarray, "_"]
T = TypeVar("T")


def sample(clips: Sequence[Clip], per_speaker: int | None) -> list[Clip]:
    """The first clips of each speaker, those of test splits before validation and training; None takes all."""
    ordered = sorted(clips, key=lambda clip: TRAINED_ON_LAST.get(str(clip.split), 0))
    taken: Counter[str] = Counter()
    chosen = []
    for clip in ordered:
        taken[clip.speaker] += 1
        if per_speaker is None or taken[clip.speaker] <= per_speaker:
            chosen.append(clip)
    return chosen


class HeardCache:
    """What a judge said of recordings, one small file each, under a key of the file's bytes, text and judge.

    `shape` is the TypedDict of what it says."""

    def __init__(self, cache_dir: Path, identity: str, shape: Any) -> None:
        self._folder = cache_dir / "heard"
        self._identity = identity
        self._shape = shape

    def known(self, clips: Sequence[Clip]) -> dict[str, Mapping[str, object]]:
        """What was said of clips that were listened to before, by name."""
        found = {clip.name: kept_json(self._path(clip), self._shape) for clip in clips}
        return {name: said for name, said in found.items() if said is not None}

    def keep(self, clip: Clip, said: object) -> None:
        """Note what the judge said, a dataclass."""
        keep_json(self._path(clip), asdict(said))  # pyright: ignore[reportArgumentType]

    def _path(self, clip: Clip) -> Path:
        parts = [self._identity.encode(), clip.text.encode(), read_bytes(clip.path)]
        return self._folder / f"{content_key(parts)}.json"


def listen(
    clips: Sequence[Clip], judge: Callable[[Sequence[Clip], Sequence[Wave]], Sequence[T]], what: str, cache: HeardCache
) -> None:
    """Have those clips judged that weren't before, and keep what is said; can be interrupted at any time."""
    known = cache.known(clips)
    unheard = [clip for clip in clips if clip.name not in known]
    with tqdm(total=len(unheard), desc=what, unit="clip", disable=None, leave=False) as bar:
        for start in range(0, len(unheard), HEARD_TOGETHER):
            batch = unheard[start : start + HEARD_TOGETHER]
            waves = [read_audio(clip.path, JUDGED_RATE) for clip in batch]
            for clip, said in zip(batch, judge(batch, waves), strict=True):
                cache.keep(clip, said)
            bar.update(len(batch))
