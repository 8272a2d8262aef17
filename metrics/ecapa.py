"""Voiceprints: ECAPA-TDNN embeddings of who is speaking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn
from torch.nn.functional import normalize

from metrics.judges import Judge
from metrics.metric import JUDGED_RATE, SHORTEST_S
from metrics.speechbrain_adapter import VOICEPRINT_SIZE, build_ecapa, build_fbank
from metrics.weights import fetch, find_weights
from vits.errors import InputError

LARGEST_BATCH = 16  # clips of one length


class EcapaEncoder(Judge):
    """Speaker embeddings of SpeechBrain's `spkrec-ecapa-voxceleb`, trained on VoxCeleb 1 and 2.

    A voiceprint is L2-normalised, so that a product of two is their cosine and a mean of several doesn't
    depend on how strongly each was embedded. The embedding mean that SpeechBrain ships beside the model is
    not subtracted: its own speaker verification doesn't either.

    Desplanques et al. 2020, "ECAPA-TDNN", https://arxiv.org/abs/2005.07143.
    """

    def __init__(self, filter_banks: nn.Module, network: nn.Module, device: torch.device) -> None:
        self._filter_banks = filter_banks.to(device).eval()
        self._network = network.to(device).eval()
        self._device = device

    @classmethod
    def load(cls, name: str, cache_dir: Path, device: torch.device) -> EcapaEncoder:
        path = fetch(find_weights("ecapa", name), cache_dir)
        network = build_ecapa()
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=True)
        return cls(build_fbank(), network, device)

    def __call__(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> Float[Tensor, "batch 192"]:
        """Unit voiceprints of clips at 16 kHz, in their order, on the CPU.

        Only clips of equal length share a batch. The network's convolutions look past a clip's end: padded
        with silence to a longer neighbour and masked, its cosine with itself alone falls to 0.999.

        Raises:
            InputError: a clip is shorter than 0.1 s or has samples that are not finite.
        """
        positions_of: dict[int, list[int]] = defaultdict(list)
        for position, wave in enumerate(waves):
            _check(wave, position)
            positions_of[wave.size].append(position)
        voiceprints = torch.empty(len(waves), VOICEPRINT_SIZE)
        for positions in positions_of.values():
            for start in range(0, len(positions), LARGEST_BATCH):
                together = positions[start : start + LARGEST_BATCH]
                batch = torch.from_numpy(np.stack([waves[i] for i in together]))
                voiceprints[together] = self._embed(batch.to(self._device)).cpu()
        return voiceprints

    @torch.inference_mode()
    def _embed(self, waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch 192"]:
        """Voiceprints of clips of one length."""
        features = self._filter_banks(waves)
        features = features - features.mean(dim=1, keepdim=True)
        return normalize(self._network(features).squeeze(1), dim=-1)


def mean_voiceprint(voiceprints: Float[Tensor, "clips 192"]) -> Float[Tensor, "192"]:
    """The direction of the mean of a speaker's unit voiceprints, of unit length itself.

    Raises:
        InputError: there is none.
    """
    if len(voiceprints) == 0:
        raise InputError("a mean voiceprint needs at least one clip of the speaker; got none")
    return normalize(voiceprints.mean(dim=0), dim=0)


def _check(wave: Float32[np.ndarray, "samples"], position: int) -> None:
    if wave.size < SHORTEST_S * JUDGED_RATE:
        raise InputError(
            f"clip {position} is {wave.size / JUDGED_RATE:.3f} s long; a voiceprint needs {SHORTEST_S} s "
            "of speech or more, leave it out"
        )
    if not np.isfinite(wave).all():
        raise InputError(f"clip {position} has samples that are not finite; leave it out")
