"""1x1 convolutions in bfloat16: those alone, rounded no further, and the parameters of the rest shared."""

from __future__ import annotations

import torch
from torch import nn

from metrics.judges.pointwise import PointwiseProduct, is_fast_in_bfloat16, with_pointwise_products


def test_pointwise_convolution_is_replaced_and_rounds_as_bfloat16_does() -> None:
    torch.manual_seed(0)
    for bias in (True, False):
        convolution = nn.Conv1d(48, 24, 1, bias=bias)
        product = with_pointwise_products(nn.Sequential(convolution))
        assert isinstance(product[0], PointwiseProduct)
        x = torch.randn(2, 48, 30)
        expected = convolution(x)
        assert (product(x) - expected).norm() / expected.norm() < 2**-7
        assert not torch.equal(product(x), expected)


def test_other_convolutions_stay_what_they_are() -> None:
    others = nn.Sequential(
        nn.Conv1d(4, 4, 3, padding=1), nn.Conv1d(4, 4, 1, stride=2), nn.Conv1d(4, 4, 1, groups=2), nn.BatchNorm1d(4)
    )
    others.append(nn.Conv1d(4, 4, 1, padding=1))
    x = torch.randn(1, 4, 20)
    assert torch.equal(with_pointwise_products(others)(x), others(x))


def test_other_parameters_are_shared() -> None:
    network = nn.Sequential(nn.Conv1d(4, 4, 1), nn.Sequential(nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4)))
    twin = with_pointwise_products(network)
    assert twin[1][0].weight is network[1][0].weight
    assert twin[1][1].running_mean is network[1][1].running_mean
    assert isinstance(network[0], nn.Conv1d)


def test_other_devices_compute_in_float32() -> None:
    assert not is_fast_in_bfloat16(torch.device("cuda"))
    assert not is_fast_in_bfloat16(torch.device("meta"))
