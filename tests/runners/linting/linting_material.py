"""What the linter's tests are given: the types of their fixtures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vits.corpus.clip import Clip

RATE = 16_000

MakeClip = Callable[..., Clip]
WriteWave = Callable[..., Path]
