"""Voices as Piper's training leaves them, with miniature weights."""

from __future__ import annotations

import json
from pathlib import Path, PosixPath
from typing import Any

import torch
from torch import Tensor

IDS = {"_": [0], "^": [1], "$": [2], "a": [3], "ç": [4], "c": [5], "\u0327": [6], ".": [8]}
CONFIG: dict[str, Any] = {
    "audio": {"sample_rate": 22050},
    "espeak": {"voice": "de"},
    "phoneme_type": "espeak",
    "num_symbols": 9,
    "num_speakers": 2,
    "phoneme_id_map": IDS,
    "speaker_id_map": {"ben": 1, "ada": 0},
}
HYPERPARAMETERS: dict[str, Any] = {
    "dataset": [PosixPath("/data/voice/dataset.jsonl")],
    "num_symbols": 9,
    "sample_rate": 16000,
    "resblock": "1",
    "resblock_kernel_sizes": (3, 5),
    "resblock_dilation_sizes": ((1, 3, 5), (1, 3, 5)),
    "upsample_rates": "(4, 4)",
    "upsample_initial_channel": 8,
    "upsample_kernel_sizes": (8, 8),
    "filter_length": 64,
    "hop_length": 16,
    "win_length": 64,
    "mel_channels": 8,
    "inter_channels": 8,
    "hidden_channels": 8,
    "filter_channels": 12,
    "n_heads": 2,
    "n_layers": 2,
    "gin_channels": 0,
    "use_sdp": True,
}


def written(folder: Path, state: dict[str, Tensor], config: dict[str, Any], **hyperparameters: Any) -> Path:
    """As Lightning leaves it, pathlib's paths among the rest."""
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    content = {"state_dict": state, "hyper_parameters": {**HYPERPARAMETERS, **hyperparameters}, "epoch": 3}
    torch.save({**content, "callbacks": {}, "loops": {}}, folder / "epoch=3-step=9.ckpt")
    return folder
