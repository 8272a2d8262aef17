"""Checkpoints of `VitsModel` in Transformers, MMS among them: `config.json`, `vocab.json` and the weights beside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from vits.common.errors import InputError
from vits.common.readers import read_json, shown_path
from vits.formats.foreign_files import ForeignFiles
from vits.formats.foreign_model import ForeignModel
from vits.formats.vits_sizes import Part, VitsSizes
from vits.reference.config_section import Section
from vits.reference.name_rules import Rule, Table, every, in_stages
from vits.reference.reference_names import WAVENET
from vits.synthesizer import Synthesizer
from vits.text.alphabet import ENGLISH

VOCABULARY, TOKENIZER = "vocab.json", "tokenizer_config.json"
SYMBOL_ROWS, SPEAKER_ROWS = "text_encoder.embed_tokens.weight", "embed_speaker.weight"
ONLY: Mapping[str, Any] = MappingProxyType(
    {
        "hidden_act": "relu",
        "use_bias": True,
        "window_size": 4,
        "layer_norm_eps": 1e-5,
        "leaky_relu_slope": 0.1,
        "depth_separable_channels": 2,
        "duration_predictor_tail_bound": 5.0,
        "wavenet_dilation_rate": 1,
    }
)
"""Settings of which one value is built here, which is also the default."""
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "ara": "ar",
        "ben": "bn",
        "ces": "cs",
        "deu": "de",
        "ell": "el",
        "eng": ENGLISH,
        "fin": "fi",
        "fra": "fr-fr",
        "hin": "hi",
        "hun": "hu",
        "ind": "id",
        "ita": "it",
        "kor": "ko",
        "nld": "nl",
        "pol": "pl",
        "por": "pt",
        "ron": "ro",
        "rus": "ru",
        "spa": "es",
        "swe": "sv",
        "swh": "sw",
        "tam": "ta",
        "tel": "te",
        "tur": "tr",
        "ukr": "uk",
        "vie": "vi",
    }
)
"""espeak's code of some languages that MMS names by ISO 639-3."""


def norm(theirs: str, ours: str) -> Table:
    return (Rule(f"{theirs}.weight", f"{ours}.gamma"), Rule(f"{theirs}.bias", f"{ours}.beta"))


ATTENTION: Table = (
    Rule("q_proj", "query"),
    Rule("k_proj", "key"),
    Rule("v_proj", "value"),
    Rule("out_proj", "output"),
    Rule("emb_rel_k", "key_offsets"),
    Rule("emb_rel_v", "value_offsets"),
)
LAYER: Table = (
    Rule("attention", "attention", ATTENTION),
    *norm("layer_norm", "attention_norm"),
    Rule("feed_forward.conv_1", "feed_forward.expand"),
    Rule("feed_forward.conv_2", "feed_forward.contract"),
    *norm("final_layer_norm", "feed_forward_norm"),
)
DILATED_STACK: Table = (
    Rule("convs_dilated", "depthwise"),
    *norm("norms_1.#", "depthwise_norms.#"),
    Rule("convs_pointwise", "pointwise"),
    *norm("norms_2.#", "pointwise_norms.#"),
)
SPLINE: Table = (
    Rule("conv_pre", "input"),
    Rule("conv_dds", "convs", DILATED_STACK),
    Rule("conv_proj", "projection"),
)
DURATION_FLOW: Table = (
    Rule("0.translate", "affine.shift"),
    Rule("0.log_scale", "affine.log_scale"),
    Rule("#", "splines.#", SPLINE, every(1, 1)),
)
DURATION_PREDICTOR: Table = (
    Rule("cond", "speaker_projection"),
    *SPLINE,
    Rule("flows", "flow", DURATION_FLOW),
    Rule("post_conv_pre", "duration_input"),
    Rule("post_conv_dds", "duration_convs", DILATED_STACK),
    Rule("post_conv_proj", "duration_projection"),
    Rule("post_flows", "posterior_flow", DURATION_FLOW),
    Rule("conv_1", "conv_1"),
    *norm("norm_1", "norm_1"),
    Rule("conv_2", "conv_2"),
    *norm("norm_2", "norm_2"),
    Rule("proj", "projection"),
)


def names_in_transformers(synthesizer: Synthesizer) -> Table:
    """The table between names there and here."""
    stage = in_stages(len(list(synthesizer.decoder.get_submodule("trunk.resblocks.0").children())))
    return (
        Rule("embed_speaker", "speaker_embedding"),
        Rule("text_encoder.embed_tokens", "text_encoder.symbols"),
        Rule("text_encoder.encoder.layers.#", "text_encoder.encoder.layers.#", LAYER),
        Rule("text_encoder.project", "text_encoder.projection"),
        Rule("posterior_encoder.conv_pre", "posterior_encoder.input"),
        Rule("posterior_encoder.wavenet", "posterior_encoder.wavenet", WAVENET),
        Rule("posterior_encoder.conv_proj", "posterior_encoder.projection"),
        Rule("flow.flows.#.conv_pre", "flow.couplings.#.shift.input"),
        Rule("flow.flows.#.wavenet", "flow.couplings.#.shift.wavenet", WAVENET),
        Rule("flow.flows.#.conv_post", "flow.couplings.#.shift.projection"),
        Rule("duration_predictor", "duration_predictor", DURATION_PREDICTOR),
        Rule("decoder.conv_pre", "decoder.trunk.input"),
        Rule("decoder.cond", "decoder.speaker_projection"),
        Rule("decoder.upsampler", "decoder.trunk.upsamplers"),
        Rule("decoder.resblocks.#.convs1", "decoder.trunk.resblocks.#.#.dilated", (), stage),
        Rule("decoder.resblocks.#.convs2", "decoder.trunk.resblocks.#.#.plain", (), stage),
        Rule("decoder.conv_post", "decoder.output"),
    )


