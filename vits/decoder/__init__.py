"""Decoders: from the latent to audio. Each is any module with the signature of `HiFiGANDecoder.forward`."""

from vits.decoder.convnext_istft import ConvNeXtISTFTDecoder
from vits.decoder.decoded import DecodedAudio
from vits.decoder.hifi_gan import HiFiGANDecoder
from vits.decoder.inverse_stft import ISTFTDecoder, MultiBandISTFTDecoder, MultiStreamISTFTDecoder
from vits.decoder.resblock import ResBlock1, ResBlock2

__all__ = [
    "ConvNeXtISTFTDecoder",
    "DecodedAudio",
    "HiFiGANDecoder",
    "ISTFTDecoder",
    "MultiBandISTFTDecoder",
    "MultiStreamISTFTDecoder",
    "ResBlock1",
    "ResBlock2",
]
