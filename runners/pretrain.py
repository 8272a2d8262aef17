"""Pretrain a base model on many voices, or go on where a pretraining stopped."""

from __future__ import annotations

from collections.abc import Callable

from runners.cli.entry_point import CONF, main, told_in_one_line

EXAMPLES = """\
  python runners/pretrain.py data.root=my_corpus steps=20000 bundle=my_base
  python runners/pretrain.py data.root=my_corpus steps=40000 bundle=my_base     # goes on"""


def job() -> Callable[[], None]:
    """The runner, after the slow imports."""
    import hydra
    from omegaconf import DictConfig

    from runners.config.composed_pretraining import pretraining_from
    from runners.config.registration import register_options
    from runners.pretraining.process import pretrain

    register_options()

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name="pretrain")
    def run(config: DictConfig) -> None:
        with told_in_one_line():
            pretrain(pretraining_from(config))

    return run


if __name__ == "__main__":
    main(job, "pretrain", EXAMPLES)
