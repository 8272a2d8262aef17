"""The one table between parameter names of the reference implementation and ours, in both directions.

Which table a model has follows from the classes of its parts; `name_rules` says how a table is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from torch import nn

from vits.common.errors import InputError
from vits.decoder import HiFiGANDecoder, ISTFTDecoder, MultiBandISTFTDecoder, MultiStreamISTFTDecoder
from vits.decoder.resblock import ResBlock1, ResBlock2
from vits.duration_predictor import DeterministicDurationPredictor, StochasticDurationPredictor
from vits.flow import (
    CausalFlow,
    MonoLayerInterResidualFlow,
    MonoLayerPostResidualFlow,
    PlainFlow,
    PreConv2Flow,
    PreConvFlow,
)
from vits.reference.name_rules import Rule, Table, every, in_stages
from vits.synthesizer import Synthesizer

T = TypeVar("T")

ATTENTION: Table = (
    Rule("conv_q", "query"),
    Rule("conv_k", "key"),
    Rule("conv_v", "value"),
    Rule("conv_o", "output"),
    Rule("emb_rel_k", "key_offsets"),
    Rule("emb_rel_v", "value_offsets"),
)

FEED_FORWARD: Table = (Rule("conv_1", "expand"), Rule("conv_2", "contract"))

TRANSFORMER: Table = (
    Rule("attn_layers.#", "layers.#.attention", ATTENTION),
    Rule("norm_layers_1.#", "layers.#.attention_norm"),
    Rule("ffn_layers.#", "layers.#.feed_forward", FEED_FORWARD),
    Rule("norm_layers_2.#", "layers.#.feed_forward_norm"),
    Rule("spk_emb_linear", "speaker_projection"),
)

WAVENET: Table = (
    Rule("cond_layer", "speaker_projection"),
    Rule("in_layers", "gates"),
    Rule("res_skip_layers", "outputs"),
)

TEXT_ENCODER: Table = (
    Rule("emb", "symbols"),
    Rule("encoder", "encoder", TRANSFORMER),
    Rule("proj", "projection"),
)

POSTERIOR_ENCODER: Table = (
    Rule("pre", "input"),
    Rule("enc", "wavenet", WAVENET),
    Rule("proj", "projection"),
)

WAVENET_SHIFT: Table = (
    Rule("pre", "input"),
    Rule("pre_transformer", "transformer", TRANSFORMER),
    Rule("enc", "wavenet", WAVENET),
    Rule("post_transformer", "unused_transformer", TRANSFORMER),
    Rule("post", "projection"),
)

CAUSAL_TRANSFORMER: Table = (
    Rule("cond_pre", "gate"),
    Rule("cond_layer", "speaker_projection"),
    Rule("self_attn_layers.#", "layers.#.attention", ATTENTION),
    Rule("norm_layers_0.#", "layers.#.attention_norm"),
    Rule("ffn_layers.#", "layers.#.feed_forward", FEED_FORWARD),
    Rule("norm_layers_1.#", "layers.#.feed_forward_norm"),
)

CAUSAL_SHIFT: Table = (
    Rule("pre", "input"),
    Rule("enc", "transformer", CAUSAL_TRANSFORMER),
    Rule("post", "projection"),
)

# the reference's list of steps holds the reversals of the channels too
COUPLINGS: Table = (Rule("flows.#", "couplings.#.shift", WAVENET_SHIFT, every(2, 0)),)
CAUSAL_COUPLINGS: Table = (Rule("flows.#", "couplings.#.shift", CAUSAL_SHIFT, every(2, 0)),)
MONO_LAYERS: Table = (
    Rule("flows.#", "couplings.#.shift", WAVENET_SHIFT, every(3, 0)),
    Rule("flows.#", "mono_layers.#.shift", WAVENET_SHIFT, every(3, 2)),
)

FLOWS: Mapping[type[nn.Module], Table] = {
    PlainFlow: COUPLINGS,
    PreConvFlow: COUPLINGS,
    PreConv2Flow: COUPLINGS,
    CausalFlow: CAUSAL_COUPLINGS,
    MonoLayerInterResidualFlow: MONO_LAYERS,
    MonoLayerPostResidualFlow: MONO_LAYERS,
}

DETERMINISTIC: Table = (
    Rule("cond", "speaker_projection"),
    Rule("conv_1", "conv_1"),
    Rule("norm_1", "norm_1"),
    Rule("conv_2", "conv_2"),
    Rule("norm_2", "norm_2"),
    Rule("proj", "projection"),
)

DILATED_STACK: Table = (
    Rule("convs_sep", "depthwise"),
    Rule("norms_1", "depthwise_norms"),
    Rule("convs_1x1", "pointwise"),
    Rule("norms_2", "pointwise_norms"),
)

SPLINE_STEP: Table = (
    Rule("pre", "input"),
    Rule("convs", "convs", DILATED_STACK),
    Rule("proj", "projection"),
)

DURATION_FLOW: Table = (
    Rule("0.m", "affine.shift"),
    Rule("0.logs", "affine.log_scale"),
    Rule("#", "splines.#", SPLINE_STEP, every(2, 1)),
)


def stochastic_predictor(flow: Table) -> Table:
    """The stochastic duration predictor, whose two flows have that table."""
    return (
        Rule("cond", "speaker_projection"),
        Rule("pre", "input"),
        Rule("convs", "convs", DILATED_STACK),
        Rule("proj", "projection"),
        Rule("flows", "flow", flow),
        Rule("post_pre", "duration_input"),
        Rule("post_convs", "duration_convs", DILATED_STACK),
        Rule("post_proj", "duration_projection"),
        Rule("post_flows", "posterior_flow", flow),
    )


STOCHASTIC = stochastic_predictor(DURATION_FLOW)

DURATION_PREDICTORS: Mapping[type[nn.Module], Table] = {
    DeterministicDurationPredictor: DETERMINISTIC,
    StochasticDurationPredictor: STOCHASTIC,
}

UPSAMPLING: Table = (Rule("conv_pre", "trunk.input"), Rule("ups", "trunk.upsamplers"))

DECODERS: Mapping[type[nn.Module], Table] = {
    ISTFTDecoder: (*UPSAMPLING, Rule("conv_post", "output")),
    MultiBandISTFTDecoder: (*UPSAMPLING, Rule("subband_conv_post", "output")),
    MultiStreamISTFTDecoder: (
        *UPSAMPLING,
        Rule("subband_conv_post", "output"),
        Rule("updown_filter", "stuffing"),
        Rule("multistream_conv_post", "synthesis"),
    ),
    HiFiGANDecoder: (*UPSAMPLING, Rule("cond", "speaker_projection"), Rule("conv_post", "output")),
}

RESBLOCKS: Mapping[type[nn.Module], tuple[tuple[str, str], ...]] = {
    ResBlock1: (("convs1", "dilated"), ("convs2", "plain")),
    ResBlock2: (("convs", "dilated"),),
}

DURATION_DISCRIMINATOR: Table = (
    *(Rule(f"conv_{number}", f"text_conv_{number}") for number in (1, 2)),
    *(Rule(f"norm_{number}", f"text_norm_{number}") for number in (1, 2)),
    Rule("dur_proj", "duration_projection"),
    *(Rule(f"pre_out_conv_{number}", f"joint_conv_{number}") for number in (1, 2)),
    *(Rule(f"pre_out_norm_{number}", f"joint_norm_{number}") for number in (1, 2)),
    Rule("output_layer.0", "output"),
)

MULTI_PERIOD_DISCRIMINATOR: Table = (
    Rule("discriminators.#.conv_post", "discriminators.#.output"),
    Rule("discriminators.#.convs", "discriminators.#.convs"),
)


def synthesizer_table(synthesizer: Synthesizer) -> Table:
    """The table of a generator.

    Raises:
        InputError: one of its parts is of a class that the reference doesn't have.
    """
    outside_blocks = _of_class(synthesizer.decoder, DECODERS)
    first_stage = list(synthesizer.decoder.get_submodule("trunk.resblocks.0").children())
    resblocks = tuple(
        Rule(f"resblocks.#.{theirs}", f"trunk.resblocks.#.#.{ours}", (), in_stages(len(first_stage)))
        for theirs, ours in _of_class(first_stage[0], RESBLOCKS)
    )
    return (
        Rule("emb_g", "speaker_embedding"),
        Rule("enc_p", "text_encoder", TEXT_ENCODER),
        Rule("enc_q", "posterior_encoder", POSTERIOR_ENCODER),
        Rule("flow", "flow", _of_class(synthesizer.flow, FLOWS)),
        Rule("dp", "duration_predictor", _of_class(synthesizer.duration_predictor, DURATION_PREDICTORS)),
        Rule("dec", "decoder", (*outside_blocks, *resblocks)),
    )


def _of_class(module: nn.Module, tables: Mapping[type[nn.Module], T]) -> T:
    if type(module) not in tables:
        raise InputError(
            f"the reference's format has no {type(module).__name__}; "
            f"it has {', '.join(kind.__name__ for kind in tables)}"
        )
    return tables[type(module)]
