"""What a cell is called: by its choices, and by what differs from the experiment's default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from runners.config.composed_cell import cell_from
from runners.config.registration import register_options
from runners.experiment.cell import Cell
from runners.experiment.cell_name import LONGEST_NAME, cell_name

CONF = Path(__file__).parents[3] / "conf"
DEFAULT = "strategy=nearest,freeze=none,seed=0"
NONE = dict.fromkeys(("adapter", "penalty", "rehearsal", "average", "stop"), "none")


@pytest.fixture(scope="module")
def named() -> Iterator[Callable[..., Cell]]:
    """The cell that overrides stand for, and nothing but these."""
    register_options()

    def make(*overrides: str) -> Cell:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose("grid", list(overrides), return_hydra_config=True)
        HydraConfig.instance().set_config(config)
        return cell_from(OmegaConf.masked_copy(config, [key for key in config if key != "hydra"]))

    yield make
    HydraConfig.instance().cfg = None


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ([], DEFAULT),
        (["steps=100", "strategy=nearest", "penalty=[none]", "training.batch_size=16"], DEFAULT),
        (["device=cpu", "cache_dir=x", "results=y", "wandb.project=z", "report.sentences=1", "name=mine"], DEFAULT),
        (["data=folder", "data.root=my_voices"], DEFAULT),
        (["data=folder", "data.root=my_voices", "steps=400", "evaluation=held_out"], DEFAULT),
        (["data=folder", "data.root=my_voices", "steps=100"], f"{DEFAULT},steps=100"),
        (["experiment=own"], DEFAULT),
        (["epochs=5"], f"{DEFAULT},epochs=5"),
        (["steps=200"], f"{DEFAULT},steps=200"),
        (["adapter=decoder_film", "seed=2"], "strategy=nearest,freeze=none,seed=2,adapter=decoder_film"),
        (["strategy={neighbours: 3}"], f"{DEFAULT},strategy.neighbours=3"),
        (["++strategy.neighbours=3"], f"{DEFAULT},strategy.neighbours=3"),
        (["strategy.neighbours=3"], f"{DEFAULT},strategy.neighbours=3"),
        (["training.optimizer.learning_rate=1e-4"], f"{DEFAULT},training.optimizer.learning_rate=0.0001"),
        (["base=bundle", "base.path=some/where"], f"{DEFAULT},base=where"),
        (["base=scratch", "strategy=random"], "strategy=random,freeze=none,seed=0,base=scratch"),
        (["training=reference"], f"{DEFAULT},training=reference"),
    ],
)
def test_name_says_what_differs_when_settings_are_given(
    overrides: list[str], name: str, named: Callable[..., Cell]
) -> None:
    assert named(*overrides).name == name


@given(
    settings=st.dictionaries(st.text("abc.", min_size=1), st.text(min_size=1, max_size=80), max_size=8),
    seed=st.integers(0, 2**62),
)
def test_name_fits_a_file_system_when_anything_is_set(settings: dict[str, str], seed: int) -> None:
    name = cell_name({"strategy": "mean", "freeze": "none", **NONE}, seed, settings)
    assert len(name.encode(errors="surrogatepass")) <= LONGEST_NAME
    assert "/" not in name


def test_names_differ_when_only_the_cut_end_does() -> None:
    choices = {"strategy": "mean", "freeze": "none", **NONE}
    one, other = (cell_name(choices, 0, {"a": "x" * 200, "b": end}) for end in ("1", "2"))
    assert one != other
    assert one[:100] == other[:100]


def test_cell_is_named_after_its_choices_when_made(make_cell: Callable[..., Cell]) -> None:
    assert make_cell("seed=3", "freeze=flow").name.startswith("strategy=nearest,freeze=flow,seed=3,base=")
    assert make_cell("strategy=random", "name=mine").directory.parent.name == "mine"
