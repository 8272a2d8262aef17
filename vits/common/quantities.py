"""The numbers that settings hold, each with its bounds: a name says them once for all dataclasses.

A number is finite in any case (`vits.common.bounds`).
"""

from __future__ import annotations

from typing import Annotated

from vits.common.bounds import Above, AtLeast, AtMost, Below, Items

Seed = Annotated[int, AtLeast(0), Below(2**64)]
BatchSize = Annotated[int, AtLeast(1), AtMost(100_000)]
Number = Annotated[int, AtLeast(0), AtMost(10**12)]
"""How many of something, none allowed."""
Several = Annotated[int, AtLeast(1), AtMost(10**12)]
"""How many of something, at least one."""
MOST_LISTED = 200
ListedSentences = Annotated[int, AtLeast(0), AtMost(MOST_LISTED)]
"""How many of the project's own sentences, of which there are so many."""
Weight = Annotated[float, AtLeast(0), AtMost(1e9)]
Share = Annotated[float, AtLeast(0), AtMost(1)]
PositiveFactor = Annotated[float, Above(0), AtMost(1e9)]
LearningRate = Annotated[float, Above(0), AtMost(1e30)]
Decay = Annotated[float, Above(0), AtMost(1)]
"""What a number is multiplied with again and again."""
Epsilon = Annotated[float, Above(0), Below(1)]
Betas = Annotated[list[Annotated[float, AtLeast(0), Below(1)]], Items(2, 2)]
NoiseScale = Annotated[float, AtLeast(0), AtMost(3)]
"""A spread as a multiple of the learned one; at 3 nothing of speech is left."""
LengthScale = Annotated[float, AtLeast(0.1), AtMost(10)]
"""Beyond it there are no phonemes to be heard, or nothing but one."""
DurationSeconds = Annotated[float, Above(0), AtMost(1e6)]
Minutes = Annotated[float, Above(0), AtMost(1e6)]
Cosine = Annotated[float, AtLeast(-1), AtMost(1)]
PositiveDifference = Annotated[float, Above(0), AtMost(1e6)]
Megabytes = Annotated[float, AtLeast(0), AtMost(1e6)]
