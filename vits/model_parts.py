"""The classes that a model can be built of: each has a kind and a registered name, and nothing else is ever built.

The typed parameters of a class's constructor are the fields that its description may have. To add a part: the
class, a line here, and `conf/model/<kind>/<name>.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from vits import part_sizes
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
from vits.speaker_embedding import NoSpeakerEmbedding, SpeakerEmbedding
from vits.spectrogram import AudioAnalysis, LinearSpectrogram, MelSpectrogram
from vits.text.alphabet import DecomposedPhonemeAlphabet, LetterAlphabet, PhonemeAlphabet
from vits.text_encoder import SpeakerConditionedTextEncoder, TextEncoder


@dataclass(frozen=True)
class PartClass:
    """A class that a model may name.

    `earlier` is the class path by which older files name it. `n_weights` counts its weights from its settings.
    `given` are the constructor's parameters that the model fills in itself, `nested` those that are parts, by their
    kind, and `chosen` those that are classes.
    """

    kind: str
    name: str
    cls: type
    earlier: str
    n_weights: Callable[[Mapping[str, Any]], int]
    given: tuple[str, ...] = ()
    nested: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)


RESBLOCK = MappingProxyType({"resblock": "resblock"})
PART_CLASSES = (
    PartClass("text_encoder", "plain", TextEncoder, "vits.text_encoder.TextEncoder", part_sizes.text_encoder),
    PartClass(
        "text_encoder",
        "speaker_conditioned",
        SpeakerConditionedTextEncoder,
        "vits.text_encoder.SpeakerConditionedTextEncoder",
        part_sizes.text_encoder,
    ),
    PartClass(
        "posterior_encoder",
        "wavenet",
        PosteriorEncoder,
        "vits.posterior_encoder.PosteriorEncoder",
        part_sizes.posterior_encoder,
    ),
    PartClass("flow", "plain", PlainFlow, "vits.flow.PlainFlow", part_sizes.convolutional_flow),
    PartClass("flow", "pre_conv", PreConvFlow, "vits.flow.PreConvFlow", part_sizes.convolutional_flow),
    PartClass("flow", "pre_conv2", PreConv2Flow, "vits.flow.PreConv2Flow", part_sizes.convolutional_flow),
    PartClass("flow", "fft", CausalFlow, "vits.flow.CausalFlow", part_sizes.causal_flow),
    PartClass(
        "flow",
        "mono_layer_inter_residual",
        MonoLayerInterResidualFlow,
        "vits.flow.MonoLayerInterResidualFlow",
        part_sizes.convolutional_flow,
    ),
    PartClass(
        "flow",
        "mono_layer_post_residual",
        MonoLayerPostResidualFlow,
        "vits.flow.MonoLayerPostResidualFlow",
        part_sizes.convolutional_flow,
    ),
    PartClass(
        "duration_predictor",
        "deterministic",
        DeterministicDurationPredictor,
        "vits.duration_predictor.DeterministicDurationPredictor",
        part_sizes.deterministic_duration_predictor,
    ),
    PartClass(
        "duration_predictor",
        "stochastic",
        StochasticDurationPredictor,
        "vits.duration_predictor.StochasticDurationPredictor",
        part_sizes.stochastic_duration_predictor,
    ),
    PartClass(
        "decoder",
        "multi_band_istft",
        MultiBandISTFTDecoder,
        "vits.decoder.MultiBandISTFTDecoder",
        part_sizes.upsampling_decoder,
        chosen=RESBLOCK,
    ),
    PartClass(
        "decoder",
        "multi_stream_istft",
        MultiStreamISTFTDecoder,
        "vits.decoder.MultiStreamISTFTDecoder",
        part_sizes.upsampling_decoder,
        chosen=RESBLOCK,
    ),
    PartClass(
        "decoder", "istft", ISTFTDecoder, "vits.decoder.ISTFTDecoder", part_sizes.upsampling_decoder, chosen=RESBLOCK
    ),
    PartClass(
        "decoder",
        "hifi_gan",
        HiFiGANDecoder,
        "vits.decoder.HiFiGANDecoder",
        part_sizes.upsampling_decoder,
        chosen=RESBLOCK,
    ),
    PartClass(
        "decoder",
        "convnext_istft",
        ConvNeXtISTFTDecoder,
        "vits.decoder.ConvNeXtISTFTDecoder",
        part_sizes.convnext_decoder,
    ),
    PartClass("resblock", "resblock_1", ResBlock1, "vits.decoder.ResBlock1", part_sizes.none),
    PartClass("resblock", "resblock_2", ResBlock2, "vits.decoder.ResBlock2", part_sizes.none),
    PartClass("analysis", "stft", AudioAnalysis, "vits.spectrogram.AudioAnalysis", part_sizes.none),
    PartClass("alphabet", "phonemes", PhonemeAlphabet, "vits.text.alphabet.PhonemeAlphabet", part_sizes.none),
    PartClass(
        "alphabet",
        "decomposed_phonemes",
        DecomposedPhonemeAlphabet,
        "vits.text.alphabet.DecomposedPhonemeAlphabet",
        part_sizes.none,
    ),
    PartClass("alphabet", "letters", LetterAlphabet, "vits.text.alphabet.LetterAlphabet", part_sizes.none),
    PartClass(
        "spectrogram", "mel", MelSpectrogram, "vits.spectrogram.MelSpectrogram", part_sizes.none, given=("analysis",)
    ),
    PartClass(
        "spectrogram",
        "linear",
        LinearSpectrogram,
        "vits.spectrogram.LinearSpectrogram",
        part_sizes.none,
        given=("analysis",),
    ),
    PartClass(
        "speaker_embedding",
        "table",
        SpeakerEmbedding,
        "vits.speaker_embedding.SpeakerEmbedding",
        part_sizes.none,
        given=("n_speakers",),
    ),
    PartClass(
        "speaker_embedding",
        "none",
        NoSpeakerEmbedding,
        "vits.speaker_embedding.NoSpeakerEmbedding",
        part_sizes.none,
        given=("n_speakers",),
    ),
    PartClass(
        "opponent",
        "audio",
        AudioOpponent,
        "vits.adversary.AudioOpponent",
        part_sizes.none,
        nested={"discriminator": "audio_discriminator"},
    ),
    PartClass(
        "opponent",
        "duration",
        DurationOpponent,
        "vits.adversary.DurationOpponent",
        part_sizes.none,
        nested={"discriminator": "duration_discriminator"},
    ),
    PartClass(
        "audio_discriminator",
        "multi_period",
        MultiPeriodDiscriminator,
        "vits.discriminators.MultiPeriodDiscriminator",
        part_sizes.multi_period_discriminator,
    ),
    PartClass(
        "duration_discriminator",
        "duration_1",
        DurationDiscriminator1,
        "vits.discriminators.DurationDiscriminator1",
        part_sizes.duration_discriminator,
    ),
    PartClass(
        "duration_discriminator",
        "duration_2",
        DurationDiscriminator2,
        "vits.discriminators.DurationDiscriminator2",
        part_sizes.duration_discriminator,
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
