"""Weights in and out: strict loading by name, atomic safetensors files, and the seed's checkpoints."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from vits.decoder import MultiBandISTFTDecoder
from vits.duration_predictor import DeterministicDurationPredictor
from vits.errors import InputError
from vits.flow import PreConv2Flow
from vits.posterior_encoder import PosteriorEncoder
from vits.seed_names import renamed, synthesizer_rules
from vits.speaker_embedding import SpeakerEmbedding
from vits.synthesizer import Synthesizer
from vits.text.symbols import SYMBOLS
from vits.text_encoder import SpeakerConditionedTextEncoder

SHOWN = 5


def load_strict(module: nn.Module, state: Mapping[str, Tensor], *, source: str) -> None:
    """Load every tensor by its name and shape, or load nothing.

    Raises:
        InputError: names or shapes differ; the message shows the first five of each kind.
    """
    own = {name: list(tensor.shape) for name, tensor in module.state_dict().items()}
    theirs = {name: list(tensor.shape) for name, tensor in state.items()}
    problems = [
        ("missing", [name for name in own if name not in theirs]),
        ("unexpected", [name for name in theirs if name not in own]),
        (
            "of another shape",
            [f"{n} {theirs[n]} instead of {own[n]}" for n in own if n in theirs and own[n] != theirs[n]],
        ),
    ]
    found = [f"{len(names)} {kind} ({_first(names)})" for kind, names in problems if names]
    if found:
        raise InputError(
            f"{source} does not fit the model: {'; '.join(found)}. Load it into the configuration it was made with"
        )
    module.load_state_dict(dict(state))


def _first(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def save_weights(module: nn.Module, path: Path) -> None:
    """Write a module's tensors as safetensors, so that the file is there in whole or not at all."""
    save_tensors({name: tensor.detach().cpu().contiguous() for name, tensor in module.state_dict().items()}, path)


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write named tensors as safetensors, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(dict(tensors), partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        return load_file(path)
    except FileNotFoundError:
        raise InputError(f"no checkpoint at {path}; give the path of an existing safetensors file") from None
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path} is no readable safetensors file ({error}); copy or make it again") from None


def load_weights(module: nn.Module, path: Path) -> None:
    """Load a safetensors file into a module, strictly."""
    load_strict(module, load_tensors(path), source=str(path))


def synthesizer_from_seed(config: Mapping[str, Any], state_dict: Mapping[str, Tensor]) -> Synthesizer:
    """The synthesizer of a seed configuration (its JSON, as a mapping) with a seed checkpoint's weights.

    Raises:
        InputError: the configuration is of a kind that isn't built here, or names or shapes don't fit it.
    """
    synthesizer = _build_from_seed(config)
    rules = synthesizer_rules(len(config["model"]["resblock_kernel_sizes"]))
    load_strict(synthesizer, renamed(state_dict, rules), source="the seed checkpoint")
    return synthesizer.eval()


def _build_from_seed(config: Mapping[str, Any]) -> Synthesizer:
    model, data = config["model"], config["data"]
    _require(model, "mb_istft_vits", True)
    _require(model, "use_transformer_flows", True)
    _require(model, "transformer_flow_type", "pre_conv2")
    _require(model, "use_spk_conditioned_encoder", True)
    _require(model, "use_mel_posterior_encoder", True)
    _require(model, "use_sdp", False)
    _require(model, "resblock", "1")
    hidden, latent, gin = model["hidden_channels"], model["inter_channels"], model["gin_channels"]
    return Synthesizer(
        text_encoder=SpeakerConditionedTextEncoder(
            len(SYMBOLS),
            latent,
            hidden,
            model["filter_channels"],
            model["n_heads"],
            model["n_layers"],
            model["kernel_size"],
            model["p_dropout"],
            gin,
        ),
        posterior_encoder=PosteriorEncoder(data["n_mel_channels"], latent, hidden, 5, 16, gin),
        flow=PreConv2Flow(latent, hidden, 5, 4, gin),
        duration_predictor=DeterministicDurationPredictor(hidden, 256, 3, 0.5, gin),
        decoder=MultiBandISTFTDecoder(
            latent,
            model["upsample_initial_channel"],
            model["upsample_rates"],
            model["upsample_kernel_sizes"],
            model["resblock_kernel_sizes"],
            model["resblock_dilation_sizes"],
            model["gen_istft_n_fft"],
            model["gen_istft_hop_size"],
            model["subbands"],
        ),
        speaker_embedding=SpeakerEmbedding(data["n_speakers"], gin),
    )


def _require(model: Mapping[str, Any], key: str, supported: object) -> None:
    if model.get(key) != supported:
        raise InputError(
            f"model.{key}={model.get(key)!r} of the seed configuration isn't built here; it must be {supported!r}"
        )
