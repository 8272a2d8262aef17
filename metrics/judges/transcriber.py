"""What turns speech into text."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float32

from metrics.judges.heard_before import Memo
from metrics.judges.judge import Judge
from metrics.judges.judge_weights import Weights, find_weights
from metrics.judges.language_codes import ENGLISH
from metrics.metric import JUDGED_RATE

WINDOW_S = 30  # Whisper hears exactly so much at once


@dataclass(frozen=True)
class Transcript:
    """What was heard in a clip, and how much the judge trusts itself.

    `compression_ratio` is the text's length over its zlib-compressed length; above 2.4 it repeats itself.
    `no_speech_probability` says whether anybody speaks. Both are the highest of the windows in which any
    text was heard.
    """

    text: str
    compression_ratio: float = 0.0
    no_speech_probability: float = 0.0


class Transcriber(Judge):
    """Speech to text in a language that it is told, deterministic: greedy decoding, no timestamps, no memory."""

    families: ClassVar[tuple[str, ...]]
    """Of its weights, one for each file."""

    @classmethod
    def weights_named(cls, name: str) -> tuple[Weights, ...]:
        """The files of the weights of that name.

        Raises:
            InputError: there are none.
        """
        return tuple(find_weights(family, name) for family in cls.families)

    def __init__(self) -> None:
        self._memos: dict[str, Memo[Transcript]] = defaultdict(Memo[Transcript])

    @classmethod
    def hears_english_alone(cls, name: str) -> bool:
        """Whether the weights of that name know no other language, as Whisper's whose names end in `.en`."""
        return name.endswith(".en")

    def transcribe(self, waves: Sequence[Float32[np.ndarray, "_"]], language: str = ENGLISH) -> list[Transcript]:
        """Transcripts of clips at 16 kHz, in their order; a clip that was heard before is not heard again.

        `language` is Whisper's code of the language spoken.

        A clip longer than 30 s is heard in windows of 30 s, so a word at a border may be cut in two. An
        empty clip has an empty transcript.
        """
        return self._memos[language](waves, lambda unheard: self.listen(unheard, language))

    @abstractmethod
    def listen(self, waves: Sequence[Float32[np.ndarray, "_"]], language: str = ENGLISH) -> list[Transcript]:
        """The same, without looking at what was heard before."""


def windows_of(wave: Float32[np.ndarray, "samples"]) -> list[Float32[np.ndarray, "_"]]:
    """A clip cut into windows of 30 s, the last one shorter."""
    length = WINDOW_S * JUDGED_RATE
    return [wave[start : start + length] for start in range(0, wave.size, length)]


def joined(windows: Sequence[Transcript]) -> Transcript:
    """One transcript of a clip's windows."""
    spoken = [window for window in windows if window.text]
    return Transcript(
        text=" ".join(window.text for window in spoken),
        compression_ratio=max((window.compression_ratio for window in spoken), default=0.0),
        no_speech_probability=max((window.no_speech_probability for window in spoken), default=0.0),
    )
