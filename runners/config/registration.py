"""Making all registered options known to Hydra."""

from __future__ import annotations

import importlib

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

import metrics
import runners.bases
import runners.evaluation
import runners.reporting
import runners.tracking
import runners.training
import strategies
import vits.corpus
from runners.config.schemas import GridSchema, LintSchema, PretrainSchema
from runners.experiment.cells_at_once import cells_at_once
from vits.common.registry import import_all

EXTENSIBLE = (strategies, metrics, vits.corpus, runners.bases)
"""Packages in which a new file may register an option, so that it needs no list to be put on."""
WITH_SETTINGS = (
    "runners.evaluation.evaluation_settings",
    "runners.reporting.settings",
    "runners.tracking.tracker",
    "runners.training.trainer",
)


def import_options() -> None:
    """Import every module that may register an option."""
    for package in EXTENSIBLE:
        import_all(package)
    for name in WITH_SETTINGS:
        importlib.import_module(name)


def register_report() -> None:
    """Make known what a report needs, the metrics and its own settings; the rest takes seconds to import."""
    import_all(metrics)
    importlib.import_module("runners.reporting.settings")


def register_options() -> None:
    """Make all options, and the schemas of the entry points, known to Hydra."""
    import_options()
    OmegaConf.register_new_resolver("cells_at_once", cells_at_once, replace=True)
    store = ConfigStore.instance()
    for name, schema in (("grid", GridSchema), ("pretrain", PretrainSchema), ("lint", LintSchema)):
        store.store(name=f"{name}_schema", node=schema, provider="voicegrid")
