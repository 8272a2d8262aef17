"""Small voices and a miniature base for all clusters, and what a sweep on them scores without any."""

from __future__ import annotations

from pathlib import Path

import pytest
from cluster_sweeps import PATIENCE_S, scores, sweep

from tests.runners.conftest import Material, material, small_bundle, small_spec

__all__ = ["material", "small_bundle", "small_spec"]  # the fixtures


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="session")
def expected(here: Path, material: Material) -> dict[str, bytes]:
    """The scores of the sweep without a cluster."""
    assert sweep(here, material, "sequential", ()).wait(PATIENCE_S) == 0
    return scores(here / "runs" / "sequential")
