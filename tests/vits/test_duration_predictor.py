from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from vits.duration_predictor import DeterministicDurationPredictor, StochasticDurationPredictor
from vits.duration_predictor.flow import DurationFlow
from vits.duration_predictor.spline import TAIL_BOUND, Spline, spline_forward, spline_from_logits, spline_inverse
from vits.layers import length_mask

HIDDEN, SPEAKER, TOKENS = 6, 4, 9


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def new_spline(n_elements: int, seed: int, spread: float = 2.0) -> Spline:
    logits = spread * noise(n_elements, 29, seed=seed).double()
    return spline_from_logits(logits[:, :10], logits[:, 10:20], logits[:, 20:])


@pytest.fixture
def predictor() -> StochasticDurationPredictor:
    """A predictor whose splines aren't those that they are initialised to."""
    torch.manual_seed(0)
    predictor = StochasticDurationPredictor(HIDDEN, HIDDEN, 3, 0.5, SPEAKER).eval()
    for part in (predictor.flow, predictor.posterior_flow):
        for parameter in part.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, std=0.2)
    return predictor


@pytest.fixture
def given_text() -> tuple[Tensor, Tensor, Tensor]:
    """Hidden text, its mask, speaker."""
    return noise(2, HIDDEN, TOKENS), length_mask(torch.tensor([TOKENS, 6])), noise(2, SPEAKER, 1)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), spread=st.floats(0.0, 5.0))
