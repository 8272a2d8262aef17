"""What holds of every model of the family, whichever parts it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vits.common.errors import InputError
from vits.layers import length_mask
from vits.losses import kl_loss
from vits.reference import reference_state_dict, synthesizer_from_reference
from vits.synthesizer import Synthesizer, TrainingPass

SEGMENT_FRAMES = 6
SHORT, LONG = 11, 19

HIFI_GAN = {"mb_istft_vits": False, "upsample_rates": [8, 8, 2, 2], "upsample_kernel_sizes": [16, 16, 4, 4]}

NewVariant = Callable[..., Synthesizer]
SeedConfig = Callable[..., dict[str, Any]]
OPTIONAL_WEIGHTS = ("attention.key.bias",)  # adds the same to all scores of a query, which the softmax doesn't see


def training_pass(model: Synthesizer) -> TrainingPass:
    generator = torch.Generator().manual_seed(0)
    n_bins = model.posterior_encoder.input.in_channels
    return model(
        torch.randint(1, 200, (2, 7), generator=generator),
        torch.tensor([7, 5]),
        torch.rand(2, n_bins, 20, generator=generator),
        torch.tensor([20, 15]),
        torch.tensor([0, 0]),
        segment_frames=SEGMENT_FRAMES,
        generator=generator,
    )


def total_loss(made: TrainingPass) -> Tensor:
    divergence = kl_loss(
        made.z_p, made.posterior_log_deviation, made.prior_mean, made.prior_log_deviation, made.frame_mask
    )
    # the opponents' losses move the predicted durations too
    return made.decoded.audio.square().mean() + divergence + made.duration_loss + made.predicted_log_durations.sum()


def assert_unchanged(padded: Tensor, alone: Tensor) -> None:
    torch.testing.assert_close(padded[:1, :, : alone.shape[2]], alone, atol=5e-6, rtol=1e-4)
    assert padded[0, :, alone.shape[2] :].abs().max() == 0


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def test_every_parameter_gets_a_gradient_when_trained(variant: Synthesizer) -> None:
    made = training_pass(variant.train())
    assert made.decoded.audio.shape == (2, 1, SEGMENT_FRAMES * 256)
    total_loss(made).backward()
    still = [name for name, p in variant.named_parameters() if p.grad is None or not p.grad.any()]
    assert [name for name in still if not name.endswith(OPTIONAL_WEIGHTS)] == []


def test_duration_loss_moves_its_predictor_only_when_it_is_minimised(variant: Synthesizer) -> None:
    made = training_pass(variant.eval())
    named = dict(variant.named_parameters())
    gradients = torch.autograd.grad(made.duration_loss, list(named.values()), allow_unused=True)
    moved = {name.split(".")[0] for name, gradient in zip(named, gradients, strict=True) if gradient is not None}
    assert moved == {"duration_predictor"}


@torch.no_grad()
def test_flow_comes_back_when_inverted(variant: Synthesizer) -> None:
    mask = length_mask(torch.tensor([SHORT, LONG]))
    z, speaker = noise(2, 8, LONG) * mask, noise(2, 6, 1)
    flow = variant.eval().flow
    flowed = flow(z, mask, speaker)
    assert (flowed - z.flip(1)).abs().max() > 0.01
    assert (flowed * (1 - mask)).abs().max() == 0
    torch.testing.assert_close(flow.inverse(flowed, mask, speaker), z, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_nothing_changes_when_batch_is_padded(variant: Synthesizer) -> None:
    variant.eval()
    mask, speaker = length_mask(torch.tensor([SHORT, LONG])), variant.speaker_embedding(torch.tensor([1, 2]))
    one = mask[:1, :, :SHORT], speaker[:1]
    z, hidden = noise(2, 8, LONG) * mask, noise(2, 16, LONG)
    assert_unchanged(variant.flow(z, mask, speaker), variant.flow(z[:1, :, :SHORT], *one))
    assert_unchanged(variant.flow.inverse(z, mask, speaker), variant.flow.inverse(z[:1, :, :SHORT], *one))
    predict = variant.duration_predictor.predict
    assert_unchanged(predict(hidden, mask, speaker), predict(hidden[:1, :, :SHORT], *one))

    tokens = torch.randint(1, 200, (2, LONG), generator=torch.Generator().manual_seed(0))
    padded = variant.text_encoder(tokens, torch.tensor([SHORT, LONG]), speaker)
    alone = variant.text_encoder(tokens[:1, :SHORT], torch.tensor([SHORT]), speaker[:1])
    assert_unchanged(padded.hidden, alone.hidden)
    assert_unchanged(padded.log_deviation, alone.log_deviation)

    alone = variant.decoder(z[:1, :, :SHORT], speaker[:1]).audio
    assert_unchanged(variant.decoder(z, speaker, torch.tensor([SHORT, LONG])).audio, alone)


def test_weights_are_bit_identical_when_exported_and_imported(
    variant: Synthesizer, variant_settings: dict[str, Any], seed_config: SeedConfig
) -> None:
    exported = reference_state_dict(variant)
    again = synthesizer_from_reference(seed_config(variant_settings), exported)
    own = variant.state_dict()
    assert again.state_dict().keys() == own.keys()
    assert all(torch.equal(tensor, own[name]) for name, tensor in again.state_dict().items())
    assert len({tensor.data_ptr() for tensor in exported.values()}) == len(own)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hifi_gan", ["dec.conv_pre.weight", "dec.cond.weight", "dec.ups.3.weight_v", "dec.conv_post.weight"]),
        ("istft", ["dec.conv_pre.weight_g", "dec.conv_post.weight_v", "dec.resblocks.3.convs2.2.bias"]),
        ("resblock_2", ["dec.resblocks.0.convs.0.weight_g", "dec.resblocks.3.convs.1.bias"]),
        ("plain_flow", ["flow.flows.0.pre.weight", "flow.flows.6.enc.res_skip_layers.3.weight_v"]),
        (
            "mono_layer_inter_residual",
            [
                *("flow.flows.0.enc.cond_layer.weight_g", "flow.flows.9.post.bias"),
                *("flow.flows.2.pre_transformer.attn_layers.1.conv_q.weight", "flow.flows.11.post.weight"),
            ],
        ),
        (
            "mono_layer_post_residual",
            [
                *("flow.flows.3.pre.weight", "flow.flows.6.enc.in_layers.0.weight_v"),
                *("flow.flows.5.pre_transformer.norm_layers_2.1.gamma", "flow.flows.8.post.bias"),
            ],
        ),
    ],
)
def test_names_are_those_of_the_family_when_exported(
    name: str, expected: list[str], variants: Mapping[str, dict[str, Any]], new_variant: NewVariant
) -> None:
    exported = reference_state_dict(new_variant(variants[name]))
    assert [tensor for tensor in expected if tensor not in exported] == []


def test_new_speakers_follow_the_base_when_exported(new_variant: NewVariant) -> None:
    model = new_variant({})
    model.speaker_embedding.add(torch.full((6,), 7.0))
    table = reference_state_dict(model)["emb_g.weight"]
    assert torch.equal(table[:3], model.speaker_embedding.weight)
    assert table[3].tolist() == [7.0] * 6


def test_export_is_refused_when_a_part_is_not_the_family_s(new_variant: NewVariant) -> None:
    model = new_variant({})
    model.flow = nn.Identity()
    with pytest.raises(InputError, match="the reference's format has no Identity; it has PlainFlow, PreConvFlow"):
        reference_state_dict(model)


@pytest.mark.parametrize(
    "settings",
    [{"gin_channels": 0}, {"gin_channels": 6}, {**HIFI_GAN, "gin_channels": 0, "use_sdp": True}],
    ids=["no_channels", "stored_channels", "hifi_gan"],
)
def test_model_speaks_when_it_has_one_voice(
    settings: Mapping[str, Any], new_variant: NewVariant, seed_config: SeedConfig
) -> None:
    model = new_variant(settings, n_speakers=0)
    made = training_pass(model.train())
    total_loss(made).backward()
    exported = reference_state_dict(model)
    assert "emb_g.weight" not in exported
    again = synthesizer_from_reference(seed_config(settings, n_speakers=0), exported)
    arguments = torch.tensor([[1, 2, 3]]), torch.tensor([3])
    spoken = [again.infer(*arguments, torch.tensor([who]), noise_scale=0.0, duration_noise_scale=0.0) for who in (0, 5)]
    assert torch.equal(spoken[0].audio, spoken[1].audio)
    with pytest.raises(InputError, match="knows one voice"):
        again.speaker_embedding.add(torch.zeros(0))
