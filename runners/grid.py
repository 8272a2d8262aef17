"""Run one cell of the strategy grid, or with -m the product of many, and compare all cells of the experiment."""

from __future__ import annotations

from collections.abc import Callable

from runners.cli.entry_point import CONF, main, told_in_one_line

EXAMPLES = """\
  python runners/grid.py strategy=nearest freeze=decoder
  python runners/grid.py -m strategy=random,mean,nearest,ecapa freeze=none,decoder,all_but_embedding seed=0,1,2
  python runners/grid.py data=folder data.root=my_voices name=mine"""


def job() -> Callable[[], None]:
    """The runner, after the slow imports."""
    import hydra
    from omegaconf import DictConfig

    from runners.config.grid_job import run_grid_job
    from runners.config.registration import register_options

    register_options()

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name="grid")
    def run(config: DictConfig) -> None:
        with told_in_one_line():
            run_grid_job(config)

    return run


if __name__ == "__main__":
    main(job, "grid", EXAMPLES)
