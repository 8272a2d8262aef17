from __future__ import annotations

from copy import deepcopy

import pytest
import torch

from vits.model_spec import ModelSpec
from vits.who_speaks import WhoSpeaks


def test_items_of_each_speaker_are_known_while_they_are_told() -> None:
    who = WhoSpeaks()
    with who.told(torch.tensor([7, 2, 7])):
        assert {speaker: places.tolist() for speaker, places in who.items.items()} == {7: [0, 2], 2: [1]}
        with who.told(torch.tensor([2])):
            assert {speaker: places.tolist() for speaker, places in who.items.items()} == {2: [0]}
        assert set(who.items) == {7, 2}
    assert who.ids is None
    assert not who.items


def test_nobody_speaks_when_a_pass_was_broken_off() -> None:
    who = WhoSpeaks()
    with pytest.raises(RuntimeError), who.told(torch.tensor([1])):
        raise RuntimeError
    assert who.ids is None


def test_a_copy_is_told_by_itself_alone(miniature_spec: ModelSpec) -> None:
    model = miniature_spec.synthesizer(2)
    other = deepcopy(model)
    with model.who_speaks.told(torch.tensor([1])):
        assert other.who_speaks.ids is None
