"""From a composed `conf/grid.yaml` to a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from metrics.metric import Metric
from runners.config.building import build, cache_dir_of, check_known, plain
from runners.config.differing_settings import SEVERAL, differing_settings
from runners.config.one_length import with_one_length
from runners.config.registration import import_options
from runners.config.schemas import GridSchema
from runners.experiment.cell import Cell
from runners.racing.field import aim_of
from runners.reporting.settings import RETENTION_MARGIN, ReportSettings
from runners.results.cell_folder import FAILED
from runners.training.schedule import Length, Pause
from strategies.adaptation import AXES, NONE, Adaptation, Choice, PenaltyChoice
from vits.common.errors import InputError
from vits.common.registry import registered

HOW_FAR = ("racing", "stop_after", "more_sentences", "retry")  # what says how far this process goes
RETRIES = (NONE, FAILED)  # which cells of a sweep are tried again


def cell_from(config: DictConfig) -> Cell:
    """The objects that a composed configuration of `conf/grid.yaml` stands for; from here on no class sees it.

    Raises:
        InputError: a value is not allowed.
    """
    check_known(config, GridSchema)
    hydra = HydraConfig.get()
    differing = differing_settings(config, hydra)
    config = with_one_length(config, hydra.overrides.task)
    import_options()  # a launcher's worker gets the configuration ready-made, and has imported nothing yet
    metrics = [build(metric) for metric in config.metrics.values()]
    return Cell(
        experiment=config.name,
        results=Path(config.results),
        adaptation=adaptation_from(config, hydra.runtime.choices),
        base=build(config.base),
        model=plain(config.model) or None,
        corpus=build(config.data),
        training=build(config.training),
        evaluation=build(config.evaluation),
        metrics=metrics,
        tracking=build(config.wandb),
        seed=config.seed,
        length=Length(config.steps, config.epochs, config.eval_every),
        precision=config.precision,
        device=config.device,
        max_duration_s=config.max_duration_s,
        keep=config.keep,
        cache_dir=cache_dir_of(config),
        initialisers={name: cls() for name, cls in registered("strategy").items()},
        config_yaml=OmegaConf.to_yaml(_of_result(config), resolve=True),
        differing=differing,
        pause=_pause(config, metrics),
        tries_failed=tries_failed(config.retry) or hydra.mode != RunMode.MULTIRUN,
        more_sentences=config.more_sentences,
        devices=config.devices,
    )


def _of_result(config: DictConfig) -> DictConfig:
    """The configuration without what says how far this process goes."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key not in HOW_FAR])


def tries_failed(retry: str) -> bool:
    """Whether a sweep tries cells again that failed before; a single cell is tried whenever it is asked for.

    Raises:
        InputError: there is no such choice.
    """
    if retry not in RETRIES:
        raise InputError(f"retry={retry} is not allowed; choose one of {', '.join(RETRIES)}")
    return retry == FAILED


def _pause(config: DictConfig, metrics: Sequence[Metric]) -> Pause | None:
    """Where the cell waits, if it does; in a race it is asked there what the base's voices lost."""
    if config.stop_after is None:
        return None
    settings: ReportSettings = build(config.report)
    asks = config.racing and RETENTION_MARGIN in settings.guards
    return Pause(config.stop_after, aim_of(metrics, settings) if asks else None)


def adaptation_from(config: DictConfig, chosen: Mapping[str, Any]) -> Adaptation:
    """The choice on each axis.

    Raises:
        InputError: a setting of one of them is not allowed.
    """
    return Adaptation(**{axis: _choice(axis, config[axis], chosen.get(axis)) for axis in AXES})


def _choice(axis: str, settings: DictConfig, name: Any) -> Any:
    """One option, or on an axis of several all that were named; `Adaptation` says of which class."""
    if axis not in SEVERAL:
        return Choice(name, build(settings))
    options = [Choice(str(option), build(part)) for option, part in settings.items()]
    return PenaltyChoice(tuple(option for option in options if option.name != NONE))
