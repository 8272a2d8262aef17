from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runners.training.devices import any_of_them, make_fabric
from vits.common.errors import InputError
from vits.model_spec import ModelSpec

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tpu", "32"), "device=tpu is unknown; choose one of auto, cpu, cuda, mps"),
        (("mps", "32"), "device=mps, but this is no Mac whose graphics PyTorch can compute on; use device=cpu"),
        (("cpu", "16"), "precision=16 is unknown; choose one of 32, bf16"),
    ],
)
def test_it_is_said_what_is_allowed_when_a_choice_cannot_be_had(arguments: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_fabric(*arguments)


@pytest.mark.parametrize("devices", [0, -1, 99_999])
def test_more_processes_than_cores_are_refused_before_any_is_begun(devices: int) -> None:
    with pytest.raises(
        InputError, match=rf"devices={devices} must be from 1 to the \d+ processor cores of this machine"
    ):
        make_fabric("cpu", "32", devices)


def test_flag_is_its_own_when_there_is_one_device() -> None:
    fabric = make_fabric("cpu", "32")
    assert any_of_them(fabric, True)
    assert not any_of_them(fabric, False)


COMPILED = """
import json, sys
import torch
from runners.training.devices import compile_fixed_shapes
from vits.model_spec import ModelSpec
torch.manual_seed(0)
spec = ModelSpec(json.loads(sys.argv[1]))
synthesizer, adversary = spec.synthesizer(2).eval(), spec.adversary()
names = list(synthesizer.state_dict()), list(adversary.state_dict())
z, speaker, wave = torch.randn(1, 8, 6), torch.randn(1, 8, 1), torch.randn(1, 1, 2048)
discriminator = adversary.opponents["audio"].get_submodule("discriminator")
with torch.no_grad():
    before = synthesizer.decoder(z, speaker).audio, [judged.score for judged in discriminator(wave)]
    compile_fixed_shapes(synthesizer, adversary, backend="aot_eager")
    after = synthesizer.decoder(z, speaker).audio, [judged.score for judged in discriminator(wave)]
torch.testing.assert_close(after, before)
assert (list(synthesizer.state_dict()), list(adversary.state_dict())) == names
"""
"""In a process of its own, because the compiler can't see through the checks of types that tests run under."""


def test_numbers_and_names_are_the_same_when_compiled(miniature_spec: ModelSpec) -> None:
    command = [sys.executable, "-c", COMPILED, json.dumps(dict(miniature_spec.parts))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
