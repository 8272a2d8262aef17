from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.reference.reference_config import model_spec_from_reference, speakers_in_reference

HIFI_GAN_UPSAMPLING = {"upsample_rates": [8, 8, 2, 2], "upsample_kernel_sizes": [16, 16, 4, 4]}
GOLDEN = Path(__file__).parents[1] / "golden"
SeedConfig = Callable[..., dict[str, Any]]
ComposeModel = Callable[..., ModelSpec]


def test_spec_is_the_option_of_conf_when_it_is_the_same_model(compose_model: ComposeModel) -> None:
    config = json.loads((GOLDEN / "finetune_mb_pre_conv2" / "config.json").read_text())
    assert model_spec_from_reference(config).parts == compose_model("mb_istft_vits2").parts
    assert speakers_in_reference(config) == 108


@pytest.mark.parametrize(
    ("settings", "overrides"),
    [
        ({"mb_istft_vits": False, "ms_istft_vits": True}, ["model/decoder=multi_stream_istft"]),
        (
            {"mb_istft_vits": False, "istft_vits": True, "upsample_rates": [8, 8]},
            ["model/decoder=istft"],
        ),
        ({"mb_istft_vits": False, **HIFI_GAN_UPSAMPLING}, ["model/decoder=hifi_gan"]),
        ({"resblock": "2"}, ["model/decoder/resblock=resblock_2"]),
        ({"transformer_flow_type": "pre_conv"}, ["model/flow=pre_conv"]),
        ({"transformer_flow_type": "fft"}, ["model/flow=fft"]),
        ({"transformer_flow_type": "mono_layer_inter_residual"}, ["model/flow=mono_layer_inter_residual"]),
        (
            {"use_transformer_flows": False, "transformer_flow_type": "mono_layer_post_residual"},
            ["model/flow=mono_layer_post_residual"],
        ),
        ({"use_transformer_flows": False}, ["model/flow=plain"]),
        ({"use_sdp": True}, ["model/duration_predictor=stochastic"]),
        ({"use_spk_conditioned_encoder": False}, ["model/text_encoder=plain"]),
        ({"use_mel_posterior_encoder": False}, ["model/spectrogram=linear"]),
        ({"use_duration_discriminator": False}, ["model/adversary=audio"]),
        ({"duration_discriminator_type": "dur_disc_1"}, ["model/adversary=audio_and_duration_1"]),
    ],
)
def test_spec_is_the_option_of_conf_when_a_setting_changes(
    settings: dict[str, Any], overrides: list[str], compose_model: ComposeModel
) -> None:
    config = json.loads((GOLDEN / "finetune_mb_pre_conv2" / "config.json").read_text())
    config["model"] |= settings
    assert model_spec_from_reference(config).parts == compose_model("mb_istft_vits2", overrides).parts


def test_spec_is_plain_data_when_written_to_a_bundle(variant_settings: dict[str, Any], seed_config: SeedConfig) -> None:
    spec = model_spec_from_reference(seed_config(variant_settings))
    again = ModelSpec(yaml.safe_load(yaml.safe_dump(dict(spec.parts), sort_keys=False)))
    assert again == spec
    with torch.device("meta"):
        assert again.synthesizer(2).samples_per_frame == 256
    assert again.spectrogram().channels == (80 if "mel" in again.parts["spectrogram"]["name"] else 513)


def test_defaults_are_the_seed_s_when_settings_are_missing(seed_config: SeedConfig) -> None:
    config = seed_config(HIFI_GAN_UPSAMPLING)
    for key in list(config["model"]):
        if key.startswith(("use_", "transformer_", "duration_", "gin_", "subbands")) or key.endswith("_vits"):
            del config["model"][key]
    parts = model_spec_from_reference({**config, "data": {**config["data"], "n_speakers": 0}}).parts
    assert [parts[name]["name"] for name in ("decoder", "flow", "duration_predictor")] == [
        "hifi_gan",
        "mono_layer_post_residual",
        "stochastic",
    ]
    assert parts["speaker_channels"] == 0
    assert parts["adversary"].keys() == {"audio"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"transformer_flow_type": "no_such_flow"}, "'no_such_flow' .* one of pre_conv, pre_conv2, fft, mono"),
        ({"transformer_flow_type": "mono_layer_post_residual"}, "must be one of pre_conv, pre_conv2"),
        ({"use_transformer_flows": "yes"}, "use_transformer_flows='yes' .* true or false"),
        ({"use_mel_posterior_encoder": None}, "use_mel_posterior_encoder=None"),
        ({"resblock": "3"}, "resblock='3' .* one of 1, 2"),
        ({"resblock": 1}, "resblock=1 .* one of 1, 2"),
        ({"resblock_dilation_sizes": [[1, 3], [1, 3]]}, "resblock_dilation_sizes=.* at least 3"),
        ({"resblock_kernel_sizes": [3]}, r"resblock_kernel_sizes=\[3\] .* must be 2"),
        ({"ms_istft_vits": True}, "ms_istft_vits=True .* mb_istft_vits is true too"),
        ({"mb_istft_vits": False}, r"upsample_rates=\[4, 4\] .* makes 16 samples of a frame, but data.hop_length=256"),
        ({"subbands": False}, "subbands=False"),
        ({"subbands": 8}, "subbands=8 .* must be 4"),
        ({"hidden_channels": 0}, "hidden_channels=0 .* at least 1"),
        ({"upsample_rates": "4,4"}, "upsample_rates='4,4'"),
        ({"p_dropout": 1.5}, "p_dropout=1.5 .* below 1"),
        ({"duration_discriminator_type": "dur_disc_3"}, "'dur_disc_3' .* dur_disc_1, dur_disc_2"),
        ({"gin_channels": 0}, "n_speakers=3 .* must be 0"),
        ({"n_layers": 2}, "n_layers=2 leaves no layer"),
    ],
)
def test_setting_is_named_when_refused(settings: dict[str, Any], message: str, seed_config: SeedConfig) -> None:
    with pytest.raises(InputError, match=message) as error:
        model_spec_from_reference(seed_config(settings)).synthesizer(2)
    assert "\n" not in str(error.value)


def test_flow_is_refused_when_it_needs_speakers_and_there_are_none(seed_config: SeedConfig) -> None:
    with pytest.raises(InputError, match=r"transformer_flow_type='fft' .* data\.n_speakers=0"):
        model_spec_from_reference(seed_config({"transformer_flow_type": "fft"}, n_speakers=0))


@pytest.mark.parametrize("section", ["model", "data"])
def test_section_is_named_when_missing(section: str, seed_config: SeedConfig) -> None:
    with pytest.raises(InputError, match=f"lacks its section '{section}'"):
        model_spec_from_reference({name: value for name, value in seed_config().items() if name != section})


def test_setting_is_named_when_missing(seed_config: SeedConfig) -> None:
    config = seed_config()
    del config["model"]["hidden_channels"]
    with pytest.raises(InputError, match=r"lacks model\.hidden_channels"):
        model_spec_from_reference(config)
