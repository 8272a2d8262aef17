from __future__ import annotations

from pathlib import Path

import pytest
import torch

from metrics.judges.judge import Judges


@pytest.mark.parametrize(("computing", "judging"), [("cpu", "cpu"), ("cuda:1", "cuda:1"), ("mps", "cpu")])
def test_judges_are_where_the_model_is_except_beside_mps(computing: str, judging: str, tmp_path: Path) -> None:
    assert Judges(tmp_path, torch.device(computing)).device == torch.device(judging)
