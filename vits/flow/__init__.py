"""Normalising flows between the posterior's latent and the text's prior (VITS, section 2.1.2; VITS2, 2.3).

A flow is a sequence of invertible steps. A step shifts one half of the channels by an amount that is computed
from the other half, so it is inverted by subtracting the same amount. A variant is a way to compute the shift:
one `nn.Module` with the signature of `WaveNetShift`.
"""

from vits.flow.causal import CausalFlow
from vits.flow.convolutional import PlainFlow, PreConv2Flow, PreConvFlow
from vits.flow.mono_layer import MonoLayerInterResidualFlow, MonoLayerPostResidualFlow

__all__ = [
    "CausalFlow",
    "MonoLayerInterResidualFlow",
    "MonoLayerPostResidualFlow",
    "PlainFlow",
    "PreConv2Flow",
    "PreConvFlow",
]
