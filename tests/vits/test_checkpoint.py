from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vits.checkpoint import load_strict, load_tensors, load_weights, save_tensors, save_weights
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.reference import synthesizer_from_reference

SEED = Path(__file__).parent / "golden" / "finetune_mb_pre_conv2"

ReferenceCheckpoint = tuple[dict[str, Any], dict[str, Tensor]]


@pytest.fixture
def seed_checkpoint() -> ReferenceCheckpoint:
    """A seed configuration, and tensors of its names and shapes that take no memory."""
    shapes = json.loads((SEED / "state_dict_shapes.json").read_text())
    state = {name: torch.zeros(1).expand(shape) for name, shape in shapes.items()}
    return json.loads((SEED / "config.json").read_text()), state


@pytest.fixture
def meta_device() -> Iterator[None]:
    """Parameters without memory."""
    with torch.device("meta"):
        yield


@contextmanager
def full_disk() -> Iterator[None]:
    """Files can't grow beyond 1,000 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("meta_device")
def test_five_names_are_shown_when_tensors_are_missing(seed_checkpoint: ReferenceCheckpoint) -> None:
    config, state = seed_checkpoint
    gone = [name for name in state if name.startswith("enc_p.")]
    with pytest.raises(InputError) as error:
        synthesizer_from_reference(config, {name: t for name, t in state.items() if name not in gone})
    message = str(error.value)
    assert f"{len(gone)} missing (text_encoder." in message
    assert message.count("text_encoder.") == 5
    assert ", ...)" in message


@pytest.mark.usefixtures("meta_device")
def test_name_is_shown_when_a_tensor_is_unexpected(seed_checkpoint: ReferenceCheckpoint) -> None:
    config, state = seed_checkpoint
    with pytest.raises(InputError, match=r"1 unexpected \(enc_x\.weight\)"):
        synthesizer_from_reference(config, state | {"enc_x.weight": torch.zeros(2)})


@pytest.mark.usefixtures("meta_device")
def test_both_shapes_are_shown_when_a_table_has_another_size(seed_checkpoint: ReferenceCheckpoint) -> None:
    config, state = seed_checkpoint
    with pytest.raises(InputError, match=r"1 of another shape .*weight \[99, 192\] instead of \[108, 192\]"):
        synthesizer_from_reference(config, state | {"emb_g.weight": torch.zeros(99, 192)})


def test_nothing_is_loaded_when_one_name_is_wrong() -> None:
    module = nn.Linear(2, 2)
    before = deepcopy(module.state_dict())
    with pytest.raises(InputError, match=r"here\.pt does not fit.*1 missing \(bias\); 1 unexpected \(bais\)"):
        load_strict(module, {"weight": torch.zeros(2, 2), "bais": torch.zeros(2)}, source="here.pt")
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_weights_come_back_when_saved_and_loaded(miniature_spec: ModelSpec, tmp_path: Path) -> None:
    one, other = miniature_spec.synthesizer(2), miniature_spec.synthesizer(2)
    path = tmp_path / "new" / "weights.safetensors"
    save_weights(one, path)
    load_weights(other, path)
    assert all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in one.state_dict().items())
    assert [file.name for file in path.parent.iterdir()] == ["weights.safetensors"]


def test_weights_are_refused_when_they_are_of_another_model(miniature_spec: ModelSpec, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(miniature_spec.synthesizer(2), path)
    with pytest.raises(InputError, match=r"weights\.safetensors does not fit .*\[2, 8\] instead of \[3, 8\]"):
        load_weights(miniature_spec.synthesizer(3), path)


def test_path_is_named_when_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no checkpoint at .*gone\.safetensors"):
        load_tensors(tmp_path / "gone.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a tensor file", b"\xff" * 64])
def test_path_is_named_when_file_is_damaged(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"damaged\.safetensors is no readable safetensors file"):
        load_tensors(path)


def test_path_is_named_when_file_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    save_tensors({"weight": torch.randn(100)}, path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"cut\.safetensors is no readable safetensors file"):
        load_tensors(path)


def test_path_is_named_when_it_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no readable safetensors file"):
        load_tensors(tmp_path)


def test_old_file_stays_when_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_tensors({"weight": torch.ones(2)}, path)
    with full_disk(), pytest.raises(InputError, match="File too large"):
        save_tensors({"weight": torch.randn(10_000)}, path)
    assert load_tensors(path)["weight"].tolist() == [1.0, 1.0]
    assert list(tmp_path.iterdir()) == [path]


def test_no_part_of_a_file_remains_when_disk_is_full(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(InputError, match="File too large"):
        save_tensors({"weight": torch.randn(10_000)}, tmp_path / "weights.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_no_part_of_a_file_remains_when_path_is_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.mkdir()
    with pytest.raises(InputError, match="directory"):
        save_tensors({"weight": torch.ones(2)}, path)
    assert list(tmp_path.iterdir()) == [path]


def test_new_file_replaces_the_old_when_saved_again(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    for value in (1.0, 2.0):
        save_tensors({"weight": torch.full((2,), value)}, path)
    assert load_tensors(path)["weight"].tolist() == [2.0, 2.0]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_tensors_are_refused_when_they_would_come_from_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights.safetensors")  # which nobody writes to, so that opening it would wait for ever
    with pytest.raises(InputError, match="it is a pipe or a device"):
        load_tensors(tmp_path / "weights.safetensors")
