"""A training has one length: the one that is typed counts, and not the experiment's default beside it."""

from __future__ import annotations

from collections.abc import Iterable

from omegaconf import DictConfig

LENGTHS = ("steps", "epochs")


def with_one_length(config: DictConfig, overrides: Iterable[str]) -> DictConfig:
    """The configuration without the length that is only a default, where the other one is typed.

    `overrides` is what was typed. Where both were, or neither, both are left, which nothing can be made of.
    """
    typed = {override.lstrip("+").partition("=")[0] for override in overrides}
    given = [name for name in LENGTHS if config[name] is not None]
    counting = [name for name in given if name in typed]
    if len(given) < 2 or len(counting) != 1:
        return config
    chosen = config.copy()
    chosen[next(name for name in LENGTHS if name not in counting)] = None
    return chosen
