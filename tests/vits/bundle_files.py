"""The files of a bundle that belong to its model: those that it needs, and all."""

from __future__ import annotations

NEEDED = ("model.yaml", "generator.safetensors", "speakers.csv", "voiceprints.safetensors")
MODEL_FILES = (*NEEDED, "adversary.safetensors")
