from __future__ import annotations

import pytest
from omegaconf import OmegaConf

from runners.config.one_length import with_one_length


@pytest.mark.parametrize(
    ("steps", "epochs", "typed", "left"),
    [
        (200, None, [], (200, None)),
        (200, 5, ["strategy=mean", "epochs=5"], (None, 5)),
        (100, 50, ["experiment=homework", "+steps=100"], (100, None)),
        (100, 5, ["steps=100", "epochs=5"], (100, 5)),
        (200, 50, [], (200, 50)),
        (200, None, ["epochs=null"], (200, None)),
    ],
)
def test_typed_length_counts_alone_when_the_other_is_a_default(
    steps: int | None, epochs: int | None, typed: list[str], left: tuple[int | None, int | None]
) -> None:
    config = OmegaConf.create({"steps": steps, "epochs": epochs, "seed": 3})
    found = with_one_length(config, typed)
    assert (found.steps, found.epochs, found.seed) == (*left, 3)
    assert (config.steps, config.epochs) == (steps, epochs), "what was given stays as it is"
