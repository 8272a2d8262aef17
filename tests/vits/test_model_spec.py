"""Every choice under `conf/model` composes and builds, and what can't be built is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from vits.common.errors import InputError
from vits.decoder import ResBlock2
from vits.discriminators import MultiPeriodDiscriminator
from vits.model_spec import PARTS, ModelSpec
from vits.spectrogram import AudioAnalysis

CONF_MODEL = Path(__file__).parents[2] / "conf" / "model"
OF_BASE = "of_base"  # holds no parts of its own: a base model brings them
MODELS = sorted(path.stem for path in CONF_MODEL.glob("*.yaml") if path.stem != OF_BASE)
PART_OPTIONS = sorted(
    (str(path.parent.relative_to(CONF_MODEL)), path.stem)
    for path in CONF_MODEL.rglob("*.yaml")
    if path.parent != CONF_MODEL
)
FAMILY = ("istft_vits2", "mb_istft_vits2", "ms_istft_vits2", "mini_istft_vits2", "mini_mb_istft_vits2")
ComposeModel = Callable[..., ModelSpec]


@pytest.fixture
def meta_device() -> Iterator[None]:
    """Parameters without memory."""
    with torch.device("meta"):
        yield


def n_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def with_part(spec: ModelSpec, part: str, **changes: Any) -> ModelSpec:
    return ModelSpec({**spec.parts, part: {**spec.parts[part], **changes}})


def test_options_are_found_when_conf_is_listed() -> None:
    assert {"tiny", *FAMILY} <= set(MODELS)
    assert {folder for folder, _ in PART_OPTIONS} >= {*PARTS, "adversary", "spectrogram", "decoder/resblock"}


@pytest.mark.usefixtures("meta_device")
@pytest.mark.parametrize("model", MODELS)
def test_model_builds_when_composed(model: str, compose_model: ComposeModel) -> None:
    spec = compose_model(model)
    synthesizer = spec.synthesizer(n_speakers=2)
    assert synthesizer.samples_per_frame == spec.analysis().hop_length
    assert synthesizer.speaker_embedding.n_speakers == 2
    assert n_parameters(spec.adversary()) > 0


def test_spec_is_refused_when_no_base_brought_the_parts(compose_model: ComposeModel) -> None:
    with pytest.raises(InputError, match="lacks text_encoder, posterior_encoder, flow"):
        compose_model(OF_BASE)


@pytest.mark.usefixtures("meta_device")
@pytest.mark.parametrize(("part", "option"), PART_OPTIONS)
def test_part_builds_when_chosen(part: str, option: str, compose_model: ComposeModel) -> None:
    overrides = ["model/decoder=multi_band_istft"] if part.startswith("decoder/") else []  # has parts of its own
    spec = compose_model("tiny", [*overrides, f"model/{part}={option}"])
    assert n_parameters(spec.synthesizer(n_speakers=2)) > 0
    assert n_parameters(spec.adversary()) > 0


@pytest.mark.usefixtures("meta_device")
@pytest.mark.parametrize(
    ("model", "low", "high"),
    [("tiny", 6.0e6, 6.4e6), ("mb_istft_vits2", 38e6, 40e6), ("mini_mb_istft_vits2", 10.5e6, 11.5e6)],
)
def test_model_has_the_size_that_its_comment_says_when_built(
    model: str, low: float, high: float, compose_model: ComposeModel
) -> None:
    assert low < n_parameters(compose_model(model).synthesizer(n_speakers=108)) < high


def test_spectrogram_has_the_bands_of_the_analysis_when_built(tiny_spec: ModelSpec) -> None:
    assert tiny_spec.analysis() == AudioAnalysis(sample_rate=16000)
    assert tiny_spec.spectrogram()(torch.zeros(1, 2560)).shape == (1, 80, 10)


@pytest.mark.parametrize("decoder", ["istft", "hifi_gan", "multi_band_istft", "multi_stream_istft"])
def test_residual_block_is_chosen_when_decoder_is_any(decoder: str, compose_model: ComposeModel) -> None:
    spec = compose_model("tiny", [f"model/decoder={decoder}", "model/decoder/resblock=resblock_2"])
    blocks = spec.synthesizer(2).decoder.trunk.resblocks[0]
    assert [type(block) for block in blocks] == [ResBlock2] * 3
    assert [len(block.dilated) for block in blocks] == [2] * 3


def test_posterior_encoder_hears_all_bins_when_spectrogram_is_linear(compose_model: ComposeModel) -> None:
    spec = compose_model("tiny", ["model/spectrogram=linear"])
    heard = spec.spectrogram()(torch.zeros(1, 2560))
    assert heard.shape == (1, 513, 10)
    assert spec.synthesizer(2).posterior_encoder.input.in_channels == 513


def test_spectrogram_is_refused_when_posterior_encoder_takes_another(tiny_spec: ModelSpec) -> None:
    spec = with_part(tiny_spec, "spectrogram", name="linear")
    with pytest.raises(InputError, match=r"has 513 channels, but .* spectrogram_channels=80"):
        spec.spectrogram()


def test_weights_differ_when_a_spec_is_built_twice(miniature_spec: ModelSpec) -> None:
    one, other = miniature_spec.synthesizer(2), miniature_spec.synthesizer(2)
    assert not torch.equal(one.text_encoder.symbols.weight, other.text_encoder.symbols.weight)


def test_discriminator_has_its_periods_when_built(miniature_spec: ModelSpec) -> None:
    discriminator = miniature_spec.adversary().opponents["audio"].discriminator
    assert isinstance(discriminator, MultiPeriodDiscriminator)
    assert [d.period for d in discriminator.discriminators[1:]] == [2, 3]


@pytest.mark.parametrize("part", [*PARTS, "analysis", "spectrogram", "speaker_embedding", "adversary"])
def test_spec_is_refused_when_a_part_is_missing(part: str, tiny_spec: ModelSpec) -> None:
    with pytest.raises(InputError, match=f"lacks {part};"):
        ModelSpec({name: value for name, value in tiny_spec.parts.items() if name != part})


def test_model_is_refused_when_decoder_and_analysis_differ_in_hop(miniature_spec: ModelSpec) -> None:
    spec = with_part(miniature_spec, "analysis", hop_length=128)
    with pytest.raises(InputError, match="makes 256 samples of a frame, but hop_length=128"):
        spec.synthesizer(2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"upsample_rates": [4]}, "must be equally many"),
        ({"upsample_kernel_sizes": [16, 15]}, "can't upsample by 4"),
        ({"upsample_kernel_sizes": [16, 2]}, "can't upsample by 4"),
        ({"initial_channels": 18}, "can't be halved 2 times"),
        ({"hop_length": 5}, "must divide n_fft=16"),
    ],
)
def test_decoder_is_refused_when_its_sizes_do_not_fit(
    changes: dict[str, Any], message: str, miniature_spec: ModelSpec
) -> None:
    with pytest.raises(InputError, match=message):
        with_part(miniature_spec, "decoder", **changes).synthesizer(2)


@pytest.mark.parametrize("changes", [{"win_length": 2048}, {"fmax_hz": 9000.0}, {"fmin_hz": 500.0, "fmax_hz": 400.0}])
def test_analysis_is_refused_when_out_of_range(changes: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"win_length|fmax_hz"):
        AudioAnalysis(sample_rate=16000, **changes)
