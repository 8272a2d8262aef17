from __future__ import annotations

import pytest
import torch

from runners.devices import any_of_them, compile_fixed_shapes, make_fabric
from vits.errors import InputError
from vits.model_spec import ModelSpec


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tpu", "32"), "device=tpu is unknown; choose one of auto, cpu, cuda"),
        (("cpu", "16"), "precision=16 is unknown; choose one of 32, bf16"),
    ],
)
def test_it_is_said_what_is_allowed_when_a_choice_is_unknown(arguments: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_fabric(*arguments)


def test_flag_is_its_own_when_there_is_one_device() -> None:
    fabric = make_fabric("cpu", "32")
    assert any_of_them(fabric, True)
    assert not any_of_them(fabric, False)


def test_numbers_and_names_are_the_same_when_compiled(miniature_spec: ModelSpec) -> None:
    torch.manual_seed(0)
    synthesizer, adversary = miniature_spec.synthesizer(2).eval(), miniature_spec.adversary()
    names = list(synthesizer.state_dict()), list(adversary.state_dict())
    z, speaker, wave = torch.randn(1, 8, 6), torch.randn(1, 8, 1), torch.randn(1, 1, 2048)
    discriminator = adversary.opponents["audio"].get_submodule("discriminator")
    with torch.no_grad():
        before = synthesizer.decoder(z, speaker).audio, [judged.score for judged in discriminator(wave)]
        compile_fixed_shapes(synthesizer, adversary, backend="aot_eager")
        after = synthesizer.decoder(z, speaker).audio, [judged.score for judged in discriminator(wave)]
    torch.testing.assert_close(after[0], before[0])
    torch.testing.assert_close(after[1], before[1])
    assert (list(synthesizer.state_dict()), list(adversary.state_dict())) == names
