"""Checkpoints of other projects are data: what they hold beside tensors becomes inert, and nothing runs."""

from __future__ import annotations

import argparse
import builtins
import collections
import enum
import io
import os
import pathlib
import pickle
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vits.common.errors import InputError
from vits.reference.inert_reader import Inert, read_inertly
from vits.reference.reference_checkpoint import read_reference_checkpoint

WEIGHTS = {"enc.weight": torch.arange(6.0).view(2, 3), "enc.bias": torch.ones(2)}


class Colour(enum.Enum):
    RED = 1


class Settings(dict[str, Any]):
    """A dictionary of a class of its own, as many projects have for their settings."""


class Calls:
    """Pickled as a call of any function."""

    def __init__(self, function: Callable[..., object], *arguments: object, state: object = None) -> None:
        self.reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.reduced


def write(path: Path, **content: Any) -> Path:
    torch.save({"model": WEIGHTS, "iteration": 7, "optimizer": None, "learning_rate": 1e-4, **content}, path)
    return path


def with_pickle(path: Path, pickled: bytes) -> Path:
    """A checkpoint whose pickle is replaced."""
    write(path)
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in records.items():
            archive.writestr(name, pickled if name.endswith("data.pkl") else content)
    return path


def test_tensors_are_those_written_when_read(tmp_path: Path) -> None:
    base = torch.randn(4, 6)
    tensors = {
        "view": base[1:3, ::2],
        "transposed": base.mT,
        "parameter": torch.nn.Parameter(base.clone()),
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 3),
        "half": base.half(),
        "brain": base.bfloat16(),
        "double": base.double(),
        "whole": torch.arange(5),
        "flags": base > 0,
        "complex": base.to(torch.complex64),
    }
    read = read_inertly(write(tmp_path / "G.pth", model=tensors))["model"]
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor.detach()), name


def test_optimizer_is_that_written_when_read(tmp_path: Path) -> None:
    parameter = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([parameter])
    parameter.sum().backward()
    optimizer.step()
    state = read_inertly(write(tmp_path / "G.pth", optimizer=optimizer.state_dict()))["optimizer"]
    assert torch.equal(state["state"][0]["exp_avg"], optimizer.state_dict()["state"][0]["exp_avg"])
    assert state["param_groups"][0]["lr"] == optimizer.state_dict()["param_groups"][0]["lr"]


@pytest.mark.parametrize(
    "value",
    [
        pathlib.PurePosixPath("/a/b"),
        pathlib.Path("x"),
        Colour.RED,
        np.float64(3.0),
        np.int64(7),
        np.arange(4),
        np.dtype("O"),
        argparse.Namespace(a=1),
        collections.Counter("aab"),
        Settings(a=1, b=[2]),
        collections.deque([1, 2]),
        collections.defaultdict(list, a=[1]),
        {1, 2},
        frozenset({3}),
        range(3),
        torch.float32,
        torch.device("cpu"),
        torch.Size([1, 2]),
        torch.nn.Linear(1, 1),
        slice(1, 2),
        1j,
        2**100,
        (((1,),),),
    ],
    ids=lambda value: type(value).__name__,
)
def test_weights_are_read_when_something_else_is_beside_them(value: Any, tmp_path: Path) -> None:
    checkpoint = read_reference_checkpoint(write(tmp_path / "G.pth", iteration=value, config={"deep": [value]}))
    assert checkpoint.tensors.keys() == WEIGHTS.keys()
    assert all(torch.equal(checkpoint.tensors[name], tensor) for name, tensor in WEIGHTS.items())


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "attack",
    [
        lambda made: Calls(os.system, f"touch {made}"),
        lambda made: Calls(os.mkdir, str(made)),
        lambda made: Calls(builtins.eval, f"open({str(made)!r}, 'w')"),
        lambda made: Calls(builtins.exec, f"open({str(made)!r}, 'w')"),
        lambda made: Calls(subprocess.call, ["touch", str(made)]),
        lambda made: Calls(pathlib.Path, Calls(os.mkdir, str(made))),
        lambda made: Calls(io.FileIO, str(made), "w"),
        lambda made: Calls(torch.save, {}, str(made)),
        lambda made: Calls(np.save, str(made), 3),
        lambda made: Calls(getattr, Calls(__import__, "os"), "system"),
        lambda made: Calls(setattr, Calls(__import__, "torch"), "loaded_by_a_pickle", True),
        lambda made: Calls(collections.OrderedDict, state={"__class__": 3}),
        lambda made: Calls(map, os.mkdir, [str(made)]),
    ],
)
def test_nothing_runs_when_a_checkpoint_is_malicious(attack: Any, protocol: int, tmp_path: Path) -> None:
    made = tmp_path / "made"
    content = {"model": {}, "iteration": attack(made), "optimizer": [attack(made)]}
    path = with_pickle(tmp_path / "G.pth", pickle.dumps(content, protocol=protocol))
    read = read_inertly(path)
    assert isinstance(read["iteration"], (Inert, dict))
    assert not made.exists()
    assert "loaded_by_a_pickle" not in vars(torch)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_line_is_said_when_bytes_of_a_checkpoint_change(data: st.DataObject, tmp_path: Path) -> None:
    path = write(tmp_path / "G.pth", optimizer={"state": {}})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    assert lines_said(path) <= 1


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pickled=st.binary(max_size=60))
def test_one_line_is_said_when_the_pickle_is_any(pickled: bytes, tmp_path: Path) -> None:
    assert lines_said(with_pickle(tmp_path / "G.pth", pickled)) <= 1


