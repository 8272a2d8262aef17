from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import plain_vits
import pytest
import torch
from plain_vits import Weights
from safetensors.torch import save_file
from spoken_models import check_speaks, theirs
from torch import Tensor

from vits.common.errors import InputError
from vits.formats.foreign_files import foreign_files
from vits.formats.foreign_model import ForeignModel
from vits.formats.known_formats import format_of
from vits.formats.transformers_vits import read_transformers_vits

CONFIG: dict[str, Any] = {
    "architectures": ["VitsModel"],
    "model_type": "vits",
    "vocab_size": 6,
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "ffn_dim": 12,
    "flow_size": 8,
    "spectrogram_bins": 33,
    "upsample_initial_channel": 8,
    "upsample_rates": [4, 4],
    "upsample_kernel_sizes": [8, 8],
    "resblock_kernel_sizes": [3, 5],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5]],
    "num_speakers": 1,
    "speaker_embedding_size": 0,
    "sampling_rate": 16000,
}
VOCABULARY = {"k": 0, "a": 1, " ": 2, "s": 3, "'": 4, "|": 5, "<unk>": 6}
NAMES = (
    ("enc_p.emb.", "text_encoder.embed_tokens."),
    (r"enc_p.encoder.attn_layers.(\d+).conv_([qkv])", r"text_encoder.encoder.layers.\1.attention.\2_proj"),
    (r"enc_p.encoder.attn_layers.(\d+).conv_o", r"text_encoder.encoder.layers.\1.attention.out_proj"),
    (r"enc_p.encoder.attn_layers.(\d+).", r"text_encoder.encoder.layers.\1.attention."),
    (r"enc_p.encoder.norm_layers_1.(\d+)", r"text_encoder.encoder.layers.\1.layer_norm"),
    (r"enc_p.encoder.norm_layers_2.(\d+)", r"text_encoder.encoder.layers.\1.final_layer_norm"),
    (r"enc_p.encoder.ffn_layers.(\d+)", r"text_encoder.encoder.layers.\1.feed_forward"),
    ("enc_p.proj", "text_encoder.project"),
    (r"^enc_q.pre", "posterior_encoder.conv_pre"),
    (r"^enc_q.enc", "posterior_encoder.wavenet"),
    (r"^enc_q.proj", "posterior_encoder.conv_proj"),
    (r"^(flow.flows.\d+).pre", r"\1.conv_pre"),
    (r"^(flow.flows.\d+).enc", r"\1.wavenet"),
    (r"^(flow.flows.\d+).post", r"\1.conv_post"),
    (r"^dp\.", "duration_predictor."),
    (r"^(duration_predictor.*flows.0).m$", r"\1.translate"),
    (r"^(duration_predictor.*flows.0).logs$", r"\1.log_scale"),
    (r"^(duration_predictor.*[._])(pre|proj)\.", r"\1conv_\2."),
    (r"^(duration_predictor.*[._])convs\.", r"\1conv_dds."),
    ("convs_sep", "convs_dilated"),
    ("convs_1x1", "convs_pointwise"),
    (r"^dec\.ups", "decoder.upsampler"),
    (r"^dec\.", "decoder."),
    ("^emb_g", "embed_speaker"),
    ("gamma$", "weight"),
    ("beta$", "bias"),
    ("weight_g$", "parametrizations.weight.original0"),
    ("weight_v$", "parametrizations.weight.original1"),
)


def in_transformers(w: Weights) -> dict[str, Tensor]:
    """The same weights as Transformers saves them: its decoder's norms are folded, and attention is of matrices."""
    found: dict[str, Tensor] = {}
    for name, tensor in w.items():
        if name.startswith("dec.") and name.endswith(("_g", "_v")):
            stem = name[:-2]
            found[theirs(stem, NAMES)] = plain_vits.weight(w, stem.removesuffix(".weight"))
        else:
            matrix = ".conv_" in name and "attn_layers" in name and name.endswith("weight")
            found[theirs(name, NAMES)] = tensor[:, :, 0] if matrix else tensor
    return {name: tensor.contiguous() for name, tensor in found.items()}


def written(folder: Path, w: dict[str, Tensor], tokenizer: dict[str, Any] | None = None, **changes: Any) -> Path:
    (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))
    (folder / "vocab.json").write_text(json.dumps(VOCABULARY))
    settings = {"phonemize": False, "is_uroman": False, "add_blank": True, "language": "deu"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, **(tokenizer or {})}))
    save_file(w, folder / "model.safetensors")
    return folder


def read(folder: Path) -> ForeignModel:
    files = foreign_files(folder, None)
    assert format_of(files) == "transformers"
    return read_transformers_vits(files, None, None)


def test_audio_is_that_of_the_formulas_when_a_model_of_mms_is_read(tmp_path: Path) -> None:
    w = plain_vits.random_weights(6, 0)
    model = read(written(tmp_path, in_transformers(w)))
    alphabet = model.sizes.spec.alphabet()
    (letters,) = alphabet.reader("de")(["Kas' 7?"])
    tokens = alphabet.tokenizer(letters).tolist()
    assert tokens == [0, 0, 0, 1, 0, 3, 0, 4, 0, 2, 0]
    check_speaks(model, w, tokens, None)
    assert alphabet.language == "de"
    assert model.sizes.spec.analysis().sample_rate == 16000
    assert model.of_one_voice


def test_audio_is_that_of_the_formulas_when_many_voices_are_read_from_a_pickle(tmp_path: Path) -> None:
    w = plain_vits.random_weights(6, 2)
    folder = written(tmp_path, {}, {"phonemize": True}, num_speakers=2, speaker_embedding_size=6)
    (folder / "model.safetensors").unlink()
    torch.save(in_transformers(w), folder / "pytorch_model.bin")
    model = read(folder)
    check_speaks(model, w, [0, 1, 0, 3, 0, 5, 0], 1)
    assert model.sizes.alphabet["name"] == "phonemes"


@pytest.mark.parametrize(
    ("changes", "tokenizer", "message"),
    [
        ({"hidden_act": "gelu"}, {}, "hidden_act='gelu' of .* isn't built here; it must be 'relu'"),
        ({"window_size": None}, {}, "window_size=None"),
        ({"speaker_embedding_size": 4}, {}, "speaker_embedding_size=4 .* it has 0 rows of speakers"),
        ({"vocab_size": 4}, {}, 'gives "\'" the id 4, but the model reads 4'),
        ({"vocab_size": 7}, {}, "of another shape 1 tensors .text_encoder.embed_tokens.weight."),
        ({"flow_size": 6}, {}, "of another shape .*posterior_encoder.conv_proj"),
        ({}, {"is_uroman": True}, "is_uroman=True of .*tokenizer_config.json isn't built here; it must be False"),
    ],
)
def test_one_line_says_what_is_wrong_when_files_do_not_fit(
    changes: dict[str, Any], tokenizer: dict[str, Any], message: str, tmp_path: Path
) -> None:
    folder = written(tmp_path, in_transformers(plain_vits.random_weights(6, 0)), tokenizer, **changes)
    with pytest.raises(InputError, match=message) as told:
        read(folder).synthesizer()
    assert "\n" not in str(told.value)
