"""Pictures of what was synthesised: its mel spectrogram beside the recording's, and its alignment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float

from runners.evaluation.synthesis import Spoken
from vits.spectrogram import AudioAnalysis, MelSpectrogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def save_picture(spoken: Spoken, analysis: AudioAnalysis, path: Path) -> None:
    """Draw one utterance: recording, synthesis, and which frame speaks which token."""
    from matplotlib.figure import Figure

    mel = MelSpectrogram(analysis)
    utterance = spoken.utterance
    figure = Figure(figsize=(9, 6))  # laid out by hand: to measure every text takes as long as to draw it
    axes = figure.subplots(3, 1, gridspec_kw={"left": 0.07, "right": 0.98, "bottom": 0.08, "top": 0.95, "hspace": 0.4})
    hop_s = analysis.hop_length / analysis.sample_rate
    for axis, wave, title in (
        (axes[0], utterance.recording, f"{utterance.speaker}, recording: {utterance.text}"),
        (axes[1], utterance.wave, "synthesis"),
    ):
        if wave is None or len(wave) < analysis.n_fft:
            axis.set_title(f"{title} (too short to draw)", fontsize=9)
            continue
        bands = mel(torch.from_numpy(wave).unsqueeze(0))[0].numpy()
        _show(axis, bands, bands.shape[1] * hop_s, "mel band")
        axis.set_title(title, fontsize=9)
    _show(axes[2], spoken.alignment.mT.numpy(), len(spoken.alignment) * hop_s, "token")
    axes[2].set_xlabel("time (s)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80, pil_kwargs={"compress_level": 1})


def _show(axis: Axes, rows: Float[np.ndarray, "row frame"], duration_s: float, unit: str) -> None:
    """Rows over time; ticks are given, since to look for good ones takes as long as to draw."""
    axis.imshow(rows, origin="lower", aspect="auto", interpolation="nearest", extent=(0, duration_s, 0, len(rows)))
    axis.set_xticks(np.arange(0, duration_s, 0.5 if duration_s < 5 else 2))
    axis.set_yticks((0, len(rows) // 2, len(rows)))
    axis.set_ylabel(unit)
