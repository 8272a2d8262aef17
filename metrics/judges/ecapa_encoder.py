"""Voiceprints: ECAPA-TDNN embeddings of who is speaking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn
from torch.nn.functional import normalize

from metrics.judges.judge_weights import fetch, find_weights
from metrics.judges.pointwise import is_fast_in_bfloat16, with_pointwise_products
from metrics.judges.speaker_encoder import SpeakerEncoder
from metrics.judges.speechbrain_adapter import VOICEPRINT_SIZE, build_ecapa, build_fbank


class EcapaEncoder(SpeakerEncoder):
    """Speaker embeddings of SpeechBrain's `spkrec-ecapa-voxceleb`, trained on VoxCeleb 1 and 2.

    The embedding mean that SpeechBrain ships beside the model is not subtracted: its own speaker verification
    doesn't either.

    Clips are heard with 1x1 convolutions in bfloat16 where a processor has that: for a third of the CPU seconds
    (`benchmarks/judging.py`), voiceprints have a cosine of 0.9999 or more with those of float32.

    Desplanques et al. 2020, "ECAPA-TDNN", https://arxiv.org/abs/2005.07143.
    """

    family: ClassVar[str] = "ecapa"
    size: ClassVar[int] = VOICEPRINT_SIZE
    version: ClassVar[int] = 2  # 1 had all in float32

    def __init__(self, filter_banks: nn.Module, network: nn.Module, device: torch.device) -> None:
        super().__init__()
        self._filter_banks = filter_banks.to(device).eval().requires_grad_(False)
        self._network = network.to(device).eval().requires_grad_(False)
        self._heard_by = with_pointwise_products(self._network) if is_fast_in_bfloat16(device) else self._network
        self._device = device

    @classmethod
    def load(cls, name: str, cache_dir: Path, device: torch.device) -> EcapaEncoder:
        path = fetch(find_weights(cls.family, name), cache_dir)
        network = build_ecapa()
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=True)
        return cls(build_fbank(), network, device)

    def embed(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> Float[Tensor, "batch 192"]:
        """Unit voiceprints of clips, each by itself.

        The network's convolutions look past a clip's end: padded with silence to a longer neighbour and masked, its
        cosine with itself alone falls to 0.999. Beside clips of its length, its last digits would tell beside how many.
        """
        return torch.cat([self._embed(torch.from_numpy(wave)[None].to(self._device)).cpu() for wave in waves])

    @torch.inference_mode()
    def _embed(self, waves: Float[Tensor, "1 samples"]) -> Float[Tensor, "1 192"]:
        return self._voiceprints(waves, self._heard_by)

    def listen(self, waves: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch 192"]:
        return self._voiceprints(waves, self._network)

    def _voiceprints(self, waves: Float[Tensor, "batch samples"], network: nn.Module) -> Float[Tensor, "batch 192"]:
        features = self._filter_banks(waves)
        features = features - features.mean(dim=1, keepdim=True)
        return normalize(network(features).squeeze(1), dim=-1)
