"""A configuration of the reference implementation as the data that `conf/model/` writes for us.

The reference selects its classes by flags and names. They are read here, once, and become names of registered
parts; a setting that the reference doesn't have, or that contradicts another, is an error. Defaults are the
reference's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.reference.config_section import Section, are_counts
from vits.text.symbols import SYMBOLS

N_BANDS = 4  # of the reference's filter bank
DECODERS = ("mb_istft_vits", "ms_istft_vits", "istft_vits")
FLOWS = ("pre_conv", "pre_conv2", "fft", "mono_layer_inter_residual")  # called so here too
POST_RESIDUAL = "mono_layer_post_residual"
DILATIONS_USED = {"1": 3, "2": 2}  # by each kind of residual block
DURATION_DISCRIMINATORS = {
    "dur_disc_1": "duration_1",
    "dur_disc_2": "duration_2",
}

Part = dict[str, Any]


def model_spec_from_reference(config: Mapping[str, Any]) -> ModelSpec:
    """The model of a reference configuration (its JSON, as a mapping).

    Raises:
        InputError: a setting is missing, is none of the reference's, or contradicts another.
    """
    model, data = _sections(config)
    return ModelSpec(
        {
            "latent_channels": model.count("inter_channels"),
            "hidden_channels": model.count("hidden_channels"),
            "filter_channels": model.count("filter_channels"),
            "speaker_channels": _speaker_channels(model),
            "analysis": analysis_of(data),
            "spectrogram": _spectrogram(model),
            "text_encoder": _text_encoder(model),
            "posterior_encoder": _posterior_encoder(model, data),
            "flow": _flow(model, data),
            "duration_predictor": _duration_predictor(model),
            "decoder": _decoder(model, data),
            "speaker_embedding": _speaker_embedding(model, data),
            "adversary": _adversary(model),
        }
    )


def speakers_in_reference(config: Mapping[str, Any]) -> int:
    """The rows of the speaker embedding; 1 of a model that has none."""
    return max(_sections(config)[1].count("n_speakers", 0, least=0), 1)


def _sections(config: Mapping[str, Any]) -> tuple[Section, Section]:
    for name in ("model", "data"):
        if not isinstance(config.get(name), Mapping):
            raise InputError(f"the reference configuration lacks its section {name!r}; it must have model and data")
    return Section("model", config["model"]), Section("data", config["data"])


def _speaker_channels(model: Section) -> int:
    return model.count("gin_channels", 0, least=0)


def _speaker_embedding(model: Section, data: Section) -> Part:
    n_speakers, channels = data.count("n_speakers", 0, least=0), _speaker_channels(model)
    if not n_speakers:
        return {"name": "none"}
    if not channels:
        raise data.refuse("n_speakers", n_speakers, "with model.gin_channels=0 it must be 0")
    return {"name": "table", "channels": channels}


def analysis_of(data: Section) -> Part:
    """How audio becomes frames."""
    highest = data.values.get("mel_fmax")
    return {
        "name": "stft",
        "sample_rate": data.count("sampling_rate"),
        "n_fft": data.count("filter_length"),
        "hop_length": data.count("hop_length"),
        "win_length": data.count("win_length"),
        "n_mels": data.count("n_mel_channels"),
        "fmin_hz": data.number("mel_fmin"),
        "fmax_hz": None if highest is None else data.number("mel_fmax"),
    }


def _spectrogram(model: Section) -> Part:
    return {"name": "mel" if model.flag("use_mel_posterior_encoder") else "linear"}


def _text_encoder(model: Section) -> Part:
    dropout = model.number("p_dropout")
    if dropout >= 1:
        raise model.refuse("p_dropout", dropout, "it must be below 1")
    plain: Part = {
        "name": "plain",
        "n_symbols": len(SYMBOLS),
        "latent_channels": model.count("inter_channels"),
        "hidden_channels": model.count("hidden_channels"),
        "filter_channels": model.count("filter_channels"),
        "n_heads": model.count("n_heads"),
        "n_layers": model.count("n_layers"),
        "kernel_size": model.count("kernel_size"),
        "dropout": dropout,
    }
    channels = _speaker_channels(model)
    if not (
        model.flag("use_spk_conditioned_encoder") and channels
    ):  # without an embedding the reference ignores the flag
        return plain
    return {
        **plain,
        "name": "speaker_conditioned",
        "speaker_channels": channels,
    }


def _posterior_encoder(model: Section, data: Section) -> Part:
    mel = model.flag("use_mel_posterior_encoder")
    return {
        "name": "wavenet",
        "spectrogram_channels": data.count("n_mel_channels") if mel else data.count("filter_length") // 2 + 1,
        "latent_channels": model.count("inter_channels"),
        "hidden_channels": model.count("hidden_channels"),
        "kernel_size": 5,
        "n_layers": 16,
        "speaker_channels": _speaker_channels(model),
    }


def _flow(model: Section, data: Section) -> Part:
    name = _flow_name(model)
    sizes: Part = {
        "name": name,
        "latent_channels": model.count("inter_channels"),
        "hidden_channels": model.count("hidden_channels"),
        "kernel_size": 5,
        "speaker_channels": _speaker_channels(model),
        "n_steps": 4,
    }
    if name != "fft":
        return {**sizes, "n_layers": 4}
    if not data.count("n_speakers", 0, least=0):
        raise model.refuse("transformer_flow_type", "fft", "this flow needs speakers, but data.n_speakers=0")
    return {**sizes, "n_heads": 4, "n_layers": 1, "filter_channels": 768}


def _flow_name(model: Section) -> str:
    if model.flag("use_transformer_flows"):
        return model.choice("transformer_flow_type", FLOWS, POST_RESIDUAL)
    # the reference reads the name even so, but knows only this one then
    if model.values.get("transformer_flow_type", POST_RESIDUAL) == POST_RESIDUAL:
        return POST_RESIDUAL
    return "plain"


def _duration_predictor(model: Section) -> Part:
    hidden, stochastic = model.count("hidden_channels"), model.flag("use_sdp", default=True)
    return {
        "name": "stochastic" if stochastic else "deterministic",
        "hidden_channels": hidden,
        "filter_channels": hidden if stochastic else 256,
        "kernel_size": 3,
        "dropout": 0.5,
        "speaker_channels": _speaker_channels(model),
    }


def _decoder(model: Section, data: Section) -> Part:
    chosen = [key for key in DECODERS if model.flag(key)]
    if len(chosen) > 1:
        raise model.refuse(chosen[1], True, f"{chosen[0]} is true too, and at most one of {', '.join(DECODERS)} may be")
    kind = chosen[0] if chosen else "hifi_gan"
    upsampling = upsampling_of(model)
    if kind == "hifi_gan":
        check_hop(model, data, 1)
        return {
            **upsampling,
            "name": "hifi_gan",
            "speaker_channels": _speaker_channels(model),
        }
    hop_length = model.count("gen_istft_hop_size")
    spectral = {**upsampling, "n_fft": model.count("gen_istft_n_fft"), "hop_length": hop_length}
    if kind == "istft_vits":
        check_hop(model, data, hop_length)
        return {**spectral, "name": "istft"}
    n_bands = model.count("subbands")
    if n_bands != N_BANDS:
        raise model.refuse("subbands", n_bands, f"with {kind} it must be {N_BANDS}")
    check_hop(model, data, hop_length * n_bands)
    name = "multi_band_istft" if kind == "mb_istft_vits" else "multi_stream_istft"
    return {**spectral, "name": name, "n_bands": n_bands}


def upsampling_of(model: Section) -> Part:
    """What all decoders have in common."""
    resblock = model.choice("resblock", tuple(DILATIONS_USED))
    used = DILATIONS_USED[resblock]
    dilations = model.get("resblock_dilation_sizes")
    if not isinstance(dilations, Sequence) or not all(are_counts(row) and len(row) >= used for row in dilations):
        raise model.refuse("resblock_dilation_sizes", dilations, f"it must be lists of at least {used} whole numbers")
    kernel_sizes = model.counts("resblock_kernel_sizes")
    if len(kernel_sizes) != len(dilations):
        raise model.refuse("resblock_kernel_sizes", kernel_sizes, f"it must be {len(dilations)}, one for each dilation")
    upsampling = {
        "latent_channels": model.count("inter_channels"),
        "initial_channels": model.count("upsample_initial_channel"),
        "upsample_rates": model.counts("upsample_rates"),
        "upsample_kernel_sizes": model.counts("upsample_kernel_sizes"),
        "resblock_kernel_sizes": kernel_sizes,
        "resblock_dilations": [list(row[:used]) for row in dilations],
    }
    if resblock == "1":  # our decoders' default
        return upsampling
    return {**upsampling, "resblock": "resblock_2"}


def check_hop(model: Section, data: Section, samples_per_step: int) -> None:
    """The decoder makes as many samples of a frame as the analysis takes.

    Raises:
        InputError: it doesn't.
    """
    rates, hop_length = model.counts("upsample_rates"), data.count("hop_length")
    samples = samples_per_step
    for rate in rates:
        samples *= rate
    if samples != hop_length:
        raise model.refuse(
            "upsample_rates", rates, f"its decoder makes {samples} samples of a frame, but data.hop_length={hop_length}"
        )


def _adversary(model: Section) -> Part:
    audio: Part = {
        "name": "audio",
        "discriminator": {
            "name": "multi_period",
            "width": 1024,
            "periods": [2, 3, 5, 7, 11],
        },
    }
    if not model.flag("use_duration_discriminator"):
        return {"audio": audio}
    hidden = model.count("hidden_channels")
    kind = model.choice("duration_discriminator_type", tuple(DURATION_DISCRIMINATORS), "dur_disc_1")
    duration: Part = {
        "name": "duration",
        "discriminator": {
            "name": DURATION_DISCRIMINATORS[kind],
            "hidden_channels": hidden,
            "filter_channels": hidden,
            "kernel_size": 3,
        },
    }
    return {"audio": audio, "duration": duration}
