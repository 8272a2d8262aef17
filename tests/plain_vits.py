"""VITS by its papers' formulas, over tensors under the release's names: what an imported model is compared with.

Kim et al., VITS, 2021; Durkan et al., Neural Spline Flows, 2019; Kong et al., HiFi-GAN, 2020. One sentence at a time,
no noise, and nothing of the product.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

HIDDEN, FILTER, HEADS, LAYERS, WINDOW, BINS = 8, 12, 2, 2, 4, 10
TOLD, BANDS = 6, 33
RATES, KERNELS, INITIAL = (4, 4), (8, 8), 8
BLOCKS = ((3, (1, 3, 5)), (5, (1, 3, 5)))

Weights = Mapping[str, Tensor]


def random_weights(n_symbols: int, n_speakers: int, filtered: int = HIDDEN) -> dict[str, Tensor]:
    """A whole miniature model; one of a single voice for 0 speakers. `filtered` channels predict durations."""
    generator = torch.Generator().manual_seed(1)
    weights = {}
    for name, shape in shapes(n_symbols, n_speakers, filtered).items():
        drawn = torch.randn(shape, generator=generator)
        if name.endswith(("gamma", "weight_g")):
            weights[name] = 1 + 0.1 * drawn
        elif name.endswith("weight"):
            weights[name] = drawn / math.sqrt(math.prod(shape[1:]))
        else:
            weights[name] = 0.3 * drawn
    return weights


def shapes(n_symbols: int, n_speakers: int, filtered: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {"enc_p.emb.weight": (n_symbols, HIDDEN)}
    for i in range(LAYERS):
        layer = "enc_p.encoder."
        for one in "qkvo":
            found |= conv(f"{layer}attn_layers.{i}.conv_{one}", HIDDEN, HIDDEN, 1)
        for one in "kv":
            found[f"{layer}attn_layers.{i}.emb_rel_{one}"] = (1, 2 * WINDOW + 1, HIDDEN // HEADS)
        found |= norm(f"{layer}norm_layers_1.{i}") | norm(f"{layer}norm_layers_2.{i}")
        found |= conv(f"{layer}ffn_layers.{i}.conv_1", HIDDEN, FILTER, 3)
        found |= conv(f"{layer}ffn_layers.{i}.conv_2", FILTER, HIDDEN, 3)
    found |= conv("enc_p.proj", HIDDEN, 2 * HIDDEN, 1)
    told = TOLD if n_speakers else 0
    found |= conv("enc_q.pre", BANDS, HIDDEN, 1) | wavenet("enc_q.enc", 16, told)
    found |= conv("enc_q.proj", HIDDEN, 2 * HIDDEN, 1)
    for i in (0, 2, 4, 6):
        found |= conv(f"flow.flows.{i}.pre", HIDDEN // 2, HIDDEN, 1) | wavenet(f"flow.flows.{i}.enc", 4, told)
        found |= conv(f"flow.flows.{i}.post", HIDDEN, HIDDEN // 2, 1)
    found |= durations("dp.", HIDDEN, filtered) | durations("dp.post_", 1, filtered)
    found |= conv("dec.conv_pre", HIDDEN, INITIAL, 7)
    channels = INITIAL
    for i, kernel in enumerate(KERNELS):
        found |= normed(f"dec.ups.{i}", (channels, channels // 2, kernel), channels // 2)
        channels //= 2
        for j, (size, dilations) in enumerate(BLOCKS):
            for k in range(len(dilations)):
                for part in ("convs1", "convs2"):
                    name = f"dec.resblocks.{i * len(BLOCKS) + j}.{part}.{k}"
                    found |= normed(name, (channels, channels, size), channels)
    found["dec.conv_post.weight"] = (1, channels, 7)
    if n_speakers:
        found["emb_g.weight"] = (n_speakers, TOLD)
        found |= conv("dp.cond", TOLD, filtered, 1) | conv("dec.cond", TOLD, INITIAL, 1)
    return found


def conv(name: str, taken: int, given: int, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (given, taken, size), f"{name}.bias": (given,)}


def norm(name: str, width: int = HIDDEN) -> dict[str, tuple[int, ...]]:
    return {f"{name}.gamma": (width,), f"{name}.beta": (width,)}


def normed(name: str, shape: tuple[int, ...], biases: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight_g": (shape[0], 1, 1), f"{name}.weight_v": shape, f"{name}.bias": (biases,)}


def wavenet(name: str, layers: int, told: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for i in range(layers):
        given = HIDDEN if i == layers - 1 else 2 * HIDDEN
        found |= normed(f"{name}.in_layers.{i}", (2 * HIDDEN, HIDDEN, 5), 2 * HIDDEN)
        found |= normed(f"{name}.res_skip_layers.{i}", (given, HIDDEN, 1), given)
    both = 2 * HIDDEN * layers
    return found | (normed(f"{name}.cond_layer", (both, told, 1), both) if told else {})


def separable(name: str, width: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for i in range(3):
        found |= conv(f"{name}.convs_sep.{i}", 1, width, 3) | conv(f"{name}.convs_1x1.{i}", width, width, 1)
        found |= norm(f"{name}.norms_1.{i}", width) | norm(f"{name}.norms_2.{i}", width)
    return found


def durations(begin: str, taken: int, width: int) -> dict[str, tuple[int, ...]]:
    found = (
        conv(f"{begin}pre", taken, width, 1) | separable(f"{begin}convs", width) | conv(f"{begin}proj", width, width, 1)
    )
    found |= {f"{begin}flows.0.m": (2, 1), f"{begin}flows.0.logs": (2, 1)}
    for i in (1, 3, 5, 7):
        one = f"{begin}flows.{i}"
        found |= conv(f"{one}.pre", 1, width, 1) | separable(f"{one}.convs", width) | conv(f"{one}.proj", width, 29, 1)
    return found


def speak(w: Weights, tokens: list[int], speaker: int | None) -> Tensor:
    """The audio of one sentence with all noise at its mean."""
    g = None if speaker is None else w["emb_g.weight"][speaker].view(1, -1, 1)
    x = encode(w, torch.tensor([tokens]))
    mean = convolve(w, "enc_p.proj", x)[:, :HIDDEN]
    counts = torch.ceil(torch.exp(log_durations(w, x, g)))[0, 0].long()
    z = mean.repeat_interleave(counts, dim=2)
    for i in (6, 4, 2, 0):
        kept, moved = z.flip(1).chunk(2, 1)
        hidden = waves(w, f"flow.flows.{i}.enc", convolve(w, f"flow.flows.{i}.pre", kept), g, 4)
        z = torch.cat((kept, moved - convolve(w, f"flow.flows.{i}.post", hidden)), 1)
    return generate(w, z, g)


def weight(w: Weights, name: str) -> Tensor:
    if f"{name}.weight" in w:
        return w[f"{name}.weight"]
    v = w[f"{name}.weight_v"]
    return w[f"{name}.weight_g"] * v / v.flatten(1).norm(dim=1).view(-1, 1, 1)


def convolve(w: Weights, name: str, x: Tensor, dilation: int = 1, groups: int = 1) -> Tensor:
    kernel = weight(w, name)
    padding = (kernel.shape[2] - 1) * dilation // 2
    return functional.conv1d(x, kernel, w.get(f"{name}.bias"), padding=padding, dilation=dilation, groups=groups)


def normalise(w: Weights, name: str, x: Tensor) -> Tensor:
    centred = x - x.mean(1, keepdim=True)
    scale = torch.sqrt(centred.square().mean(1, keepdim=True) + 1e-5)
    return centred / scale * w[f"{name}.gamma"].view(1, -1, 1) + w[f"{name}.beta"].view(1, -1, 1)


def encode(w: Weights, tokens: Tensor) -> Tensor:
    x = w["enc_p.emb.weight"][tokens].mT * math.sqrt(HIDDEN)
    for i in range(LAYERS):
        e = "enc_p.encoder"
        x = normalise(w, f"{e}.norm_layers_1.{i}", x + attend(w, f"{e}.attn_layers.{i}", x))
        hidden = convolve(w, f"{e}.ffn_layers.{i}.conv_1", x).relu()
        x = normalise(w, f"{e}.norm_layers_2.{i}", x + convolve(w, f"{e}.ffn_layers.{i}.conv_2", hidden))
    return x


def attend(w: Weights, name: str, x: Tensor) -> Tensor:
    q, k, v = (convolve(w, f"{name}.conv_{one}", x)[0].view(HEADS, -1, x.shape[2]).mT for one in "qkv")
    time, size = q.shape[1:]
    offsets = torch.arange(time) - torch.arange(time).unsqueeze(1)
    near = (offsets.abs() <= WINDOW).unsqueeze(-1)
    rows = (offsets + WINDOW).clamp(0, 2 * WINDOW)
    of_keys, of_values = (w[f"{name}.emb_rel_{one}"][0][rows] * near for one in "kv")
    scores = (q @ k.mT + torch.einsum("htc,tsc->hts", q, of_keys)) / math.sqrt(size)
    p = scores.softmax(-1)
    out = p @ v + torch.einsum("hts,tsc->htc", p, of_values)
    return convolve(w, f"{name}.conv_o", out.mT.reshape(1, HIDDEN, time))


def waves(w: Weights, name: str, x: Tensor, g: Tensor | None, layers: int) -> Tensor:
    total = torch.zeros_like(x)
    told = None if g is None else convolve(w, f"{name}.cond_layer", g)
    for i in range(layers):
        both = convolve(w, f"{name}.in_layers.{i}", x)
        if told is not None:
            both = both + told[:, 2 * HIDDEN * i : 2 * HIDDEN * (i + 1)]
        out = convolve(w, f"{name}.res_skip_layers.{i}", both[:, :HIDDEN].tanh() * both[:, HIDDEN:].sigmoid())
        if i < layers - 1:
            x, out = x + out[:, :HIDDEN], out[:, HIDDEN:]
        total = total + out
    return total


def stack(w: Weights, name: str, x: Tensor) -> Tensor:
    for i in range(3):
        y = functional.gelu(
            normalise(w, f"{name}.norms_1.{i}", convolve(w, f"{name}.convs_sep.{i}", x, 3**i, x.shape[1]))
        )
        x = x + functional.gelu(normalise(w, f"{name}.norms_2.{i}", convolve(w, f"{name}.convs_1x1.{i}", y)))
    return x


def log_durations(w: Weights, x: Tensor, g: Tensor | None) -> Tensor:
    condition = convolve(w, "dp.pre", x)
    if g is not None:
        condition = condition + convolve(w, "dp.cond", g)
    condition = convolve(w, "dp.proj", stack(w, "dp.convs", condition))
    z = torch.zeros(1, 2, x.shape[2])
    for i in (7, 5, 3):  # the first spline isn't used
        kept, moved = z.flip(1).chunk(2, 1)
        hidden = stack(w, f"dp.flows.{i}.convs", convolve(w, f"dp.flows.{i}.pre", kept) + condition)
        logits = convolve(w, f"dp.flows.{i}.proj", hidden)[0].T
        logits[:, : 2 * BINS] /= math.sqrt(hidden.shape[1])
        bent = [
            unbend(float(y), *row.split((BINS, BINS, BINS - 1))) for y, row in zip(moved[0, 0], logits, strict=True)
        ]
        z = torch.cat((kept, torch.tensor(bent).view(1, 1, -1)), 1)
    return ((z.flip(1) - w["dp.flows.0.m"]) * torch.exp(-w["dp.flows.0.logs"]))[:, :1]


def unbend(y: float, widths: Tensor, heights: Tensor, slopes: Tensor) -> float:
    """Where a rational-quadratic spline on [-5, 5] is y, by halving the interval."""
    if abs(y) > 5:
        return y
    at, up = (10 * (1e-3 + (1 - 1e-3 * BINS) * s.softmax(0)) for s in (widths, heights))
    knots, levels = (torch.cat((torch.zeros(1), sizes.cumsum(0))) - 5 for sizes in (at, up))
    steep = torch.cat((torch.ones(1), 1e-3 + functional.softplus(slopes), torch.ones(1)))
    i = min(int((y >= levels[:-1]).sum()) - 1, BINS - 1)
    s = up[i] / at[i]

    def height(t: float) -> float:
        rise = s * t**2 + steep[i] * t * (1 - t)
        return float(levels[i] + up[i] * rise / (s + (steep[i] + steep[i + 1] - 2 * s) * t * (1 - t)))

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if height(middle) < y else (low, middle)
    return float(knots[i] + at[i] * low)


def generate(w: Weights, z: Tensor, g: Tensor | None) -> Tensor:
    x = convolve(w, "dec.conv_pre", z)
    if g is not None:
        x = x + convolve(w, "dec.cond", g)
    for i, (rate, kernel) in enumerate(zip(RATES, KERNELS, strict=True)):
        name = f"dec.ups.{i}"
        bias = w[f"{name}.bias"]
        x = functional.conv_transpose1d(
            functional.leaky_relu(x, 0.1), weight(w, name), bias, rate, (kernel - rate) // 2
        )
        x = torch.stack([block(w, f"dec.resblocks.{i * 2 + j}", x, *BLOCKS[j]) for j in range(2)]).mean(0)
    return convolve(w, "dec.conv_post", functional.leaky_relu(x, 0.01)).tanh()[0, 0]


def block(w: Weights, name: str, x: Tensor, size: int, dilations: tuple[int, ...]) -> Tensor:
    for k, dilation in enumerate(dilations):
        y = convolve(w, f"{name}.convs1.{k}", functional.leaky_relu(x, 0.1), dilation)
        x = x + convolve(w, f"{name}.convs2.{k}", functional.leaky_relu(y, 0.1))
    return x