def test_spline_comes_back_when_inverted(seed: int, spread: float) -> None:
    spline = new_spline(50, seed, spread)
    x = 4 * noise(50, seed=seed + 1).double()
    y, log_slope = spline_forward(x, spline)
    back, back_slope = spline_inverse(y, spline)
    torch.testing.assert_close(back, x, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(back_slope, -log_slope, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("direction", [spline_forward, spline_inverse])
def test_slope_is_the_derivative_when_spline_is_any(direction: object) -> None:
    spline = new_spline(200, seed=0)
    x = (3 * noise(200, seed=1).double()).requires_grad_()
    y, log_slope = direction(x, spline)
    (derivative,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(log_slope.exp(), derivative)
    assert (derivative > 0).all()


def test_spline_is_the_identity_when_outside_its_bound() -> None:
    x = torch.tensor([-9.0, -5.0, 5.0, 7.0]).double()
    y, log_slope = spline_forward(x, new_spline(4, seed=0))
    torch.testing.assert_close(y, x, atol=1e-9, rtol=0.0)
    torch.testing.assert_close(log_slope, torch.zeros(4).double(), atol=1e-9, rtol=0.0)
    assert TAIL_BOUND == 5.0


def test_flow_comes_back_when_inverted(predictor: StochasticDurationPredictor) -> None:
    mask, condition = length_mask(torch.tensor([TOKENS, 6])), noise(2, HIDDEN, TOKENS)
    z = 2 * noise(2, 2, TOKENS, seed=1) * mask
    flowed, _ = predictor.flow(z, mask, condition)
    assert (flowed - z).abs().max() > 0.1
    assert (flowed * (1 - mask)).abs().max() == 0
    torch.testing.assert_close(predictor.flow.inverse(flowed, mask, condition), z, atol=1e-4, rtol=1e-4)


def test_determinant_is_the_jacobian_s_when_flow_is_any(predictor: StochasticDurationPredictor) -> None:
    flow: DurationFlow = predictor.flow.double()
    mask, condition = torch.ones(1, 1, 3).double(), noise(1, HIDDEN, 3).double()
    start = noise(6, seed=1).double()
    jacobian = torch.autograd.functional.jacobian(lambda z: flow(z.view(1, 2, 3), mask, condition)[0].flatten(), start)
    _, log_determinant = flow(start.view(1, 2, 3), mask, condition)
    torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], log_determinant[0], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_sample_is_the_inverse_when_first_spline_bends_the_other_channel(
    predictor: StochasticDurationPredictor,
) -> None:
    mask, condition = torch.ones(2, 1, TOKENS), noise(2, HIDDEN, TOKENS)
    z = noise(2, 2, TOKENS, seed=1)
    torch.testing.assert_close(
        predictor.flow.sample(z, mask, condition), predictor.flow.inverse(z, mask, condition)[:, :1]
    )


@torch.no_grad()
def test_probabilities_of_all_durations_add_up_to_one_when_averaged_over_draws() -> None:
    torch.manual_seed(0)
    # new splines bend too, but little enough for the average over draws to settle
    predictor = StochasticDurationPredictor(HIDDEN, HIDDEN, 3, 0.5, SPEAKER).eval()
    predictor.flow.affine.shift.fill_(-0.5)
    predictor.flow.affine.log_scale.fill_(0.3)
    draws, longest = 1000, 40
    durations = torch.arange(1, longest + 1).float().repeat(draws).view(-1, 1, 1)
    condition, mask = noise(1, HIDDEN, 1).expand(len(durations), -1, -1), torch.ones_like(durations)
    bounds = predictor._lower_bound(durations, condition, mask, torch.Generator().manual_seed(0))
    probabilities = bounds.exp().view(draws, longest).mean(0)
    assert probabilities.sum().item() == pytest.approx(1.0, abs=0.1)

    drawn = predictor.flow.sample(noise(20_000, 2, 1), torch.ones(20_000, 1, 1), condition[:1].expand(20_000, -1, -1))
    counted = torch.bincount(drawn.exp().ceil().long().flatten(), minlength=5)[1:5] / 20_000
    torch.testing.assert_close(probabilities[:4], counted, atol=0.08, rtol=0.0)


@torch.no_grad()
def test_durations_follow_their_generator_when_drawn(
    predictor: StochasticDurationPredictor, given_text: tuple[Tensor, Tensor, Tensor]
) -> None:
    def draw(seed: int, noise_scale: float) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return predictor.predict(*given_text, noise_scale=noise_scale, generator=generator)

    assert torch.equal(draw(1, 0.8), draw(1, 0.8))
    assert not torch.equal(draw(1, 0.8), draw(2, 0.8))
    assert torch.equal(draw(1, 0.0), draw(2, 0.0))
    assert draw(1, 0.8).shape == (2, 1, TOKENS)
    assert draw(1, 0.8)[1, :, 6:].abs().max() == 0


@torch.no_grad()
def test_fit_follows_its_generator_when_repeated(
    predictor: StochasticDurationPredictor, given_text: tuple[Tensor, Tensor, Tensor]
) -> None:
    durations = torch.randint(1, 9, (2, 1, TOKENS)).float() * given_text[1]
    one, again, other = (
        predictor.fit(*given_text, durations, generator=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one.loss, again.loss)
    assert not torch.equal(one.loss, other.loss)
    assert not torch.equal(one.log_durations, other.log_durations)


@torch.no_grad()
def test_loss_is_counted_per_token_when_an_item_is_repeated(predictor: StochasticDurationPredictor) -> None:
    hidden, mask, speaker = noise(1, HIDDEN, TOKENS), torch.ones(1, 1, TOKENS), noise(1, SPEAKER, 1)
    durations = torch.full((1, 1, TOKENS), 3.0)
    times = 300
    losses = [
        predictor.fit(
            *(part.expand(n, -1, -1) for part in (hidden, mask, speaker, durations)),
            generator=torch.Generator().manual_seed(seed),
        ).loss
        for n, seed in ((times, 1), (2 * times, 2))
    ]
    assert losses[0].item() == pytest.approx(losses[1].item(), rel=0.05)


def test_likely_durations_are_learned_when_fitted() -> None:
    torch.manual_seed(0)
    predictor = StochasticDurationPredictor(HIDDEN, 16, 3, 0.0, SPEAKER)
    optimizer = torch.optim.Adam(predictor.parameters(), lr=1e-2)
    hidden, mask, speaker = torch.zeros(8, HIDDEN, 4), torch.ones(8, 1, 4), torch.zeros(8, SPEAKER, 1)
    durations = torch.tensor([2.0, 20.0, 2.0, 20.0]).expand(8, 1, 4)
    hidden[:, 0, 1::2] = 1.0
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        optimizer.zero_grad()
        predictor.fit(hidden, mask, speaker, durations, generator=generator).loss.backward()
        optimizer.step()
    drawn = predictor.eval().predict(hidden, mask, speaker, noise_scale=0.5, generator=generator).exp().mean((0, 1))
    assert drawn[[0, 2]].max() < 5 < 10 < drawn[[1, 3]].min()


@pytest.mark.parametrize("kind", [DeterministicDurationPredictor, StochasticDurationPredictor])
def test_durations_are_predicted_when_model_has_no_speaker(kind: type[nn.Module]) -> None:
    predictor = kind(HIDDEN, HIDDEN, 3, 0.5, 0).eval()
    assert not any("speaker" in name for name in predictor.state_dict())
    assert predictor.predict(noise(1, HIDDEN, 4), torch.ones(1, 1, 4), torch.zeros(1, 0, 1)).shape == (1, 1, 4)
