"""What an adaptation changed of a model's weights, in as few numbers as it is made of.

`changed/<name>` is what is added to a weight of the base; where that is a matrix of low rank, `up/<name>` and
`down/<name>` are two thin matrices whose product it is: so LoRA's change is found again after it was merged.
`added/<name>` is what the base doesn't have. A weight under weight norm counts as the layer uses it.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from vits.checkpoint import part_of
from vits.common.errors import InputError

CHANGED, UP, DOWN, ADDED = "changed", "up", "down", "added"
NOISE = 1e-6  # of a weight's largest singular value: what rounding to 32 bits leaves behind in a difference
ROWS = "speaker_embedding."
WITHIN = ".parametrizations."


def difference(base: nn.Module, adapted: nn.Module) -> dict[str, Tensor]:
    """The tensors that make the adapted model of the base, but speakers' embeddings."""
    before, found = _weights(base), {}
    for name, now in _weights(adapted).items():
        if name not in before:
            found[f"{ADDED}/{name}"] = now
        elif not torch.equal(now, before[name]):
            found |= _change(name, before[name], now)
    return found


@torch.no_grad()
def apply_difference(model: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Put a difference on a base; its new parts are there already, to be filled.

    Raises:
        InputError: a tensor belongs nowhere, or has another shape.
    """
    known = _weights(model)
    thin = part_of(tensors, DOWN)
    changes = part_of(tensors, CHANGED)
    changes |= {name: _product(name, up, thin, known) for name, up in part_of(tensors, UP).items()}
    for name, value in [*changes.items(), *part_of(tensors, ADDED).items()]:
        if name not in known or known[name].shape != value.shape:
            raise InputError(f"{source} changes {name}, which the base doesn't have in that shape; make the pack again")
    for name, change in changes.items():
        _set(model, name, known[name] + change.float())
    for name, value in part_of(tensors, ADDED).items():
        _set(model, name, value.float())


def _weights(model: nn.Module) -> dict[str, Tensor]:
    """All tensors by name, those under weight norm as the layer uses them; no speaker's embedding is among them."""
    own = {name: tensor for name, tensor in model.state_dict().items() if WITHIN not in name}
    used = {
        f"{path}.{name}": getattr(module, name).detach()
        for path, module in model.named_modules()
        if parametrize.is_parametrized(module)
        for name in module.parametrizations  # pyright: ignore[reportGeneralTypeIssues]
    }
    return {name: tensor for name, tensor in (own | used).items() if not name.startswith(ROWS)}


def _change(name: str, before: Float[Tensor, "*shape"], now: Float[Tensor, "*shape"]) -> dict[str, Tensor]:
    """The difference of one weight, as two thin matrices where these have fewer numbers."""
    change = now - before
    if change.ndim < 2:
        return {f"{CHANGED}/{name}": change}
    u, sizes, v = torch.linalg.svd(change.flatten(1).double(), full_matrices=False)
    rank = int((sizes > NOISE * float(torch.linalg.matrix_norm(before.flatten(1).double(), 2))).sum())
    if rank * (len(u) + v.shape[1]) >= change.numel():
        return {f"{CHANGED}/{name}": change}
    halves = sizes[:rank].sqrt()
    up, down = u[:, :rank] * halves, halves.unsqueeze(1) * v[:rank]
    return {f"{UP}/{name}": up.float().contiguous(), f"{DOWN}/{name}": down.float().contiguous()}


def _product(name: str, up: Tensor, thin: Mapping[str, Tensor], known: Mapping[str, Tensor]) -> Tensor:
    """The change that two thin matrices stand for; without its partner, nothing of any shape."""
    down = thin.get(name, torch.empty(0))
    fits = name in known and up.ndim == down.ndim == 2 and up.shape[1] == down.shape[0]
    if not fits or len(up) * down.shape[1] != known[name].numel():
        return torch.empty(0)
    return (up.float() @ down.float()).reshape(known[name].shape)


def _set(model: nn.Module, name: str, value: Tensor) -> None:
    """Give a weight its new value; one under weight norm is split again."""
    path, _, attribute = name.rpartition(".")
    module = model.get_submodule(path)
    if parametrize.is_parametrized(module, attribute):
        setattr(module, attribute, value)
    else:
        getattr(module, attribute).copy_(value)
