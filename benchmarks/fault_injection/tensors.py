"""Weights that are no numbers, or of another kind than weights are, in bundles and in others' checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fault_injection.code_in_pickles import importing
from fault_injection.fault import End, Fault
from fault_injection.forging import forge_bundle, forge_cell
from fault_injection.place import Place
from fault_injection.process import Command, Ended

Change = Callable[[Tensor], Tensor]


def _with(value: float) -> Change:
    def changed(tensor: Tensor) -> Tensor:
        tensor = tensor.clone()
        tensor.view(-1)[-1] = value
        return tensor

    return changed


CHANGES: Mapping[str, Change] = {
    "a NaN": _with(float("nan")),
    "an infinite number": _with(float("inf")),
    "minus infinity": _with(float("-inf")),
    "whole numbers": lambda tensor: tensor.to(torch.int64),
    "complex numbers": lambda tensor: tensor.to(torch.complex64),
    "flags": lambda tensor: tensor > 0,
    "one number more": lambda tensor: torch.cat([tensor.view(-1), torch.zeros(1)]),
    "another order of axes": lambda tensor: tensor.transpose(0, -1).contiguous(),
    "8-bit numbers": lambda tensor: tensor.to(torch.float8_e4m3fn),
    "no numbers at all": lambda tensor: tensor[:0],
}
ODD_CHECKPOINTS: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "has tensors of tensors": lambda content: content.update(model={"model": content["model"]}),
    "has a list of weights": lambda content: content.update(model=list(content["model"].values())),
    "has no model": lambda content: content.pop("model"),
    "has names that are numbers": lambda content: content.update(model=dict(enumerate(content["model"].values()))),
    "has an iteration that is NaN": lambda content: content.update(iteration=float("nan")),
    "has a weight twice, by two names": lambda content: content["model"].update(other=content["model"]["emb_g.weight"]),
    "lacks a weight": lambda content: content["model"].pop("emb_g.weight"),
}


def tensor_faults(kind: str) -> Iterator[Fault]:
    """Bundles, cells and checkpoints with odd tensors."""
    for name, change in CHANGES.items():
        yield Fault(kind, f"a bundle's weight is {name}", lambda place, change=change: _in_base(place, change))
        yield Fault(kind, f"G_1.pth's weight is {name}", lambda place, change=change: _in_checkpoint(place, change))
    for name in ("a NaN", "complex numbers", "whole numbers"):
        change = CHANGES[name]
        yield Fault(kind, f"a cell's weight is {name}, in speak", lambda place, change=change: _in_cell(place, change))
        yield Fault(kind, f"a voiceprint is {name}", lambda place, change=change: _in_voiceprints(place, change))
    for name, change in ODD_CHECKPOINTS.items():
        end = End.WELL if "iteration" in name else End.BAD_INPUT
        yield Fault(kind, f"G_1.pth {name}", lambda place, change=change: _odd_checkpoint(place, change), end)
    yield Fault(kind, "G_1.pth is in half precision", _half, End.WELL, _says("16 bits", "half", "float16"))
    yield Fault(kind, "G_1.pth counts in numpy's numbers", _numpy, End.WELL)
    yield Fault(kind, "G_1.pth's names begin with module.", _prefixed, End.WELL)


def _says(*words: str) -> Callable[[Place, Ended], str | None]:
    def check(place: Place, ended: Ended) -> str | None:
        said = ended.out + ended.err
        return None if any(word in said for word in words) else f"not a word of it: {said[:200]}"

    return check


def _in_base(place: Place, change: Change) -> Command:
    base = place.take("base")
    _change_first(base / "generator.safetensors", change)
    forge_bundle(base)
    return place.grid("name=odd")


def _in_voiceprints(place: Place, change: Change) -> Command:
    base = place.take("base")
    _change_first(base / "voiceprints.safetensors", change)
    forge_bundle(base)
    return place.grid("name=odd", "strategy=nearest")


def _in_cell(place: Place, change: Change) -> Command:
    place.take("runs")
    _change_first(place.cell_path / "generator.safetensors", change)
    forge_cell(place.cell_path)
    return place.speak("text=Hello.")


def _change_first(path: Any, change: Change) -> None:
    """Change the first tensor of several axes."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    name = next(name for name, tensor in sorted(tensors.items()) if tensor.ndim > 1 and len(set(tensor.shape)) > 1)
    save_file({**tensors, name: change(tensors[name]).contiguous()}, path)


def _checkpoint(place: Place, change: Callable[[dict[str, Any]], object]) -> Command:
    path = place.take("checkpoints") / "G_1.pth"
    content: dict[str, Any] = torch.load(path, weights_only=True)
    content["model"] = dict(content["model"])
    change(content)
    torch.save(content, path)
    return importing(place)


def _in_checkpoint(place: Place, change: Change) -> Command:
    name = "enc_p.encoder.attn_layers.0.conv_q.weight"

    def changed(content: dict[str, Any]) -> None:
        known = content["model"]
        chosen = name if name in known else next(key for key, value in known.items() if value.ndim > 1)
        known[chosen] = change(known[chosen])

    return _checkpoint(place, changed)


def _odd_checkpoint(place: Place, change: Callable[[dict[str, Any]], object]) -> Command:
    return _checkpoint(place, change)


def _half(place: Place) -> Command:
    def halved(content: dict[str, Any]) -> None:
        content["model"] = {name: value.half() for name, value in content["model"].items()}

    return _checkpoint(place, halved)


def _numpy(place: Place) -> Command:
    return _checkpoint(place, lambda content: content.update(iteration=np.int64(7), learning_rate=np.float32(1e-4)))


def _prefixed(place: Place) -> Command:
    def named(content: dict[str, Any]) -> None:
        content["model"] = {f"module.{name}": value for name, value in content["model"].items()}

    return _checkpoint(place, named)
