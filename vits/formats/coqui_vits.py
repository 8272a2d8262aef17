"""Checkpoints of coqui's VITS: `config.json` and `model_file.pth` or `best_model.pth`, discriminators and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from vits.common.errors import InputError
from vits.common.readers import is_file, read_json, shown_path
from vits.formats.coqui_alphabet import coqui_alphabet
from vits.formats.foreign_files import ForeignFiles
from vits.formats.foreign_model import ForeignModel
from vits.formats.vits_sizes import PERIODS, Part, VitsSizes
from vits.reference.config_section import Section
from vits.reference.name_rules import Rule, Table, every, in_stages, renamed
from vits.reference.reference_checkpoint import read_pickled
from vits.reference.reference_config import DILATIONS_USED
from vits.reference.reference_names import (
    MULTI_PERIOD_DISCRIMINATOR,
    POSTERIOR_ENCODER,
    SPLINE_STEP,
    TEXT_ENCODER,
    WAVENET_SHIFT,
    stochastic_predictor,
)
from vits.synthesizer import Synthesizer

SPEAKER_ROWS = "emb_g.weight"
DISCRIMINATOR, ITS_PARTS, PARTS_HERE = "disc.", "nets.", "discriminators."
SPEAKER_FILES = ("speakers.pth", "speakers.json", "speaker_ids.json")
ONLY: Mapping[str, Any] = MappingProxyType(
    {
        "use_sdp": True,  # the other predictor's norms differ from those here
        "use_language_embedding": False,
        "use_d_vector_file": False,
        "condition_dp_on_speaker": True,
        "encoder_sample_rate": None,
        "dilation_rate_posterior_encoder": 1,
        "dilation_rate_flow": 1,
        "use_spectral_norm_disriminator": False,
    }
)

DURATION_FLOW: Table = (
    Rule("0.translation", "affine.shift"),
    Rule("0.log_scale", "affine.log_scale"),
    Rule("#", "splines.#", SPLINE_STEP, every(1, 1)),
)


def names_in_coqui(synthesizer: Synthesizer) -> Table:
    """The table between names there and here."""
    blocks = list(synthesizer.decoder.get_submodule("trunk.resblocks.0").children())
    stage = in_stages(len(blocks))
    kinds = (("convs1", "dilated"), ("convs2", "plain")) if hasattr(blocks[0], "plain") else (("convs", "dilated"),)
    return (
        Rule("emb_g", "speaker_embedding"),
        Rule("text_encoder", "text_encoder", TEXT_ENCODER),
        Rule("posterior_encoder", "posterior_encoder", POSTERIOR_ENCODER),
        Rule("flow.flows.#", "flow.couplings.#.shift", WAVENET_SHIFT),
        Rule("duration_predictor", "duration_predictor", stochastic_predictor(DURATION_FLOW)),
        Rule("waveform_decoder.conv_pre", "decoder.trunk.input"),
        Rule("waveform_decoder.cond_layer", "decoder.speaker_projection"),
        Rule("waveform_decoder.ups", "decoder.trunk.upsamplers"),
        Rule("waveform_decoder.conv_post", "decoder.output"),
        *(
            Rule(f"waveform_decoder.resblocks.#.{theirs}", f"decoder.trunk.resblocks.#.#.{ours}", (), stage)
            for theirs, ours in kinds
        ),
    )


def read_coqui_vits(files: ForeignFiles, symbols: Sequence[str] | None, language: str | None) -> ForeignModel:
    """A model of coqui, and its discriminator if it was saved with it.

    Raises:
        InputError: the files are damaged, don't fit each other, or hold what isn't built here.
    """
    told = shown_path(files.config_path)
    model, audio = (Section.of(files.config, name, told) for name in ("model_args", "audio"))
    for name, allowed in ONLY.items():
        model.must_be(name, allowed)
    tensors = files.weights(files.content().get("model"), "'model'")
    generator = {name: tensor for name, tensor in tensors.items() if not name.startswith(DISCRIMINATOR)}
    judge = {
        name.removeprefix(DISCRIMINATOR).replace(ITS_PARTS, PARTS_HERE, 1): tensor
        for name, tensor in tensors.items()
        if name.startswith(DISCRIMINATOR)
    }
    alphabet = coqui_alphabet(Section("", files.config, told), symbols, language)
    n_speakers = len(generator[SPEAKER_ROWS]) if SPEAKER_ROWS in generator else 0
    width = generator[SPEAKER_ROWS].shape[1] if n_speakers else 0
    return ForeignModel(
        sizes=_sizes(model, audio, width, alphabet),
        tensors=generator,
        table=names_in_coqui,
        speakers=_speaker_names(files, n_speakers),
        source=shown_path(files.checkpoint),
        discriminator=renamed(judge, MULTI_PERIOD_DISCRIMINATOR),
    )


def _sizes(model: Section, audio: Section, speaker_channels: int, alphabet: Part) -> VitsSizes:
    hidden, n_fft = model.count("hidden_channels", 192), audio.count("fft_size", 1024)
    if model.count("out_channels", 513) != n_fft // 2 + 1:
        raise model.refuse("out_channels", model.get("out_channels", 513), f"audio.fft_size={n_fft} makes others")
    highest = audio.values.get("mel_fmax")
    return VitsSizes(
        latent_channels=hidden,
        hidden_channels=hidden,
        filter_channels=model.count("hidden_channels_ffn_text_encoder", 768),
        speaker_channels=speaker_channels,
        n_symbols=model.count("num_chars"),
        n_heads=model.count("num_heads_text_encoder", 2),
        n_layers=model.count("num_layers_text_encoder", 6),
        kernel_size=model.count("kernel_size_text_encoder", 3),
        dropout=model.number("dropout_p_text_encoder", 0.1),
        durations={
            "name": "stochastic",
            "filter_channels": 192,
            "kernel_size": 3,
            "dropout": model.number("dropout_p_duration_predictor", 0.5),
        },
        upsampling=_upsampling(model),
        analysis={
            "sample_rate": audio.count("sample_rate"),
            "n_fft": n_fft,
            "hop_length": audio.count("hop_length", 256),
            "win_length": audio.count("win_length", 1024),
            "n_mels": audio.count("num_mels", 80),
            "fmin_hz": audio.number("mel_fmin", 0.0),
            "fmax_hz": None if highest is None else audio.number("mel_fmax"),
        },
        alphabet=alphabet,
        posterior_kernel_size=model.count("kernel_size_posterior_encoder", 5),
        posterior_layers=model.count("num_layers_posterior_encoder", 16),
        flow_kernel_size=model.count("kernel_size_flow", 5),
        flow_layers=model.count("num_layers_flow", 4),
        periods=tuple(model.counts("periods_multi_period_discriminator", list(PERIODS))),
    )


def _upsampling(model: Section) -> Part:
    kind = model.choice("resblock_type_decoder", tuple(DILATIONS_USED), "1")
    dilations = model.get("resblock_dilation_sizes_decoder", [[1, 3, 5]] * 3)
    used = DILATIONS_USED[kind]
    return {
        "initial_channels": model.count("upsample_initial_channel_decoder", 512),
        "upsample_rates": model.counts("upsample_rates_decoder", [8, 8, 2, 2]),
        "upsample_kernel_sizes": model.counts("upsample_kernel_sizes_decoder", [16, 16, 4, 4]),
        "resblock_kernel_sizes": model.counts("resblock_kernel_sizes_decoder", [3, 7, 11]),
        "resblock_dilations": [list(row)[:used] for row in dilations],
        "resblock": f"resblock_{kind}",
    }


def _speaker_names(files: ForeignFiles, n_speakers: int) -> list[str]:
    """By the file of names beside the model, or by their numbers."""
    if not n_speakers:
        return ["0"]
    path = next((files.beside(name) for name in SPEAKER_FILES if is_file(files.beside(name))), None)
    if path is None:
        return [str(row) for row in range(n_speakers)]
    ids = read_pickled(path) if path.suffix == ".pth" else read_json(path)
    if not isinstance(ids, Mapping) or sorted(ids.values(), key=str) != sorted(range(n_speakers), key=str):
        raise InputError(f"{shown_path(path)} doesn't name {n_speakers} speakers by their ids; restore it or remove it")
    return [str(name) for name, _ in sorted(ids.items(), key=lambda item: item[1])]
