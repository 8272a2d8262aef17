"""Convolutions of kernel size 1 in bfloat16: most of what ECAPA computes, at a third of the price."""

from __future__ import annotations

import copy

import torch
from jaxtyping import Float
from torch import Tensor, nn


class PointwiseProduct(nn.Module):
    """A 1x1 convolution as one product of matrices in bfloat16; the bias is added in float32."""

    def __init__(self, convolution: nn.Conv1d) -> None:
        super().__init__()
        self.weight: Tensor
        self.bias: Tensor | None
        self.register_buffer("weight", convolution.weight.detach()[:, :, 0].to(torch.bfloat16))
        self.register_buffer("bias", None if convolution.bias is None else convolution.bias.detach()[:, None])

    def forward(self, x: Float[Tensor, "batch inputs frames"]) -> Float[Tensor, "batch outputs frames"]:
        product = torch.matmul(self.weight, x.to(torch.bfloat16)).float()
        return product if self.bias is None else product + self.bias


def is_fast_in_bfloat16(device: torch.device) -> bool:
    """Whether the device is a processor that multiplies bfloat16 itself; others would emulate it, and be slower."""
    return device.type == "cpu" and bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def with_pointwise_products(network: nn.Module) -> nn.Module:
    """The same network with its 1x1 convolutions in bfloat16, which shares all other parameters with it."""
    shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    twin = copy.deepcopy(network, shared)
    for module in list(twin.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Conv1d) and _is_pointwise(child):
                setattr(module, name, PointwiseProduct(child))
    return twin


def _is_pointwise(convolution: nn.Conv1d) -> bool:
    return (convolution.kernel_size, convolution.stride, convolution.groups) == ((1,), (1,), 1) and (
        convolution.padding in (0, (0,), "valid", "same")
    )