def lines_said(path: Path) -> int:
    """How many lines a refusal has; 0 where the file was read."""
    try:
        read_reference_checkpoint(path)
    except InputError as error:
        return len(str(error).splitlines())
    return 0


@pytest.mark.parametrize("content", [b"", b"PK", b"\x80\x02", b"garbage", b"\xff" * 1000])
def test_checkpoint_is_refused_when_it_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "G.pth").write_bytes(content)
    with pytest.raises(InputError, match=r"G\.pth can't be read as a checkpoint"):
        read_reference_checkpoint(tmp_path / "G.pth")
    with pytest.raises(InputError, match="there is no checkpoint"):
        read_reference_checkpoint(tmp_path)


def test_checkpoint_is_refused_when_a_tensor_claims_more_than_its_storage(tmp_path: Path) -> None:
    storage = torch.zeros(2).untyped_storage()
    huge = torch.empty(0).set_(storage, 0, (10**12,), (0,))
    with pytest.raises(InputError, match="larger than its storage"):
        read_reference_checkpoint(write(tmp_path / "G.pth", model={"a": huge}))


def test_checkpoint_is_refused_when_its_files_are_compressed(tmp_path: Path) -> None:
    path = tmp_path / "G.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10**7))
    with pytest.raises(InputError, match="compressed"):
        read_reference_checkpoint(path)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.tensor([1.0, float("nan")]), "1 tensors are NaN or infinite .enc.bias"),
        (torch.tensor([float("-inf"), 1.0]), "NaN or infinite .enc.bias"),
        (torch.ones(2, dtype=torch.complex64), "complex .enc.bias"),
        (torch.ones(2, dtype=torch.int64), "of whole numbers .enc.bias"),
        (torch.ones(2, dtype=torch.bool), "of whole numbers .enc.bias"),
    ],
)
def test_weights_are_named_when_they_are_no_weights(tensor: torch.Tensor, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_reference_checkpoint(write(tmp_path / "G.pth", model={**WEIGHTS, "enc.bias": tensor}))


def test_names_are_the_models_own_when_training_wrapped_it(tmp_path: Path) -> None:
    wrapped = {f"module.{name}": tensor for name, tensor in WEIGHTS.items()}
    assert read_reference_checkpoint(write(tmp_path / "G.pth", model=wrapped)).tensors.keys() == WEIGHTS.keys()


def test_names_are_kept_when_only_one_begins_like_a_wrapper(tmp_path: Path) -> None:
    mixed = {"module.a": torch.ones(1), "b": torch.ones(1)}
    assert read_reference_checkpoint(write(tmp_path / "G.pth", model=mixed)).tensors.keys() == mixed.keys()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_one_line_is_printed_when_weights_are_of_half_precision(
    dtype: torch.dtype, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "G.pth", model={name: tensor.to(dtype) for name, tensor in WEIGHTS.items()})
    tensors = read_reference_checkpoint(path).tensors
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}
    assert capsys.readouterr().out == f"{path}: 2 of 2 tensors are of half precision and are widened to float32\n"


@pytest.mark.parametrize(
    "state",
    [{0: 3}, {0: {}, 1: {}}, [1], {"a": {}}, {0: {"step": "x", "exp_avg": 1, "exp_avg_sq": 1}, 1: {}}],
)
def test_optimizer_is_refused_when_its_state_is_another(state: object, tmp_path: Path) -> None:
    checkpoint = read_reference_checkpoint(write(tmp_path / "G.pth", optimizer={"state": state}))
    with pytest.raises(InputError, match="import without optimizer=true"):
        checkpoint.moments()
