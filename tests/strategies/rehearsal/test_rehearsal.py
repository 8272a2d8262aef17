"""What all rehearsals have in common: their settings."""

from __future__ import annotations

import pytest

from strategies.rehearsal.converted import Converted
from strategies.rehearsal.generated import Generated
from vits.common.errors import InputError


@pytest.mark.parametrize("rehearsal", [Converted, Generated])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"share": 0.0}, "rehearsal.share=0.0 must be a finite number above 0 and below 1"),
        ({"share": 1.0}, "rehearsal.share=1.0 must be a finite number above 0 and below 1"),
        ({"utterances": 0}, "rehearsal.utterances=0 must be a whole number of at least 1"),
        ({"noise_scale": -1.0}, "rehearsal.noise_scale=-1.0 must be a finite number of at least 0"),
    ],
)
def test_settings_are_refused_when_out_of_range(
    rehearsal: type[Converted | Generated], settings: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        rehearsal(**settings)  # pyright: ignore[reportArgumentType]
