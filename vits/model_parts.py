"""The classes that a model can be built of: each has a kind and a registered name, and nothing else is ever built.

The typed parameters of a class's constructor are the fields that its description may have. To add a part: the
class, a line here, and `conf/model/<kind>/<name>.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vits.adversary import AudioOpponent, DurationOpponent
from vits.common.bounds import shown
from vits.common.errors import InputError
from vits.decoder import (
    ConvNeXtISTFTDecoder,
    HiFiGANDecoder,
    ISTFTDecoder,
    MultiBandISTFTDecoder,
    MultiStreamISTFTDecoder,
    ResBlock1,
    ResBlock2,
)
from vits.decoder.conditioning import FilmConditioning
from vits.discriminators import DurationDiscriminator1, DurationDiscriminator2, MultiPeriodDiscriminator
from vits.duration_predictor import DeterministicDurationPredictor, StochasticDurationPredictor
from vits.flow import (
    CausalFlow,
    MonoLayerInterResidualFlow,
    MonoLayerPostResidualFlow,
    PlainFlow,
    PreConv2Flow,
    PreConvFlow,
)
from vits.posterior_encoder import PosteriorEncoder
from vits.spectrogram import AudioAnalysis, LinearSpectrogram, MelSpectrogram
from vits.speaker_embedding import NoSpeakerEmbedding, SpeakerEmbedding
from vits.text_encoder import SpeakerConditionedTextEncoder, TextEncoder


@dataclass(frozen=True)
class PartClass:
    """A class that a model may name.

    `earlier` is the class path by which older files name it. `given` are the constructor's parameters that the
    model fills in itself, `nested` those that are parts, by their kind, and `chosen` those that are classes.
    """

    kind: str
    name: str
    cls: type
    earlier: str
    given: tuple[str, ...] = ()
    nested: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)


RESBLOCK = {"resblock": "resblock"}
PART_CLASSES = (
    PartClass("text_encoder", "plain", TextEncoder, "vits.text_encoder.TextEncoder"),
    PartClass(
        "text_encoder",
        "speaker_conditioned",
        SpeakerConditionedTextEncoder,
        "vits.text_encoder.SpeakerConditionedTextEncoder",
    ),
    PartClass("posterior_encoder", "wavenet", PosteriorEncoder, "vits.posterior_encoder.PosteriorEncoder"),
    PartClass("flow", "plain", PlainFlow, "vits.flow.PlainFlow"),
    PartClass("flow", "pre_conv", PreConvFlow, "vits.flow.PreConvFlow"),
    PartClass("flow", "pre_conv2", PreConv2Flow, "vits.flow.PreConv2Flow"),
    PartClass("flow", "fft", CausalFlow, "vits.flow.CausalFlow"),
    PartClass(
        "flow", "mono_layer_inter_residual", MonoLayerInterResidualFlow, "vits.flow.MonoLayerInterResidualFlow"
    ),
    PartClass("flow", "mono_layer_post_residual", MonoLayerPostResidualFlow, "vits.flow.MonoLayerPostResidualFlow"),
    PartClass(
        "duration_predictor",
        "deterministic",
        DeterministicDurationPredictor,
        "vits.duration_predictor.DeterministicDurationPredictor",
    ),
    PartClass(
        "duration_predictor",
        "stochastic",
        StochasticDurationPredictor,
        "vits.duration_predictor.StochasticDurationPredictor",
    ),
    PartClass(
        "decoder",
        "multi_band_istft",
        MultiBandISTFTDecoder,
        "vits.decoder.MultiBandISTFTDecoder",
        chosen=RESBLOCK,
    ),
    PartClass(
        "decoder",
        "multi_stream_istft",
        MultiStreamISTFTDecoder,
        "vits.decoder.MultiStreamISTFTDecoder",
        chosen=RESBLOCK,
    ),
    PartClass("decoder", "istft", ISTFTDecoder, "vits.decoder.ISTFTDecoder", chosen=RESBLOCK),
    PartClass("decoder", "hifi_gan", HiFiGANDecoder, "vits.decoder.HiFiGANDecoder", chosen=RESBLOCK),
    PartClass("decoder", "convnext_istft", ConvNeXtISTFTDecoder, "vits.decoder.ConvNeXtISTFTDecoder"),
    PartClass("resblock", "resblock_1", ResBlock1, "vits.decoder.ResBlock1"),
    PartClass("resblock", "resblock_2", ResBlock2, "vits.decoder.ResBlock2"),
    PartClass(
        "conditioning",
        "film",
        FilmConditioning,
        "vits.decoder.conditioning.FilmConditioning",
        given=("stage_channels", "speaker_channels"),
    ),
    PartClass("analysis", "stft", AudioAnalysis, "vits.spectrogram.AudioAnalysis"),
    PartClass("spectrogram", "mel", MelSpectrogram, "vits.spectrogram.MelSpectrogram", given=("analysis",)),
    PartClass("spectrogram", "linear", LinearSpectrogram, "vits.spectrogram.LinearSpectrogram", given=("analysis",)),
    PartClass(
        "speaker_embedding",
        "table",
        SpeakerEmbedding,
        "vits.speaker_embedding.SpeakerEmbedding",
        given=("n_speakers",),
    ),
    PartClass(
        "speaker_embedding",
        "none",
        NoSpeakerEmbedding,
        "vits.speaker_embedding.NoSpeakerEmbedding",
        given=("n_speakers",),
    ),
    PartClass(
        "opponent",
        "audio",
        AudioOpponent,
        "vits.adversary.AudioOpponent",
        nested={"discriminator": "audio_discriminator"},
    ),
    PartClass(
        "opponent",
        "duration",
        DurationOpponent,
        "vits.adversary.DurationOpponent",
        nested={"discriminator": "duration_discriminator"},
    ),
    PartClass(
        "audio_discriminator",
        "multi_period",
        MultiPeriodDiscriminator,
        "vits.discriminators.MultiPeriodDiscriminator",
    ),
    PartClass(
        "duration_discriminator",
        "duration_1",
        DurationDiscriminator1,
        "vits.discriminators.DurationDiscriminator1",
    ),
    PartClass(
        "duration_discriminator",
        "duration_2",
        DurationDiscriminator2,
        "vits.discriminators.DurationDiscriminator2",
    ),
)


def part_class(kind: str, name: object, where: str) -> PartClass:
    """The class of that kind and name.

    Raises:
        InputError: there is none.
    """
    for part in PART_CLASSES:
        if part.kind == kind and part.name == name:
            return part
    raise InputError(f"{where}={shown(name)} must be one of {', '.join(names_of(kind))}")


def names_of(kind: str) -> list[str]:
    """The registered names of a kind of part."""
    return [part.name for part in PART_CLASSES if part.kind == kind]


def name_of_earlier(kind: str, target: object, where: str) -> str:
    """The registered name of what an older file calls by its class path.

    Raises:
        InputError: no part of that kind was ever called so.
    """
    for part in PART_CLASSES:
        if part.kind == kind and part.earlier == target:
            return part.name
    raise InputError(
        f"{where}={shown(target)} is no part that can be built here; write name: and one of {', '.join(names_of(kind))}"
    )
