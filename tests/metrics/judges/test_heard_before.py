"""A judge's memory."""

from __future__ import annotations

import numpy as np

from metrics.judges.heard_before import Memo

ONE, TWO, THREE = (np.full(4, level, dtype=np.float32) for level in (1, 2, 3))


class Listener:
    """Says how loud clips are, and keeps a list of what it was asked."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def __call__(self, waves: list[np.ndarray]) -> list[float]:
        self.asked += [float(wave[0]) for wave in waves]
        return [float(wave[0]) for wave in waves]


def test_clip_is_heard_once_when_asked_about_again() -> None:
    memo, listener = Memo[float](), Listener()
    assert memo([ONE, TWO, ONE.copy()], listener) == [1, 2, 1]
    assert memo([TWO, THREE], listener) == [2, 3]
    assert listener.asked == [1, 2, 3]


def test_oldest_is_forgotten_when_full() -> None:
    memo, listener = Memo[float](capacity=2), Listener()
    memo([ONE, TWO], listener)
    memo([ONE], listener)  # now TWO is the oldest
    memo([THREE], listener)
    assert memo([ONE, THREE, TWO], listener) == [1, 3, 2]
    assert listener.asked == [1, 2, 3, 2]


def test_all_are_answered_when_more_than_fit() -> None:
    assert Memo[float](capacity=1)([ONE, TWO, THREE], Listener()) == [1, 2, 3]
