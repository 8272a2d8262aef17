from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vits.flow import PreConv2Flow
from vits.layers import length_mask

LATENT, SPEAKER = 6, 5


@pytest.fixture(scope="module")
def moving_flow() -> PreConv2Flow:
    """A flow whose shifts aren't the zeros that they are initialised to."""
    torch.manual_seed(0)
    flow = PreConv2Flow(LATENT, 8, kernel_size=5, n_layers=2, speaker_channels=SPEAKER, n_steps=3).eval()
    for coupling in flow.couplings:
        torch.nn.init.normal_(coupling.shift.projection.weight)
        torch.nn.init.normal_(coupling.shift.projection.bias)
    return flow.requires_grad_(False)


@settings(max_examples=30)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_inverse_gives_the_latent_back_when_lengths_differ(
    moving_flow: PreConv2Flow, lengths: Sequence[int], seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    mask = length_mask(torch.tensor(lengths))
    z = torch.randn(len(lengths), LATENT, max(lengths), generator=generator) * mask
    speaker = torch.randn(len(lengths), SPEAKER, 1, generator=generator)
    flowed = moving_flow(z, mask, speaker)
    assert (flowed - z).abs().max() > 0.01
    assert (flowed * (1 - mask)).abs().max() == 0
    torch.testing.assert_close(moving_flow.inverse(flowed, mask, speaker), z, atol=1e-4, rtol=1e-4)


def test_only_channels_are_reversed_when_flow_is_new() -> None:
    flow = PreConv2Flow(LATENT, 8, kernel_size=5, n_layers=2, speaker_channels=SPEAKER, n_steps=3)
    z = torch.randn(2, LATENT, 9)
    mask = torch.ones(2, 1, 9)
    assert torch.equal(flow(z, mask, torch.randn(2, SPEAKER, 1)), z.flip(1))


def test_volume_is_kept_when_latent_flows(moving_flow: PreConv2Flow) -> None:
    mask, speaker = (
        torch.ones(1, 1, 3),
        torch.randn(1, SPEAKER, 1, generator=torch.Generator().manual_seed(1)),
    )

    def flattened(z: torch.Tensor) -> torch.Tensor:
        return moving_flow(z.view(1, LATENT, 3), mask, speaker).flatten()

    start = torch.randn(LATENT * 3, generator=torch.Generator().manual_seed(2))
    jacobian = torch.autograd.functional.jacobian(flattened, start)
    assert torch.linalg.det(jacobian.double()).abs().item() == pytest.approx(1.0, abs=1e-3)
