"""The state of a training: resumed bit for bit, and refused where it is another's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from miniature_training import SETTINGS, NewTrainer, differing, train, weights

from vits.checkpoint import save_tensors
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance


@pytest.mark.parametrize("stop", [2, 3, 4])
@pytest.mark.parametrize(("adversary", "accumulate"), [("trained", 1), ("frozen", 1), ("none", 1), ("trained", 2)])
def test_training_is_bit_identical_when_resumed(
    stop: int,
    adversary: str,
    accumulate: int,
    new_trainer: NewTrainer,
    utterances: list[PreparedUtterance],
    tmp_path: Path,
) -> None:
    settings = replace(SETTINGS, adversary=adversary, accumulate=accumulate)
    straight = new_trainer(settings=settings)
    expected = train(straight, utterances, until=7)

    stopped = new_trainer(settings=settings)
    train(stopped, utterances, until=stop)
    stopped.save(tmp_path / "state.safetensors")
    torch.manual_seed(99)
    resumed = new_trainer(settings=settings, weights_seed=5)
    resumed.load(tmp_path / "state.safetensors")
    reports = train(resumed, utterances, until=7)

    assert [report.step for report in reports] == list(range(stop, 7))
    assert reports[-1].numbers() == expected[-1].numbers()
    assert differing(weights(straight.synthesizer), weights(resumed.synthesizer)) == []
    assert differing(weights(straight.adversary), weights(resumed.adversary)) == []
    assert differing(straight.generator_optimizer.named_state(), resumed.generator_optimizer.named_state()) == []


def test_state_is_refused_when_file_is_another_kind(new_trainer: NewTrainer, tmp_path: Path) -> None:
    save_tensors({"weight": torch.zeros(2)}, tmp_path / "weights.safetensors")
    with pytest.raises(InputError, match=r"weights\.safetensors is no training state"):
        new_trainer().load(tmp_path / "weights.safetensors")


def test_state_is_refused_when_model_has_another_speaker(new_trainer: NewTrainer, tmp_path: Path) -> None:
    new_trainer(new_speaker=True).save(tmp_path / "state.safetensors")
    with pytest.raises(InputError, match=r"1 unexpected \(speaker_embedding\.added\.0\)"):
        new_trainer().load(tmp_path / "state.safetensors")


def test_state_is_refused_when_it_knows_no_discriminators(new_trainer: NewTrainer, tmp_path: Path) -> None:
    new_trainer(adversary=False).save(tmp_path / "state.safetensors")
    with pytest.raises(InputError, match="missing"):
        new_trainer().load(tmp_path / "state.safetensors")
