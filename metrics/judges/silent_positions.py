"""The positions of Whisper's window behind a clip: a few are computed, and the others follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float, Int64
from torch import Tensor

EDGE = 16  # positions of silence right behind a clip that are all computed, 0.3 s


@dataclass(frozen=True)
class Positions:
    """Those of a window that are computed: the first `n_dense`, then `anchors` at equal distances, and the very last.

    The last position hears the end of the window, unlike any other.
    """

    n_dense: int
    n_positions: int
    stride: int

    @classmethod
    def of(cls, n_clip: int, n_positions: int, stride: int) -> Positions:
        """Those of a clip that fills `n_clip` positions; one in `stride` of those behind it is an anchor."""
        silent = max(n_positions - 1 - n_clip - EDGE, 1)
        n_intervals = (silent - 1) // stride
        return cls(n_positions - 2 - n_intervals * stride, n_positions, stride)

    @property
    def anchors(self) -> Int64[Tensor, "anchors"]:
        """From the first position behind the dense ones to the last but one."""
        return torch.arange(self.n_dense, self.n_positions - 1, self.stride)

    @property
    def computed(self) -> Int64[Tensor, "computed"]:
        """Where those that are computed lie in the window."""
        return torch.cat([torch.arange(self.n_dense), self.anchors, torch.tensor([self.n_positions - 1])])

    def everywhere(
        self, computed: Float[Tensor, "computed state"], silence: Float[Tensor, "positions state"]
    ) -> Float[Tensor, "positions state"]:
        """States of all positions; `silence` is what they are where there is no clip.

        Between anchors it is not the states that are interpolated, which differ from place to place, but what the
        clip has changed in them, which hardly does.
        """
        changed = computed[self.n_dense : -1] - silence[self.anchors]
        shares = torch.arange(self.stride, device=changed.device) / self.stride
        between = torch.lerp(changed[:-1, None], changed[1:, None], shares[:, None])
        silent = silence[self.n_dense : -2] + rearrange(between, "interval place state -> (interval place) state")
        return torch.cat([computed[: self.n_dense], silent, computed[-2:]])
