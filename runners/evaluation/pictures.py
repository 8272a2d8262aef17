"""Pictures of what was synthesised: its mel spectrogram beside the recording's, and its alignment."""

from __future__ import annotations

from pathlib import Path

import torch

from runners.evaluation.synthesis import Spoken
from vits.spectrogram import AudioAnalysis, MelSpectrogram


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
        axis.imshow(bands, origin="lower", aspect="auto", extent=(0, bands.shape[1] * hop_s, 0, analysis.n_mels))
        axis.set_ylabel("mel band")
        axis.set_title(title, fontsize=9)
    frames, tokens = spoken.alignment.shape
    axes[2].imshow(spoken.alignment.mT.numpy(), origin="lower", aspect="auto", extent=(0, frames * hop_s, 0, tokens))
    axes[2].set_ylabel("token")
    axes[2].set_xlabel("time (s)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80, pil_kwargs={"compress_level": 1})
