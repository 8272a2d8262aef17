"""Importing SpeechBrain leaves no traps behind."""

from __future__ import annotations

import subprocess
import sys

LOOK_AT_ALL_MODULES = """
import sys
from metrics.judges.speechbrain_adapter import build_ecapa, build_fbank
build_fbank(), build_ecapa()
found = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
assert len(found) > 100
"""


def test_all_modules_can_be_looked_at_when_speechbrain_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK_AT_ALL_MODULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
