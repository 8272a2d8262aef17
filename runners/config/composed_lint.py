"""From a composed `conf/lint.yaml` to what is to be checked."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from runners.config.building import build, cache_dir_of, check_known
from runners.config.schemas import LintSchema
from runners.evaluation.evaluation_settings import EvaluationSettings
from runners.linting.checks import Lint, PlannedTest, Thresholds


def lint_from(config: DictConfig) -> Lint:
    """The objects that a composed configuration of `conf/lint.yaml` stands for.

    Raises:
        InputError: a value is not allowed.
    """
    check_known(config, LintSchema)
    if "filelists" in config.data and OmegaConf.is_missing(config.data, "root"):
        config.data.root = config.data.filelists  # lists can be checked without their recordings
    evaluation: EvaluationSettings = build(config.evaluation)
    return Lint(
        corpus=build(config.data),
        base=build(config.base),
        planned=PlannedTest(evaluation.utterances_per_speaker, evaluation.test_texts),
        thresholds=Thresholds(
            config.whisper_per_speaker, config.max_wer, config.wer_difference, config.secs_difference
        ),
        device=config.device,
        cache_dir=cache_dir_of(config),
        out=Path(config.out) if config.out else None,
    )
