from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import plain_vits
import pytest
import torch
from plain_vits import Weights
from spoken_models import check_speaks, theirs
from torch import Tensor

from vits.common.errors import InputError
from vits.formats.coqui_vits import read_coqui_vits
from vits.formats.foreign_files import foreign_files
from vits.formats.foreign_model import ForeignModel
from vits.formats.known_formats import format_of

FILTERED = 192  # channels of its duration predictor, whatever the others are
CONFIG: dict[str, Any] = {
    "model": "vits",
    "model_args": {
        "num_chars": 9,
        "out_channels": 33,
        "hidden_channels": 8,
        "hidden_channels_ffn_text_encoder": 12,
        "num_heads_text_encoder": 2,
        "num_layers_text_encoder": 2,
        "resblock_kernel_sizes_decoder": [3, 5],
        "resblock_dilation_sizes_decoder": [[1, 3, 5], [1, 3, 5]],
        "upsample_rates_decoder": [4, 4],
        "upsample_initial_channel_decoder": 8,
        "upsample_kernel_sizes_decoder": [8, 8],
        "use_speaker_embedding": True,
    },
    "audio": {"sample_rate": 22050, "fft_size": 64, "win_length": 64, "hop_length": 16, "num_mels": 8},
    "use_phonemes": True,
    "phonemizer": "espeak",
    "phoneme_language": "fr-fr",
    "text_cleaner": "phoneme_cleaners",
    "enable_eos_bos_chars": False,
    "add_blank": True,
    "characters": {
        "characters_class": "TTS.tts.models.vits.VitsCharacters",
        "pad": "<PAD>",
        "eos": "<EOS>",
        "bos": "<BOS>",
        "blank": "<BLNK>",
        "characters": "ba",
        "punctuations": "! ",
        "phonemes": "ʁɛ\u0303",
        "is_unique": False,
        "is_sorted": True,
    },
}
NAMES = (
    (r"^enc_p", "text_encoder"),
    (r"^enc_q", "posterior_encoder"),
    (r"^dp\.", "duration_predictor."),
    (r"^(duration_predictor.*flows.0).m$", r"\1.translation"),
    (r"^(duration_predictor.*flows.0).logs$", r"\1.log_scale"),
    (r"^dec\.cond", "waveform_decoder.cond_layer"),
    (r"^dec\.", "waveform_decoder."),
)


def in_coqui(w: Weights) -> dict[str, Tensor]:
    return {theirs(name, NAMES): tensor for name, tensor in w.items()}


def written(folder: Path, w: dict[str, Tensor], **changes: Any) -> Path:
    """As coqui's trainer leaves them, numpy's numbers among the rest."""
    merged = {name: {**CONFIG[name], **value} if isinstance(value, dict) else value for name, value in changes.items()}
    (folder / "config.json").write_text(json.dumps({**CONFIG, **merged}))
    rest = {"config": CONFIG, "step": 3, "model_loss": np.float64(0.5), "date": "today", "optimizer": [{}, {}]}
    torch.save({"model": w, **rest}, folder / "best_model.pth")
    return folder


def read(folder: Path) -> ForeignModel:
    files = foreign_files(folder / "best_model.pth", None)
    assert format_of(files) == "coqui"
    return read_coqui_vits(files, None, None)


@pytest.fixture(scope="module")
def w() -> dict[str, Tensor]:
    return plain_vits.random_weights(9, 2, FILTERED)


def test_audio_is_that_of_the_formulas_when_a_model_of_coqui_is_read(tmp_path: Path, w: dict[str, Tensor]) -> None:
    judge = {"disc.nets.1.convs.0.weight_g": torch.ones(32, 1, 1, 1), "disc.nets.0.conv_post.bias": torch.ones(1)}
    model = read(written(tmp_path, {**in_coqui(w), **judge}))
    alphabet = model.sizes.spec.alphabet()
    assert list(alphabet.symbols) == ["<PAD>", "!", " ", "b", "a", "ʁ", "ɛ", "\u0303", "<BLNK>"]
    tokens = alphabet.tokenizer("aʁ!").tolist()
    assert tokens == [8, 4, 8, 5, 8, 1, 8]
    check_speaks(model, w, tokens, 1)
    assert alphabet.language == "fr-fr"
    assert set(model.discriminator) == {
        "discriminators.1.convs.0.parametrizations.weight.original0",
        "discriminators.0.output.bias",
    }


def test_speakers_have_their_names_when_a_file_of_them_lies_beside(tmp_path: Path, w: dict[str, Tensor]) -> None:
    folder = written(tmp_path, in_coqui(w))
    torch.save({"zoe": 0, "ada": 1}, folder / "speakers.pth")
    assert read(folder).speakers == ["zoe", "ada"]
    torch.save({"zoe": 0}, folder / "speakers.pth")
    with pytest.raises(InputError, match=r"speakers.pth doesn't name 2 speakers by their ids"):
        read(folder)


def test_symbols_are_in_coquis_order_when_letters_are_read(tmp_path: Path) -> None:
    characters = {"characters_class": "TTS.tts.utils.text.characters.Graphemes", "is_unique": True}
    settings = {"use_phonemes": False, "text_cleaner": "multilingual_cleaners", "enable_eos_bos_chars": True}
    w = plain_vits.random_weights(8, 0, FILTERED)
    changes = {"model_args": {"num_chars": 8}, "characters": characters}
    model = read(written(tmp_path, in_coqui(w), **settings, **changes))
    alphabet = model.sizes.spec.alphabet()
    assert list(alphabet.symbols) == ["<PAD>", "<EOS>", "<BOS>", "<BLNK>", "a", "b", "!", " "]
    (letters,) = alphabet.reader("fr-fr")(["Ba!"])
    tokens = alphabet.tokenizer(letters).tolist()
    assert tokens == [2, 3, 5, 3, 4, 3, 6, 3, 1]
    check_speaks(model, w, tokens, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_args": {"use_sdp": False}}, "model_args.use_sdp=False of .* it must be True"),
        ({"model_args": {"use_language_embedding": True}}, "use_language_embedding=True"),
        ({"model_args": {"use_d_vector_file": True}}, "use_d_vector_file=True"),
        ({"model_args": {"num_chars": 12}}, r"of another shape 1 tensors \(text_encoder.emb.weight\)"),
        ({"model_args": {"out_channels": 513}}, "out_channels=513 .* audio.fft_size=64"),
        ({"characters": {"characters_class": "mine.Runes"}}, "characters_class='Runes' .* must be one of VitsChar"),
        ({"characters": None}, "lacks its section 'characters'"),
        ({"audio": None}, "lacks its section 'audio'"),
        ({"phonemizer": "gruut"}, "phonemizer='gruut' of .* must be espeak"),
        ({"use_phonemes": False}, "text_cleaner='phoneme_cleaners' .* must be one of basic_cleaners"),
    ],
)
def test_one_line_says_what_is_wrong_when_files_do_not_fit(
    changes: dict[str, Any], message: str, tmp_path: Path, w: dict[str, Tensor]
) -> None:
    folder = written(tmp_path, in_coqui(w), **changes)
    with pytest.raises(InputError, match=message) as told:
        read(folder).synthesizer()
    assert "\n" not in str(told.value)
