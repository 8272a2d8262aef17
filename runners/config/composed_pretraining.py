"""From a composed `conf/pretrain.yaml` to a pretraining run."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from runners.config.building import build, cache_dir_of, check_known, plain
from runners.config.schemas import PretrainSchema
from runners.pretraining.pretraining_run import Pretraining
from vits.common.names import check_folder, check_name
from vits.corpus.roots import resolve_folder


def pretraining_from(config: DictConfig) -> Pretraining:
    """The objects that a composed configuration of `conf/pretrain.yaml` stands for.

    Raises:
        InputError: a value is not allowed.
    """
    check_known(config, PretrainSchema)
    return Pretraining(
        directory=Path("pretraining") / check_name(config.name, "name"),
        bundle=Path(check_folder(config.bundle, "bundle")),
        start_from=resolve_folder(config.start_from) if config.start_from else None,
        fresh_rows=config.fresh_rows,
        predict_rows=config.predict_rows,
        corpus=build(config.data),
        train_split=config.train_split,
        validation_split=config.validation_split,
        validation_sentences=config.validation_sentences,
        validate_every=config.validate_every,
        evaluation=build(config.evaluation),
        model=plain(config.model) or None,
        training=build(config.training),
        metrics=[build(metric) for metric in config.metrics.values()],
        tracking=build(config.wandb),
        steps=config.steps,
        save_every_minutes=config.save_every_minutes,
        log_every=config.log_every,
        seed=config.seed,
        device=config.device,
        devices=config.devices,
        precision=config.precision,
        max_duration_s=config.max_duration_s,
        cache_dir=cache_dir_of(config),
        config=plain(config),
    )
