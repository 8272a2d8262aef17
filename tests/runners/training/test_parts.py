"""A batch that is computed in parts, or shared by devices, teaches what it teaches at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from miniature_material import MINIATURE

from runners.training.parts import parts_of
from runners.training.trainer import TrainingSettings
from vits.checkpoint import load_tensors
from vits.common.errors import InputError
from vits.corpus.batching import Batch
from vits.model_spec import ModelSpec

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).parent / "steps_in_parts.py"
GRADIENT_STEPS, LOSS_STEPS = 1, 20
SINGLE, DOUBLE = {1: (1, 2, 5), 2: (1, 2)}, {1: (1, 2), 2: (1,)}
"""By precision and number of devices, in how many parts each of them computes its share."""


def divided(cases: Mapping[int, Sequence[int]]) -> list[tuple[int, int]]:
    """All but the one that is not."""
    return [(devices, parts) for devices, each in cases.items() for parts in each if devices * parts > 1]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, compose_model: Callable[..., ModelSpec]) -> Path:
    """Losses and gradients of trainings that differ in how a batch is divided.

    The durations of their model are drawn, too, so that all that draws is in it.
    """
    spec = compose_model("tiny", (*MINIATURE, "model.text_encoder.n_symbols=20", "model/duration_predictor=stochastic"))
    folder = tmp_path_factory.mktemp("parts")
    steps = {"single_steps": GRADIENT_STEPS, "double_steps": LOSS_STEPS}
    for devices in SINGLE:
        cases = folder / f"{devices}.json"
        case = {
            "spec": dict(spec.parts),
            "devices": devices,
            "single": SINGLE[devices],
            "double": DOUBLE[devices],
            **steps,
        }
        cases.write_text(json.dumps(case), encoding="utf-8")
        command = [sys.executable, str(SCRIPT), str(cases), str(folder)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(("devices", "accumulate"), divided(SINGLE))
def test_gradients_are_those_of_the_whole_batch_when_it_is_divided(
    devices: int, accumulate: int, trained: Path
) -> None:
    whole = load_tensors(trained / "1x1 single.safetensors")
    parts = load_tensors(trained / f"{devices}x{accumulate} single.safetensors")
    assert parts.keys() == whole.keys()
    for side in ("generator", "adversary"):
        names = [name for name in whole if name.startswith(f"gradient/{side}")]
        assert len(names) > 20
        length = torch.stack([whole[name].norm() for name in names]).norm()
        off = torch.stack([(parts[name] - whole[name]).norm() for name in names]).norm()
        assert off < 1e-5 * length


@pytest.mark.parametrize(("devices", "accumulate"), divided(DOUBLE))
def test_losses_of_twenty_steps_are_those_of_the_whole_batch_when_it_is_divided(
    devices: int, accumulate: int, trained: Path
) -> None:
    whole = load_tensors(trained / "1x1 double.safetensors")
    parts = load_tensors(trained / f"{devices}x{accumulate} double.safetensors")
    losses = [name for name in whole if not name.startswith("gradient/")]
    assert {name.split("/")[0] for name in losses} == set(map(str, range(LOSS_STEPS)))
    for name in losses:
        assert parts[name].item() == pytest.approx(whole[name].item(), rel=1e-5), name


@given(st.integers(1, 20), st.integers(1, 4), st.integers(1, 5))
def test_every_utterance_counts_once_when_a_batch_is_divided(size: int, devices: int, accumulate: int) -> None:
    lengths = torch.arange(1, size + 1)
    data = (torch.zeros(size, 2).long(), lengths, torch.zeros(size, 3, 2), lengths, torch.zeros(size, 1, 4), lengths)
    batch = Batch(*data, speaker=torch.arange(size))
    of_devices = [parts_of(batch, device, devices, accumulate) for device in range(devices)]
    assert all(1 <= len(parts) <= accumulate for parts in of_devices), "a device without one would keep others waiting"
    parts = [part for of_one in of_devices for part in of_one]
    counting = [speaker for part in parts if part.counts for speaker in part.batch.speaker.tolist()]
    assert counting == list(range(size))
    shares = [part.contributions({name: torch.tensor(1.0) for name in ("mel", "kl", "duration")}) for part in parts]
    for name in ("mel", "kl", "duration"):
        assert sum(float(share[name]) for share in shares) == pytest.approx(1.0)


def test_more_parts_than_utterances_are_refused() -> None:
    with pytest.raises(InputError, match=r"training\.accumulate=4 is more than the 3 utterances of a batch"):
        TrainingSettings(batch_size=3, accumulate=4)
