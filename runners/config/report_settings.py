"""The settings of a report from `name=value` texts, as `runners/report.py` gets them."""

from __future__ import annotations

from collections.abc import Sequence

import yaml
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from runners.config.building import build
from runners.reporting.settings import ReportSettings
from vits.common.errors import InputError
from vits.common.names import shown


def report_settings(texts: Sequence[str]) -> ReportSettings:
    """Settings of those values, such as `margins.secs=0.01` or `guards=[wer]`; the others have their defaults.

    Raises:
        InputError: a value isn't allowed.
        omegaconf.errors.OmegaConfBaseException: there is no such setting, or a value is of another type.
    """
    schema = ConfigStore.instance().load("report/schema/page.yaml").node
    settings: ReportSettings = build(OmegaConf.merge(schema, *map(_given, texts)))  # pyright: ignore[reportArgumentType]
    settings.check()
    return settings


def _given(text: str) -> DictConfig:
    try:
        return OmegaConf.from_dotlist([text])
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InputError(f"{shown(text)} can't be read; give name=value, a list as name=[one,two]") from None
