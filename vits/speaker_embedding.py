"""The table of speaker embeddings: the base model's rows, and one parameter of its own per new speaker."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from vits.common.errors import InputError
from vits.common.sizes import Channels, Deviation


class SpeakerEmbedding(nn.Module):
    """One vector per speaker. Ids `0 .. n_base - 1` are the base speakers, the new ones follow.

    The base rows and each new row are parameters of their own, so that an optimizer which is given a new row
    can't move an old one, neither by weight decay nor by momentum.

    New rows are drawn with a standard deviation of `initial_deviation`. VITS draws them with 1, which hides what
    is learned under what was drawn: such rows don't follow the voices, and no initialiser can guess a new one.
    `docs/pretraining.md` has the figures.
    """

    def __init__(self, n_speakers: int, channels: Channels, initial_deviation: Deviation = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(initial_deviation * torch.randn(n_speakers, channels))
        self.added = nn.ParameterList()

    @property
    def n_speakers(self) -> int:
        return len(self.weight) + len(self.added)

    def add(self, row: Float[Tensor, "gin"]) -> int:
        """Append a new speaker and return its id."""
        if row.shape != self.weight.shape[1:]:
            raise InputError(
                f"a new speaker's embedding has shape {list(row.shape)}, the base model's rows have "
                f"{list(self.weight.shape[1:])}; use a base and an initialiser of the same width"
            )
        self.added.append(nn.Parameter(row.detach().clone().to(self.weight)))
        return self.n_speakers - 1

    def absorb(self) -> None:
        """Make the new speakers base speakers of the same ids, in one table with the others."""
        self.weight = nn.Parameter(self.rows().detach().clone())
        self.added = nn.ParameterList()

    def rows(self) -> Float[Tensor, "speakers gin"]:
        """All rows, base speakers first."""
        return torch.cat((self.weight, torch.stack(list(self.added)))) if len(self.added) else self.weight

    def forward(self, speaker: Int64[Tensor, "batch"]) -> Float[Tensor, "batch gin 1"]:
        return nn.functional.embedding(speaker, self.rows()).unsqueeze(2)


class NoSpeakerEmbedding(SpeakerEmbedding):
    """What a model of one voice has instead: vectors without channels, and no parameters."""

    def __init__(self, n_speakers: int) -> None:
        super().__init__(n_speakers, 0)
        del self.weight
        self.register_buffer("weight", torch.zeros(n_speakers, 0), persistent=False)

    def forward(self, speaker: Int64[Tensor, "batch"]) -> Float[Tensor, "batch gin 1"]:
        return self.weight.new_zeros(len(speaker), 0, 1)

    def add(self, row: Float[Tensor, "gin"]) -> int:
        raise InputError("this model knows one voice and has no speaker embedding; adapt a multi-speaker base instead")
