from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import plain_vits
import pytest
import torch
from spoken_models import check_speaks, said
from torch import Tensor

from vits.common.errors import InputError
from vits.formats.foreign_files import foreign_files
from vits.formats.foreign_model import ForeignModel
from vits.formats.known_formats import format_of
from vits.formats.vits_release import read_vits_release
from vits.text.symbols import VITS_SYMBOLS

CONFIG: dict[str, Any] = {
    "train": {"segment_size": 8192},
    "data": {
        "text_cleaners": ["english_cleaners2"],
        "sampling_rate": 22050,
        "filter_length": 64,
        "hop_length": 16,
        "win_length": 64,
        "n_mel_channels": 8,
        "mel_fmin": 0.0,
        "mel_fmax": None,
        "add_blank": True,
        "n_speakers": 3,
        "cleaned_text": True,
    },
    "model": {
        "inter_channels": 8,
        "hidden_channels": 8,
        "filter_channels": 12,
        "n_heads": 2,
        "n_layers": 2,
        "kernel_size": 3,
        "p_dropout": 0.1,
        "resblock": "1",
        "resblock_kernel_sizes": [3, 5],
        "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5]],
        "upsample_rates": [4, 4],
        "upsample_initial_channel": 8,
        "upsample_kernel_sizes": [8, 8],
        "n_layers_q": 3,
        "use_spectral_norm": False,
        "gin_channels": 6,
    },
}


def written(folder: Path, w: dict[str, Tensor], **changes: Any) -> Path:
    """The files as the release's training leaves them."""
    config = {name: {**section, **changes.get(name, {})} for name, section in CONFIG.items()}
    (folder / "config.json").write_text(json.dumps(config))
    torch.save({"model": w, "iteration": 1, "optimizer": {"state": {}}, "learning_rate": 2e-4}, folder / "G_1.pth")
    return folder


def read(folder: Path, symbols: list[str] | None = None, language: str | None = None) -> ForeignModel:
    files = foreign_files(folder, None)
    assert format_of(files) == "vits"
    return read_vits_release(files, symbols, language)


def test_audio_is_that_of_the_formulas_when_a_model_of_many_voices_is_read(tmp_path: Path) -> None:
    w = plain_vits.random_weights(len(VITS_SYMBOLS), 3)
    model = read(written(tmp_path, w))
    tokenizer = model.sizes.spec.alphabet().tokenizer
    tokens = tokenizer("həlˈoʊ, wˈɜːld!").tolist()
    assert tokens[1::2] == [VITS_SYMBOLS.index(symbol) for symbol in "həlˈoʊ, wˈɜːld!"]
    check_speaks(model, w, tokens, 2)
    assert list(model.speakers) == ["0", "1", "2"]
    assert model.sizes.spec.alphabet().language == "en-us"


def test_table_is_grown_and_silent_at_first_when_a_model_knows_one_voice(tmp_path: Path) -> None:
    w = plain_vits.random_weights(len(VITS_SYMBOLS), 0)
    model = read(written(tmp_path, w, data={"n_speakers": 0}, model={"gin_channels": 0}))
    check_speaks(model, w, range(20, 40), None)
    synthesizer = model.synthesizer()
    assert synthesizer.speaker_embedding.weight.shape == (1, 256)
    again = model.synthesizer().state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in synthesizer.state_dict().items())
    synthesizer.decoder(torch.ones(1, 8, 3), synthesizer.speaker_embedding(torch.tensor([0]))).audio.sum().backward()
    told = synthesizer.decoder.get_submodule("speaker_projection").get_parameter("weight")
    assert told.grad is not None
    assert told.grad.abs().max() > 0  # it is silent, and learns


def test_other_symbols_and_language_are_taken_when_given(tmp_path: Path) -> None:
    w = plain_vits.random_weights(4, 3)
    folder = written(tmp_path, w, data={"text_cleaners": ["my_cleaners"], "add_blank": False})
    with pytest.raises(InputError, match="reads 4 symbols, which aren't the 178 of VITS; give symbols="):
        read(folder, language="de")
    with pytest.raises(InputError, match=r"data.text_cleaners=\['my_cleaners'\] .* say language="):
        read(folder, list("_abc"))
    alphabet = read(folder, list("_abc"), "de").sizes.spec.alphabet()
    assert alphabet.language == "de"
    assert alphabet.tokenizer("cab").tolist() == [3, 1, 2]


def without(name: str) -> dict[str, Tensor]:
    w = plain_vits.random_weights(178, 3)
    del w[name]
    return w


@pytest.mark.parametrize(
    ("w", "changes", "message"),
    [
        (without("dec.cond.bias"), {}, r"lacks 1 tensors \(dec.cond.bias\); give the configuration"),
        (without("enc_p.emb.weight"), {}, r"lacks 1 tensors \(enc_p.emb.weight\)"),
        (without("flow.flows.2.enc.in_layers.0.weight_g"), {}, r"lacks 1 .*\(flow.flows.2.enc.in_layers.0.weight_g\)"),
        ({**plain_vits.random_weights(178, 3), "enc_p.x.bias": torch.ones(2)}, {}, r"has the unknown 1 .*enc_p.x.bias"),
        (plain_vits.random_weights(178, 3), {"model": {"filter_channels": 16}}, r"of another shape 6 .*ffn_layers.0"),
        (plain_vits.random_weights(178, 3), {"model": {"use_spectral_norm": True}}, "use_spectral_norm=True .*False"),
        (plain_vits.random_weights(178, 3), {"data": {"hop_length": 32}}, "16 samples of a frame, but .*=32"),
        (plain_vits.random_weights(178, 0), {}, "never"),
        ({"dec.cond.bias": "text"}, {}, "holds 'dec.cond.bias', which is no tensor"),
    ],
)
def test_one_line_says_what_is_wrong_when_files_do_not_fit(
    w: dict[str, Tensor], changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    folder = written(tmp_path, w, **changes)
    if message == "never":  # a table that isn't there is grown, whatever the configuration says
        assert said(read(folder), [3, 4], 0).isfinite().all()
        return
    with pytest.raises(InputError, match=message) as told:
        read(folder).synthesizer()
    assert "\n" not in str(told.value)
