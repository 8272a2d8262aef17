from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.voices.unrecorded_sentences import evenly, unrecorded
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.text.tokens import Tokenizer


def test_each_speaker_gets_a_text_without_a_recording_when_made(tmp_path: Path, tiny_spec: ModelSpec) -> None:
    first, second = unrecorded(["ada", "ben"], ["Hello.", "Good night."], "retention", "en-us", tiny_spec, tmp_path)
    assert (first.clip.speaker, first.clip.text, first.clip.split) == ("ada", "Hello.", "retention")
    assert first.clip.name != second.clip.name
    assert first.tokens.tolist() == Tokenizer()("həlˈoʊ.").tolist()
    assert (first.wave.numel(), tuple(first.spectrogram.shape)) == (0, (80, 0))


def test_error_when_a_text_has_nothing_to_say(tmp_path: Path, tiny_spec: ModelSpec) -> None:
    with pytest.raises(InputError):
        unrecorded(["ada"], [""], "retention", "en-us", tiny_spec, tmp_path)


@given(st.integers(0, 30), st.integers(1, 30))
def test_different_items_in_order_are_taken_when_spread_evenly(count: int, size: int) -> None:
    items = [str(number) for number in range(size)]
    taken = evenly(count, items)
    assert len(taken) == min(count, size)
    assert taken == sorted(set(taken), key=items.index)
    gaps = [items.index(b) - items.index(a) for a, b in pairwise(taken)]
    assert not gaps or max(gaps) - min(gaps) <= 1
