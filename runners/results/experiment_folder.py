"""Where an experiment's cells lie."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig


def experiment_folder(config: DictConfig) -> Path:
    """The folder of all cells of the experiment that a configuration is of."""
    return Path(config.results) / config.name
