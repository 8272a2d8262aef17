from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins

from runners.cli.entry_point import CONF
from runners.clusters.launching import RAY, moves_cells, prepare_launcher
from runners.config.registration import register_options
from vits.common.errors import InputError


@pytest.mark.parametrize(("launcher", "moves"), [("ray", True), ("slurm", False), ("side_by_side", False)])
def test_it_is_known_which_launchers_move_cells(launcher: str, moves: bool) -> None:
    register_options()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("grid", [f"hydra/launcher={launcher}"], return_hydra_config=True)
    target = config.hydra.launcher.get("_target_")
    assert moves_cells(target) is moves
    assert Plugins.is_in_toplevel_plugins_module(target)


def test_launcher_lies_where_hydra_looks_for_it() -> None:
    module, _, _ = RAY.rpartition(".")
    assert (CONF.parent / "runners" / f"{module.replace('.', '/')}.py").is_file()
    assert not (CONF.parent / "runners" / "hydra_plugins" / "__init__.py").exists()


@pytest.mark.skipif(find_spec("ray") is not None, reason="it is installed")
def test_it_is_said_how_to_install_ray_when_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"hydra/launcher=ray isn't installed; pip install -e '\.\[ray\]' does it"):
        prepare_launcher(RAY, tmp_path)
