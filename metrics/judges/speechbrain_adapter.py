"""The parts of SpeechBrain that a judge needs. No other file imports that package."""

from __future__ import annotations

import os
import sys
from types import ModuleType

from torch import nn

N_MELS = 80
VOICEPRINT_SIZE = 192


def build_ecapa() -> nn.Module:
    """The ECAPA-TDNN of `speechbrain/spkrec-ecapa-voxceleb`, with random parameters."""
    _make_importable()
    from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
    from speechbrain.nnet.CNN import Conv1d

    _remove_lazy_modules()
    network = ECAPA_TDNN(
        N_MELS,
        channels=[1024, 1024, 1024, 1024, 3072],
        kernel_sizes=[5, 3, 3, 3, 1],
        dilations=[1, 2, 3, 4, 1],
        attention_channels=128,
        lin_neurons=VOICEPRINT_SIZE,
    )
    for module in network.modules():
        if isinstance(module, Conv1d) and module.kernel_size == 1:
            module.padding = "valid"  # else it copies what it pads with nothing
    return network


def build_fbank() -> nn.Module:
    """Log mel filter banks of 16 kHz audio, `[batch, samples] -> [batch, frames, 80]`, 100 frames per s."""
    _make_importable()
    from speechbrain.lobes.features import Fbank

    _remove_lazy_modules()
    return Fbank(n_mels=N_MELS)


def _make_importable() -> None:
    """Let SpeechBrain be imported on any machine, and change nothing else in the process.

    When imported it switches TF32 on and the JIT's profiling off, for everyone. Training beside which it
    judges must not change its numbers for that.
    """
    os.environ.setdefault("SB_DISABLE_QUIRKS", "allow_tf32,disable_jit_profiling,disable_cudnn_benchmarking")
    _make_torchaudio_importable()


def _remove_lazy_modules() -> None:
    """Take SpeechBrain's placeholders of optional parts out of the list of loaded modules.

    They import their part when they are looked at, and fail with ImportError where its package (k2, say) is not
    installed; so whoever goes through `sys.modules`, as debuggers and test tools do, would fail as well.
    """
    from speechbrain.utils.importutils import LazyModule

    for name, module in list(sys.modules.items()):
        if isinstance(module, LazyModule):
            del sys.modules[name]


def _make_torchaudio_importable() -> None:
    """Let `import torchaudio` succeed where its compiled library can't be loaded.

    SpeechBrain imports torchaudio, and torchaudio loads its compiled library when it is imported. The wheel
    on PyPI links that library against CUDA, so beside a CPU build of torch the import fails with OSError.
    Neither ECAPA nor the filter banks call anything in it: there, and only there, an empty module takes the
    place of the one that loads it.
    """
    try:
        import torchaudio  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except OSError:
        stub = ModuleType("torchaudio._extension")
        vars(stub).update(
            _IS_TORCHAUDIO_EXT_AVAILABLE=False,
            _IS_ALIGN_AVAILABLE=False,
            fail_if_no_align=lambda function: function,
        )
        sys.modules[stub.__name__] = stub
