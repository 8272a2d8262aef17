"""The one table between parameter names of the reference implementation ("the seed") and ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from torch import Tensor

Rule = tuple[str, str | Callable[[re.Match[str]], str]]

WEIGHT_NORM: tuple[Rule, ...] = (
    (r"\.weight_g$", ".parametrizations.weight.original0"),
    (r"\.weight_v$", ".parametrizations.weight.original1"),
)

TRANSFORMER: tuple[Rule, ...] = (
    (r"\.attn_layers\.(\d+)\.conv_q\.", r".layers.\1.attention.query."),
    (r"\.attn_layers\.(\d+)\.conv_k\.", r".layers.\1.attention.key."),
    (r"\.attn_layers\.(\d+)\.conv_v\.", r".layers.\1.attention.value."),
    (r"\.attn_layers\.(\d+)\.conv_o\.", r".layers.\1.attention.output."),
    (r"\.attn_layers\.(\d+)\.emb_rel_k$", r".layers.\1.attention.key_offsets"),
    (r"\.attn_layers\.(\d+)\.emb_rel_v$", r".layers.\1.attention.value_offsets"),
    (r"\.norm_layers_1\.(\d+)\.", r".layers.\1.attention_norm."),
    (r"\.ffn_layers\.(\d+)\.conv_1\.", r".layers.\1.feed_forward.expand."),
    (r"\.ffn_layers\.(\d+)\.conv_2\.", r".layers.\1.feed_forward.contract."),
    (r"\.norm_layers_2\.(\d+)\.", r".layers.\1.feed_forward_norm."),
    (r"\.spk_emb_linear\.", ".speaker_projection."),
)

WAVENET: tuple[Rule, ...] = (
    (r"\.enc\.cond_layer\.", ".wavenet.speaker_projection."),
    (r"\.enc\.in_layers\.", ".wavenet.gates."),
    (r"\.enc\.res_skip_layers\.", ".wavenet.outputs."),
)

DURATION_DISCRIMINATOR: tuple[Rule, ...] = (
    (r"^conv_(\d)\.", r"text_conv_\1."),
    (r"^norm_(\d)\.", r"text_norm_\1."),
    (r"^dur_proj\.", "duration_projection."),
    (r"^pre_out_conv_(\d)\.", r"joint_conv_\1."),
    (r"^pre_out_norm_(\d)\.", r"joint_norm_\1."),
    (r"^output_layer\.0\.", "output."),
)

MULTI_PERIOD_DISCRIMINATOR: tuple[Rule, ...] = (*WEIGHT_NORM, (r"\.conv_post\.", ".output."))


def synthesizer_rules(n_resblock_kernels: int) -> tuple[Rule, ...]:
    """The table of the generator. The seed counts its residual blocks through all stages of the decoder."""

    def resblock(match: re.Match[str]) -> str:
        stage, kernel = divmod(int(match[1]), n_resblock_kernels)
        branch = "dilated" if match[2] == "1" else "plain"
        return f"decoder.trunk.resblocks.{stage}.{kernel}.{branch}."

    return (
        *WEIGHT_NORM,
        (r"^emb_g\.", "speaker_embedding."),
        (r"^enc_p\.emb\.", "text_encoder.symbols."),
        (r"^enc_p\.proj\.", "text_encoder.projection."),
        (r"^enc_p\.", "text_encoder."),
        (r"^enc_q\.pre\.", "posterior_encoder.input."),
        (r"^enc_q\.proj\.", "posterior_encoder.projection."),
        (r"^enc_q\.", "posterior_encoder."),
        (
            r"^flow\.flows\.(\d+)\.pre_transformer\.",
            lambda m: f"flow.couplings.{int(m[1]) // 2}.shift.transformer.",
        ),
        (r"^flow\.flows\.(\d+)\.pre\.", lambda m: f"flow.couplings.{int(m[1]) // 2}.shift.input."),
        (r"^flow\.flows\.(\d+)\.post\.", lambda m: f"flow.couplings.{int(m[1]) // 2}.shift.projection."),
        (r"^flow\.flows\.(\d+)\.", lambda m: f"flow.couplings.{int(m[1]) // 2}.shift."),
        (r"^dp\.cond\.", "duration_predictor.speaker_projection."),
        (r"^dp\.proj\.", "duration_predictor.projection."),
        (r"^dp\.", "duration_predictor."),
        (r"^dec\.conv_pre\.", "decoder.trunk.input."),
        (r"^dec\.ups\.", "decoder.trunk.upsamplers."),
        (r"^dec\.resblocks\.(\d+)\.convs([12])\.", resblock),
        (r"^dec\.subband_conv_post\.", "decoder.output."),
        *TRANSFORMER,
        *WAVENET,
    )


def renamed(state: Mapping[str, Tensor], rules: tuple[Rule, ...]) -> dict[str, Tensor]:
    """The same tensors under our names. Names that no rule knows stay, for a strict load to report."""
    return {_rename(name, rules): tensor for name, tensor in state.items()}


def _rename(name: str, rules: tuple[Rule, ...]) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name
