"""Speakers' rows that are predicted from their voiceprints while a base is trained.

What a base has learned about rows helps a new voice only as far as a new voice's row can be guessed. A table of free
rows is learned voice by voice, and what its rows have in common with voiceprints is left to chance. Here a row is a
linear map of the speaker's voiceprint, and the map is what is learned, from all voices at once; so `strategy=ecapa`,
which fits that map to the finished rows, finds it again. (Jia et al., Transfer learning from speaker verification to
multispeaker text-to-speech synthesis, 2018, condition on the voiceprint itself.) In training the voiceprint is a
random mixture of those of the speaker's clips, with noise, since a new voice is known from few clips.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import normalize

from vits.speaker_embedding import SpeakerEmbedding

NOISE = 0.3  # length of the noise beside a voiceprint of length 1
CLIPS = 5  # at most, of each speaker, whose voiceprints are mixed
STRENGTH = 0.1  # of the ridge regression that the map begins with


def equally_many(prints: Sequence[Float[Tensor, "_ print"]]) -> Float[Tensor, "speakers most print"]:
    """Each speaker's voiceprints, again from the first where it has fewer than another."""
    most = max(len(own) for own in prints)
    return torch.stack([own[torch.arange(most) % len(own)] for own in prints])


class PredictedSpeakerEmbedding(nn.Module):
    """Rows as a linear map of voiceprints; takes the place of a `SpeakerEmbedding` in a training.

    `clips` are unit voiceprints, as many of each speaker. The map begins with a ridge regression from the voiceprints
    of the `known` speakers to their rows.
    """

    clips: Tensor

    def __init__(
        self,
        clips: Float[Tensor, "speakers clips print"],
        known: Float[Tensor, "known print"],
        rows: Float[Tensor, "known gin"],
    ) -> None:
        super().__init__()
        self.register_buffer("clips", clips, persistent=False)
        self.projection = nn.Linear(clips.shape[2], rows.shape[1])
        x, y = known - known.mean(0), rows - rows.mean(0)
        slope = x.mT @ torch.linalg.solve(x @ x.mT + STRENGTH * torch.eye(len(x)), y)
        with torch.no_grad():
            self.projection.weight.copy_(slope.mT)
            self.projection.bias.copy_(rows.mean(0) - known.mean(0) @ slope)

    @property
    def n_speakers(self) -> int:
        return len(self.clips)

    @property
    def weight(self) -> Float[Tensor, "speakers gin"]:
        """The rows, under the name that a table of them has; synthesis asks it for its device."""
        return self.rows()

    def rows(self) -> Float[Tensor, "speakers gin"]:
        """What the speakers' mean voiceprints are mapped to."""
        return self.projection(normalize(self.clips.mean(1), dim=-1))

    def forward(self, speaker: Int64[Tensor, "batch"]) -> Float[Tensor, "batch gin 1"]:
        if not self.training:
            return self.rows()[speaker].unsqueeze(2)
        clips = self.clips[speaker]
        shares = torch.rand(clips.shape[:2], device=clips.device).unsqueeze(2)
        heard = normalize((clips * shares).sum(1), dim=-1)
        noise = torch.randn_like(heard) * NOISE / heard.shape[1] ** 0.5
        return self.projection(heard + noise).unsqueeze(2)

    @torch.no_grad()
    def as_table(self, voiceprints: Float[Tensor, "speakers print"]) -> SpeakerEmbedding:
        """The rows as a bundle keeps them, beside these voiceprints of the same speakers."""
        rows = self.projection(voiceprints.to(self.clips))
        table = SpeakerEmbedding(*rows.shape, initial_deviation=0.0).to(rows.device)
        table.load_state_dict({"weight": rows})
        return table
