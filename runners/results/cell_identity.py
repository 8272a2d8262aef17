"""What determines a result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Identity:
    """All that determines a cell's result, as named values."""

    contents: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """A short name for the contents; equal contents have the same, others another."""
        canonical = json.dumps(self.contents, sort_keys=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
