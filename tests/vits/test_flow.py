from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from vits.common.errors import InputError
from vits.flow import (
    CausalFlow,
    MonoLayerInterResidualFlow,
    MonoLayerPostResidualFlow,
    PlainFlow,
    PreConv2Flow,
    PreConvFlow,
)
from vits.layers import length_mask

LATENT, SPEAKER, STEPS = 8, 5, 3
KINDS = (PlainFlow, PreConvFlow, PreConv2Flow, CausalFlow, MonoLayerInterResidualFlow, MonoLayerPostResidualFlow)


def new_flow(kind: type[nn.Module]) -> nn.Module:
    sizes = {"kernel_size": 5, "n_layers": 2, "speaker_channels": SPEAKER, "n_steps": STEPS}
    if kind is CausalFlow:
        sizes |= {"filter_channels": 12, "n_heads": 4}
    return kind(LATENT, 8, **sizes).eval().requires_grad_(False)


@pytest.fixture(scope="module", params=KINDS)
def moving_flow(request: pytest.FixtureRequest) -> nn.Module:
    """A flow whose shifts aren't the zeros that they are initialised to."""
    torch.manual_seed(0)
    flow = new_flow(request.param)
    for name, parameter in flow.named_parameters():
        if "projection" in name:
            nn.init.normal_(parameter)
    return flow


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=15)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_inverse_gives_the_latent_back_when_lengths_differ(
    moving_flow: nn.Module, lengths: Sequence[int], seed: int
) -> None:
    mask = length_mask(torch.tensor(lengths))
    z = noise(len(lengths), LATENT, max(lengths), seed=seed) * mask
    speaker = noise(len(lengths), SPEAKER, 1, seed=seed)
    flowed = moving_flow(z, mask, speaker)
    assert (flowed - z).abs().max() > 0.01
    assert (flowed * (1 - mask)).abs().max() == 0
    torch.testing.assert_close(moving_flow.inverse(flowed, mask, speaker), z, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_only_channels_are_reversed_when_flow_is_new(kind: type[nn.Module]) -> None:
    z = noise(2, LATENT, 9)
    flowed = new_flow(kind)(z, torch.ones(2, 1, 9), noise(2, SPEAKER, 1))
    grown = 2**STEPS if kind is MonoLayerPostResidualFlow else 1
    assert torch.equal(flowed, z.flip(1) * grown)


def test_volume_is_kept_or_doubled_when_latent_flows(moving_flow: nn.Module) -> None:
    mask, speaker = torch.ones(1, 1, 3), noise(1, SPEAKER, 1, seed=1)

    def flattened(z: Tensor) -> Tensor:
        return moving_flow(z.view(1, LATENT, 3), mask, speaker).flatten()

    jacobian = torch.autograd.functional.jacobian(flattened, noise(LATENT * 3, seed=2))
    grown = STEPS * LATENT * 3 if isinstance(moving_flow, MonoLayerPostResidualFlow) else 0
    assert torch.linalg.slogdet(jacobian.double())[1].item() == pytest.approx(grown * 0.6931472, abs=1e-3)


def test_speaker_changes_the_latent_when_flow_is_any(moving_flow: nn.Module) -> None:
    z, mask = noise(1, LATENT, 9), torch.ones(1, 1, 9)
    one, other = (moving_flow(z, mask, noise(1, SPEAKER, 1, seed=seed)) for seed in (1, 2))
    assert (one - other).abs().max() > 0.01


def test_steps_follow_the_formula_when_mono_layer_holds_a_residual() -> None:
    torch.manual_seed(0)
    flow = MonoLayerInterResidualFlow(LATENT, 8, 5, 2, SPEAKER, n_steps=1).eval().requires_grad_(False)
    coupling, mono_layer = flow.couplings[0], flow.mono_layers[0].shift
    nn.init.normal_(coupling.shift.projection.weight)
    nn.init.normal_(mono_layer.projection.weight)
    z, mask, speaker = noise(1, LATENT, 9), torch.ones(1, 1, 9), noise(1, SPEAKER, 1)
    kept, moved = coupling(z, mask, speaker).flip(1).chunk(2, dim=1)
    shift = mono_layer.projection(kept + mono_layer.transformer(kept, mask))
    torch.testing.assert_close(flow(z, mask, speaker), torch.cat((kept, moved + shift), dim=1))


def test_steps_follow_the_formula_when_residual_is_around_the_mono_layer() -> None:
    torch.manual_seed(0)
    flow = MonoLayerPostResidualFlow(LATENT, 8, 5, 2, SPEAKER, n_steps=1).eval().requires_grad_(False)
    coupling, mono_layer = flow.couplings[0], flow.mono_layers[0].shift
    nn.init.normal_(coupling.shift.projection.weight)
    nn.init.normal_(mono_layer.projection.weight)
    z, mask, speaker = noise(1, LATENT, 9), torch.ones(1, 1, 9), noise(1, SPEAKER, 1)
    kept, moved = coupling(z, mask, speaker).flip(1).chunk(2, dim=1)
    shift = mono_layer.projection(mono_layer.transformer(kept, mask))
    torch.testing.assert_close(flow(z, mask, speaker), torch.cat((2 * kept, 2 * moved + shift), dim=1))


def test_later_frames_do_not_matter_when_flow_is_causal() -> None:
    torch.manual_seed(0)
    flow = new_flow(CausalFlow)
    for coupling in flow.couplings:
        nn.init.normal_(coupling.shift.projection.weight)
    z, mask, speaker = noise(1, LATENT, 20), torch.ones(1, 1, 20), noise(1, SPEAKER, 1)
    changed = z.clone()
    changed[:, :, 12:] += 1
    difference = (flow(changed, mask, speaker) - flow(z, mask, speaker)).abs().amax(1).squeeze(0)
    assert difference[:12].max() == 0
    assert difference[12:].min() > 0


def test_stored_transformer_is_no_parameter_when_flow_is_pre_conv() -> None:
    flow = PreConvFlow(LATENT, 8, 5, 2, SPEAKER, n_steps=1)
    assert [name for name, _ in flow.named_parameters() if "unused" in name] == []
    assert sum("unused_transformer" in name for name in flow.state_dict()) == 32


def test_causal_flow_is_refused_when_there_is_no_speaker() -> None:
    with pytest.raises(InputError, match="speaker_channels=0 leaves the gate"):
        CausalFlow(LATENT, 8, 12, 4, 1, 5, 0)
