"""Small models of every variant, and a small bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
import yaml
from torch import nn
from torch.nn.functional import normalize

if TYPE_CHECKING:
    from vits.bundle import Bundle
    from vits.model_spec import ModelSpec
    from vits.synthesizer import Synthesizer

HIFI_GAN = {
    "mb_istft_vits": False,
    "upsample_initial_channel": 32,
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
}
ONE_ISTFT = {
    "mb_istft_vits": False,
    "istft_vits": True,
    "subbands": False,
    "upsample_rates": [8, 8],
}

# settings of the reference that each make another model of the one below
VARIANTS: dict[str, dict[str, Any]] = {
    "multi_band": {},
    "multi_stream": {"mb_istft_vits": False, "ms_istft_vits": True},
    "istft": ONE_ISTFT,
    "hifi_gan": HIFI_GAN,
    "resblock_2": {"resblock": "2"},
    "pre_conv": {"transformer_flow_type": "pre_conv"},
    "fft": {"transformer_flow_type": "fft"},
    "mono_layer_inter_residual": {"transformer_flow_type": "mono_layer_inter_residual"},
    "mono_layer_post_residual": {
        "use_transformer_flows": False,
        "transformer_flow_type": "mono_layer_post_residual",
    },
    "plain_flow": {"use_transformer_flows": False},
    "stochastic": {"use_sdp": True},
    "plain_text_encoder": {"use_spk_conditioned_encoder": False},
    "linear_spectrogram": {"use_mel_posterior_encoder": False},
    "all_of_vits": {
        **HIFI_GAN,
        "use_transformer_flows": False,
        "use_sdp": True,
        "use_spk_conditioned_encoder": False,
        "use_mel_posterior_encoder": False,
        "resblock": "2",
    },
}


@pytest.fixture(scope="session")
def seed_config() -> Any:
    """A seed configuration with few channels, and changes to its sections."""

    def config(model: Mapping[str, Any] | None = None, **data: Any) -> dict[str, Any]:
        return {
            "model": {
                "use_mel_posterior_encoder": True,
                "use_transformer_flows": True,
                "transformer_flow_type": "pre_conv2",
                "use_spk_conditioned_encoder": True,
                "use_duration_discriminator": True,
                "duration_discriminator_type": "dur_disc_2",
                "mb_istft_vits": True,
                "ms_istft_vits": False,
                "istft_vits": False,
                "subbands": 4,
                "gen_istft_n_fft": 16,
                "gen_istft_hop_size": 4,
                "inter_channels": 8,
                "hidden_channels": 16,
                "gin_channels": 6,
                "filter_channels": 32,
                "n_heads": 2,
                "n_layers": 3,
                "kernel_size": 3,
                "p_dropout": 0.1,
                "resblock": "1",
                "resblock_kernel_sizes": [3, 5],
                "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5]],
                "upsample_rates": [4, 4],
                "upsample_initial_channel": 16,
                "upsample_kernel_sizes": [16, 16],
                "use_sdp": False,
                **(model or {}),
            },
            "data": {
                "sampling_rate": 22050,
                "filter_length": 1024,
                "hop_length": 256,
                "win_length": 1024,
                "n_mel_channels": 80,
                "mel_fmin": 0.0,
                "mel_fmax": None,
                "n_speakers": 3,
                **data,
            },
        }

    return config


def awake(synthesizer: Synthesizer, seed: int = 0) -> Synthesizer:
    """The model with every zero that a flow is initialised to replaced by a random number."""
    torch.manual_seed(seed)
    for part in (synthesizer.flow, synthesizer.duration_predictor):
        for parameter in part.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.3)
    return synthesizer


@pytest.fixture(scope="session")
def new_variant(seed_config: Any) -> Any:
    """Builds the small model of some settings, its flows awake."""

    def build(model: Mapping[str, Any], **data: Any) -> Synthesizer:
        from vits.reference.reference_config import model_spec_from_reference, speakers_in_reference

        config = seed_config(model, **data)
        torch.manual_seed(0)
        return awake(model_spec_from_reference(config).synthesizer(speakers_in_reference(config)))

    return build


@pytest.fixture(scope="session")
def variants() -> Mapping[str, dict[str, Any]]:
    """The settings of every variant, by its name."""
    return VARIANTS


@pytest.fixture(params=VARIANTS)
def variant_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of each variant."""
    return VARIANTS[request.param]


@pytest.fixture
def variant(variant_settings: dict[str, Any], new_variant: Any) -> Synthesizer:
    """A small model of each variant, with three speakers."""
    return new_variant(variant_settings)


@pytest.fixture(scope="module")
def bundle(miniature_spec: ModelSpec) -> Bundle:
    """Three rows, the second of which no utterance trained."""
    from vits.bundle import BaseSpeaker, Bundle

    torch.manual_seed(0)
    voiceprints = normalize(torch.randn(3, 192), dim=1)
    voiceprints[1] = 0
    return Bundle(
        spec=miniature_spec,
        synthesizer=miniature_spec.synthesizer(3),
        adversary=miniature_spec.adversary(),
        speakers=(BaseSpeaker("anna", 12), BaseSpeaker("bert", 0), BaseSpeaker("célia 3", 1)),
        voiceprints=voiceprints,
    )


@pytest.fixture
def saved(bundle: Bundle, tmp_path: Path) -> Path:
    """A bundle whose files may be changed: it is from before there were checksums and names of parts."""
    from vits.bundle import save_bundle
    from vits.common.checksums import MANIFEST

    save_bundle(bundle, tmp_path / "saved", "# Card\n")
    (tmp_path / "saved" / MANIFEST).unlink()
    model = tmp_path / "saved" / "model.yaml"
    parts = yaml.safe_load(model.read_text(encoding="utf-8"))
    del parts["posterior_encoder"]["name"]
    parts["posterior_encoder"]["_target_"] = "vits.posterior_encoder.PosteriorEncoder"
    model.write_text(yaml.safe_dump(parts), encoding="utf-8")
    return tmp_path / "saved"