def read_transformers_vits(files: ForeignFiles, symbols: Sequence[str] | None, language: str | None) -> ForeignModel:
    """A model of Transformers with its tokenizer's symbols.

    Raises:
        InputError: the files are damaged, don't fit each other, or hold what isn't built here.
    """
    config = Section("", files.config, shown_path(files.config_path))
    for name, allowed in ONLY.items():
        config.must_be(name, allowed)
    tensors = files.weights(files.content(), "the file")
    n_speakers = len(tensors[SPEAKER_ROWS]) if SPEAKER_ROWS in tensors else 0
    told = config.count("speaker_embedding_size", 0, least=0)
    if bool(told) != bool(n_speakers):
        raise config.refuse("speaker_embedding_size", told, f"it has {n_speakers} rows of speakers")
    sizes = _sizes(config, told, _alphabet(files, config, symbols, language))
    names = [str(row) for row in range(max(n_speakers, 1))]
    return ForeignModel(sizes, tensors, names_in_transformers, names, shown_path(files.checkpoint))


def _sizes(config: Section, speaker_channels: int, alphabet: Part) -> VitsSizes:
    rates = config.counts("upsample_rates", [8, 8, 2, 2])
    n_fft = 2 * (config.count("spectrogram_bins", 513) - 1)
    return VitsSizes(
        latent_channels=config.count("flow_size", 192),
        hidden_channels=config.count("hidden_size", 192),
        filter_channels=config.count("ffn_dim", 768),
        speaker_channels=speaker_channels,
        n_symbols=config.count("vocab_size"),
        n_heads=config.count("num_attention_heads", 2),
        n_layers=config.count("num_hidden_layers", 6),
        kernel_size=config.count("ffn_kernel_size", 3),
        dropout=config.number("hidden_dropout", 0.1),
        durations=_durations(config),
        upsampling={
            "initial_channels": config.count("upsample_initial_channel", 512),
            "upsample_rates": rates,
            "upsample_kernel_sizes": config.counts("upsample_kernel_sizes", [16, 16, 4, 4]),
            "resblock_kernel_sizes": config.counts("resblock_kernel_sizes", [3, 7, 11]),
            "resblock_dilations": config.get("resblock_dilation_sizes", [[1, 3, 5]] * 3),
        },
        analysis={
            "sample_rate": config.count("sampling_rate"),
            "n_fft": n_fft,
            "hop_length": math.prod(rates),
            "win_length": n_fft,
        },
        alphabet=alphabet,
        posterior_kernel_size=config.count("wavenet_kernel_size", 5),
        posterior_layers=config.count("posterior_encoder_num_wavenet_layers", 16),
        flow_kernel_size=config.count("wavenet_kernel_size", 5),
        flow_layers=config.count("prior_encoder_num_wavenet_layers", 4),
        flow_steps=config.count("prior_encoder_num_flows", 4),
    )


def _durations(config: Section) -> Part:
    common = {
        "kernel_size": config.count("duration_predictor_kernel_size", 3),
        "dropout": config.number("duration_predictor_dropout", 0.5),
    }
    if not config.flag("use_stochastic_duration_prediction", default=True):
        channels = config.count("duration_predictor_filter_channels", 256)
        return {**common, "name": "deterministic", "filter_channels": channels}
    return {
        **common,
        "name": "stochastic",
        "filter_channels": config.count("hidden_size", 192),
        "n_steps": config.count("duration_predictor_num_flows", 4),
        "n_layers": config.count("depth_separable_num_layers", 3),
        "n_bins": config.count("duration_predictor_flow_bins", 10),
    }


def _alphabet(files: ForeignFiles, config: Section, symbols: Sequence[str] | None, language: str | None) -> Part:
    """The tokenizer's symbols; its blank is whatever has the id 0."""
    path = files.beside(TOKENIZER)
    tokenizer = Section("", read_json(path, dict[str, Any]), shown_path(path))
    tokenizer.must_be("is_uroman", False)  # texts would have to be romanised
    phonemize = tokenizer.flag("phonemize", default=True)
    named = tokenizer.values.get("language")
    known = ENGLISH if phonemize else LANGUAGES.get(str(named), "")
    return {
        "name": "phonemes" if phonemize else "letters",
        "symbols": list(symbols or _vocabulary(files, config.count("vocab_size"))),
        "blank": 0 if tokenizer.flag("add_blank", default=True) else None,
        "language": language or known,
    }


def _vocabulary(files: ForeignFiles, n_symbols: int) -> list[str]:
    """The symbols by their ids; those of several letters may lie beyond the embedding, as nothing is ever read so."""
    path = files.beside(VOCABULARY)
    ids = read_json(path, dict[str, int])
    symbols = [""] * n_symbols
    for symbol, number in ids.items():
        if 0 <= number < n_symbols:
            symbols[number] = symbol
        elif len(symbol) == 1:
            raise InputError(f"{shown_path(path)} gives {symbol!r} the id {number}, but the model reads {n_symbols}")
    return symbols
