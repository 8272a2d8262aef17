from __future__ import annotations

from pathlib import Path
from typing import Any

import plain_vits
import pytest
import torch
from piper_files import IDS, written
from spoken_models import check_speaks
from torch import Tensor

from vits.common.errors import InputError
from vits.formats.foreign_files import foreign_files
from vits.formats.foreign_model import ForeignModel
from vits.formats.known_formats import format_of
from vits.formats.piper_voice import read_piper_voice


def in_piper(w: dict[str, Tensor]) -> dict[str, Tensor]:
    judge = {"model_d.discriminators.0.conv_post.bias": torch.ones(1), "model_mrd.convs.0.bias": torch.ones(1)}
    return {**{f"model_g.{name}": tensor for name, tensor in w.items()}, **judge}


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
