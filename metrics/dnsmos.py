"""DNSMOS: is the audio clean?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float32, Float64

from metrics.judges.judge import Judge, Judges
from metrics.judges.judge_weights import Weights, fetch, find_weights
from metrics.metric import JUDGED_RATE, KnownVoices, Metric, Score, Scorer, Utterance, score_sound
from metrics.optional_packages import require
from vits.common.registry import register

WINDOW_S = 9.01  # what the network was trained on
LARGEST_BATCH = 8  # windows
# The network's outputs (signal, background, overall) are mapped to the scale of the listeners by these polynomials,
# highest power first; published with the weights, https://github.com/microsoft/DNS-Challenge/tree/master/DNSMOS
SIGNAL = (-0.08397278, 1.22083953, 0.0052439)
BACKGROUND = (-0.13166888, 1.60915514, -0.39604546)
OVERALL = (-0.06766283, 1.11546468, 0.04602535)


class DnsmosJudge(Judge):
    """The DNSMOS P.835 network in ONNX Runtime, on the CPU."""

    def __init__(self, session: Any) -> None:  # an onnxruntime.InferenceSession
        self._session = session

    @classmethod
    def load(cls, name: str, cache_dir: Path, device: torch.device) -> DnsmosJudge:
        runtime = require("onnxruntime", "quality", "metrics=dnsmos")
        path = fetch(find_weights("dnsmos", name), cache_dir)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        return cls(runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]))

    def __call__(self, waves: Sequence[Float32[np.ndarray, "_"]]) -> Float64[np.ndarray, "clips 3"]:
        """Signal, background and overall scores of clips at 16 kHz, each the mean over its windows."""
        windows = [listening_windows(wave) for wave in waves]
        (name,) = (given.name for given in self._session.get_inputs())
        together = np.concatenate(windows)
        batches = [together[start : start + LARGEST_BATCH] for start in range(0, len(together), LARGEST_BATCH)]
        raw = np.concatenate([self._session.run(None, {name: batch})[0] for batch in batches]).astype(np.float64)
        polynomials = (SIGNAL, BACKGROUND, OVERALL)
        scores = np.stack([np.polyval(powers, raw[:, i]) for i, powers in enumerate(polynomials)], axis=1)
        ends = np.cumsum([len(of_clip) for of_clip in windows])[:-1]
        return np.stack([of_clip.mean(axis=0) for of_clip in np.split(scores, ends)])


@register("metrics", "dnsmos")
@dataclass(frozen=True)
class Dnsmos(Metric):
    """Overall quality as listeners of noise suppression would rate it, by DNSMOS P.835; higher is better.

    A mean opinion score in about [1, 5], of 16 kHz audio. Beside it `dnsmos_sig`, the quality of the speech, and
    `dnsmos_bak`, how little the background intrudes. It was trained on noisy and denoised recordings, not on
    synthesis: it hears buzz and hiss, and neither a wrong word nor a wrong melody. NaN for an utterance without
    sound. Needs `pip install 'voicegrid[quality]'`.

    Reddy et al. 2022, https://arxiv.org/abs/2110.01763.
    """

    name: ClassVar[str] = "dnsmos"
    unit: ClassVar[str] = "opinion score from 1 to 5"
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (1.0, 5.0)
    margin: ClassVar[float] = 0.1
    components: ClassVar[tuple[str, ...]] = ("dnsmos_sig", "dnsmos_bak")
    judge: ClassVar[str | None] = "dnsmos-p835"

    model: str = "p835"

    def __post_init__(self) -> None:
        find_weights("dnsmos", self.model)

    @property
    def weights(self) -> tuple[Weights, ...]:
        return (find_weights("dnsmos", self.model),)

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        judge = judges.get(DnsmosJudge, self.model)

        def score(batch: Sequence[Utterance]) -> list[Score]:
            rated = judge([utterance.wave_16k for utterance in batch])
            return [
                Score({"dnsmos": overall, "dnsmos_sig": signal, "dnsmos_bak": background})
                for signal, background, overall in rated.tolist()
            ]

        return lambda batch: score_sound(batch, score, self.undefined())


def listening_windows(wave: Float32[np.ndarray, "samples"]) -> Float32[np.ndarray, "windows 144160"]:
    """A clip in windows of 9.01 s, one second apart; a shorter one is doubled until it fills a window."""
    length = int(WINDOW_S * JUDGED_RATE)
    doublings = max(0, math.ceil(math.log2(length / wave.size)))
    clip = np.tile(wave, 2**doublings)
    # as the published script means it; that one leaves out those windows whose end it rounds to a sample too few
    windows = int(clip.size // JUDGED_RATE - WINDOW_S) + 1
    return np.stack([clip[second * JUDGED_RATE :][:length] for second in range(windows)])
