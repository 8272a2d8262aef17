from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vits.checked_tensors import load_checked, save_checked
from vits.checkpoint import save_tensors
from vits.common.errors import InputError

STATE = {
    "step": torch.tensor(7),
    "none": torch.zeros(0, 3),
    "half": torch.ones(5, dtype=torch.bfloat16),
    "weight": torch.arange(12.0).view(3, 4).mT,
    "flags": torch.tensor([True, False]),
}


def test_tensors_are_the_same_when_saved_and_loaded(tmp_path: Path) -> None:
    save_checked(STATE, tmp_path / "state")
    loaded = load_checked(tmp_path / "state")
    assert loaded.keys() == STATE.keys()
    assert all(torch.equal(loaded[name], STATE[name]) for name in STATE)


def test_file_is_refused_when_any_bit_of_its_numbers_was_flipped(tmp_path: Path) -> None:
    path = tmp_path / "state"
    save_checked(STATE, path)
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    for place in range(start, len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(InputError, match=r"state was changed since it was written.*remove the run's folder"):
            load_checked(path)


def test_file_is_taken_as_it_is_when_it_has_no_checksum(tmp_path: Path) -> None:
    save_tensors({"step": STATE["step"]}, tmp_path / "state")
    assert load_checked(tmp_path / "state") == {"step": STATE["step"]}
