"""The sizes that a model's parts are built with, each with the bounds that are checked before anything is allocated.

They are wide: several times what the papers' largest models take. What they exclude is a typing error, or a file
that would fill the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from vits.common.bounds import AtLeast, AtMost, Below, Even, Items, Odd

Channels = Annotated[int, AtLeast(1), AtMost(8192)]
LatentChannels = Annotated[int, AtLeast(2), AtMost(8192), Even()]  # a coupling takes half of them
SpeakerChannels = Annotated[int, AtLeast(0), AtMost(8192)]  # 0: there is no speaker embedding
Count = Annotated[int, AtLeast(1), AtMost(64)]  # of layers, blocks, bands
Steps = Annotated[int, AtLeast(1), AtMost(16)]  # of a flow
Heads = Annotated[int, AtLeast(1), AtMost(256)]
Symbols = Annotated[int, AtLeast(1), AtMost(100_000)]
Speakers = Annotated[int, AtLeast(0), AtMost(1_000_000)]
KernelSize = Annotated[int, AtLeast(1), AtMost(255), Odd()]
SplineBins = Annotated[int, AtLeast(2), AtMost(256)]
Dropout = Annotated[float, AtLeast(0), Below(1)]
Deviation = Annotated[float, AtLeast(0), AtMost(1000)]
FFTSize = Annotated[int, AtLeast(2), AtMost(16_384), Even()]
HopLength = Annotated[int, AtLeast(1), AtMost(16_384)]
SampleRate = Annotated[int, AtLeast(1000), AtMost(384_000)]
FrequencyHz = Annotated[float, AtLeast(0), AtMost(192_000)]

Factor = Annotated[int, AtLeast(1), AtMost(1024)]
UpsampleRates = Annotated[Sequence[Factor], Items(1, 12)]
UpsampleKernelSizes = Annotated[Sequence[Factor], Items(1, 12)]
ResblockKernelSizes = Annotated[Sequence[KernelSize], Items(1, 12)]
ResblockDilations = Annotated[Sequence[Annotated[Sequence[Factor], Items(1, 12)]], Items(1, 12)]
Periods = Annotated[Sequence[Factor], Items(0, 16)]
