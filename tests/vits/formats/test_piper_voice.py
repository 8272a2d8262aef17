from __future__ import annotations

import json
from pathlib import Path, PosixPath
from typing import Any

import plain_vits
import pytest
import torch
from spoken_models import check_speaks
from torch import Tensor

from vits.common.errors import InputError
from vits.formats.foreign_files import foreign_files
from vits.formats.foreign_model import ForeignModel
from vits.formats.known_formats import format_of
from vits.formats.piper_voice import read_piper_voice

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


def in_piper(w: dict[str, Tensor]) -> dict[str, Tensor]:
    judge = {"model_d.discriminators.0.conv_post.bias": torch.ones(1), "model_mrd.convs.0.bias": torch.ones(1)}
    return {**{f"model_g.{name}": tensor for name, tensor in w.items()}, **judge}


def written(folder: Path, state: dict[str, Tensor], config: dict[str, Any], **hyperparameters: Any) -> Path:
    """As Lightning leaves it, pathlib's paths among the rest."""
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    content = {"state_dict": state, "hyper_parameters": {**HYPERPARAMETERS, **hyperparameters}, "epoch": 3}
    torch.save({**content, "callbacks": {}, "loops": {}}, folder / "epoch=3-step=9.ckpt")
    return folder


def read(folder: Path) -> ForeignModel:
    files = foreign_files(folder, None)
    assert format_of(files) == "piper"
    return read_piper_voice(files, None, None)


def test_audio_is_that_of_the_formulas_when_a_voice_of_many_speakers_is_read(tmp_path: Path) -> None:
    w = plain_vits.random_weights(9, 2)
    model = read(written(tmp_path, in_piper(w), {}))
    alphabet = model.sizes.spec.alphabet()
    tokens = alphabet.tokenizer("ça.").tolist()
    assert tokens == [1, 0, 5, 0, 6, 0, 3, 0, 8, 0, 2]
    check_speaks(model, w, tokens, 1)
    assert list(model.speakers) == ["ada", "ben"]
    assert alphabet.language == "de"
    assert model.sizes.spec.analysis().sample_rate == 16000
    assert set(model.discriminator) == {"discriminators.0.output.bias"}


def test_audio_is_that_of_the_formulas_when_a_voice_of_one_speaker_is_read(tmp_path: Path) -> None:
    w = plain_vits.random_weights(9, 0)
    model = read(written(tmp_path, in_piper(w), {"speaker_id_map": {}}))
    check_speaks(model, w, [1, 0, 3, 0, 2], None)
    assert model.of_one_voice


@pytest.mark.parametrize(
    ("config", "hyperparameters", "extra", "message"),
    [
        ({"phoneme_type": "text"}, {}, {}, "phoneme_type='text' of .* it must be 'espeak'"),
        ({"vowel_clusters": [["a", "c"]]}, {}, {}, "vowel_clusters=.* it must be empty"),
        ({"phoneme_id_map": {**IDS, "a": [3, 4]}}, {}, {}, r"phoneme_id_map.a=\[3, 4\] .* a list of one id"),
        ({"phoneme_id_map": {"a": [0]}}, {}, {}, "gives no id to '_'"),
        ({}, {"hop_length": 32}, {}, "16 samples of a frame, but data.hop_length=32"),
        ({}, {"resblock": "3"}, {}, "hyper_parameters.resblock='3' of .* must be one of 1, 2"),
        ({}, {"n_layers": 3}, {}, "lacks 18 tensors .enc_p.encoder.attn_layers.2.emb_rel_k, "),
        ({}, {}, {"model_x.bias": torch.ones(1)}, r"has the unknown 1 tensors \(model_x.bias"),
    ],
)
def test_one_line_says_what_is_wrong_when_files_do_not_fit(
    config: dict[str, Any], hyperparameters: dict[str, Any], extra: dict[str, Tensor], message: str, tmp_path: Path
) -> None:
    state = {**in_piper(plain_vits.random_weights(9, 2)), **extra}
    folder = written(tmp_path, state, config, **hyperparameters)
    with pytest.raises(InputError, match=message) as told:
        read(folder).synthesizer()
    assert "\n" not in str(told.value)
