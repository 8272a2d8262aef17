"""Sweeps whose cells are tasks of a real Ray of two nodes on one machine, of which workers and a node are lost.

However a cell comes to its end, its scores are those of the same sweep run one after the other.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from cluster_sweeps import ended, record, said_by, scores, sweep, until
from ray.cluster_utils import Cluster

from runners.clusters.ray_cells import VISIBLE, Surroundings
from runners.clusters.ray_needs import Needs
from tests.runners.conftest import Material

NODE = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
SLOW_MACHINE = {"RAY_worker_register_timeout_seconds": "300", "RAY_health_check_timeout_ms": "60000"}
GPUS = 2  # that the second node says it has, though this machine may have none


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    os.environ.update(SLOW_MACHINE)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # its sockets' paths must be short
        Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray").mkdir(exist_ok=True)  # Ray notes the cluster's address there
        cluster = Cluster(initialize_head=True, head_node_args={**NODE, "temp_dir": folder, "include_dashboard": False})
        cluster.add_node(**NODE, num_gpus=GPUS)
        cluster.wait_for_nodes()
        yield cluster
        cluster.shutdown()


def on(cluster: Cluster, *settings: str) -> tuple[str, ...]:
    return ("hydra/launcher=ray", f"hydra.launcher.address={cluster.address}", *settings)


def workers(experiment: Path) -> list[int]:
    """The processes of the cells that are at their training, behind a saved state of step 10 or later."""
    leases = [path for path in experiment.glob(".running/*.json") if _is_saved_at_step_10(experiment / path.stem)]
    return [record(path)["pid"] for path in leases]


def _is_saved_at_step_10(cell: Path) -> bool:
    scores, state = cell / "scores.csv", cell / "state.safetensors"
    if not (scores.is_file() and state.is_file() and state.stat().st_mtime_ns > scores.stat().st_mtime_ns):
        return False
    return re.search(r"^10,", scores.read_text(encoding="utf-8"), re.MULTILINE) is not None


def kill_a_worker(experiment: Path) -> None:
    os.kill(until(lambda: workers(experiment))[0], signal.SIGKILL)


def parent_of(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[1])


def n_resumed(here: Path, name: str) -> int:
    """How often a cell went on from a state that it had saved in its training."""
    return len(re.findall(r"resumed at step [123]0", said_by(here, name).read_text(encoding="utf-8")))


def test_a_cell_goes_on_from_its_state_when_its_worker_is_killed(
    here: Path, material: Material, expected: dict[str, bytes], cluster: Cluster
) -> None:
    experiment = here / "runs" / "killed"
    process = sweep(here, material, "killed", on(cluster))
    kill_a_worker(experiment)
    status, errors = ended(process)
    assert status == 0, errors
    assert scores(experiment) == expected
    assert (experiment / "comparison.csv").is_file()
    assert n_resumed(here, "killed") == 1


def test_a_cell_that_is_not_to_be_begun_anew_is_told_and_the_same_command_makes_up_for_it(
    here: Path, material: Material, expected: dict[str, bytes], cluster: Cluster
) -> None:
    experiment = here / "runs" / "given_up"
    process = sweep(here, material, "given_up", on(cluster, "hydra.launcher.max_retries=0"))
    kill_a_worker(experiment)
    status, errors = ended(process)
    assert status == 1
    assert "error: 1 cells failed" in errors
    assert "Ray gave it up" in errors
    status, errors = ended(sweep(here, material, "given_up", on(cluster)))
    assert status == 0, errors
    assert scores(experiment) == expected


@pytest.mark.parametrize(("num_gpus", "seen"), [(1, "[01]"), (0, "")])
def test_a_cell_sees_the_devices_that_it_was_given(num_gpus: int, seen: str, cluster: Cluster) -> None:
    def visible(surroundings: Surroundings) -> str:
        surroundings.enter()
        return os.environ[VISIBLE]

    options = Needs(num_cpus=0, num_gpus=num_gpus, memory_gb=None, resources={}, max_retries=0).options
    with ray.init(address=cluster.address, logging_level="ERROR"):
        assert re.fullmatch(seen, ray.get(ray.remote(**options)(visible).remote(Surroundings())))


def test_cells_go_on_elsewhere_when_their_node_is_lost(
    here: Path, material: Material, expected: dict[str, bytes], cluster: Cluster
) -> None:
    experiment = here / "runs" / "lost_node"
    process = sweep(here, material, "lost_node", on(cluster))
    (second,) = cluster.worker_nodes
    (raylet,) = second.all_processes["raylet"]
    until(lambda: raylet.process.pid in map(parent_of, workers(experiment)))
    cluster.remove_node(second, allow_graceful=False)
    status, errors = ended(process)
    assert status == 0, errors
    assert scores(experiment) == expected
    assert n_resumed(here, "lost_node") == 1
