"""What all tests share: shapes are checked at run time; small models are composed from `conf/`."""

from __future__ import annotations

import gc
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests' models are too small to divide among threads

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import cache_from_source
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import settings
from jaxtyping import _import_hook, install_import_hook
from miniature_material import MINIATURE, ROOT
from miniature_material import compose_model as composed


def _look_for_checked_bytecode_of_our_own_modules_alone() -> None:
    """Without this a package that a checked module imports is compiled anew too: 2000 files in each process."""
    checked = _import_hook._optimized_cache_from_source

    def bytecode_of(checker: str, /, path: str, debug_override: bool | None = None) -> str:
        if path.startswith(str(ROOT)) and "site-packages" not in path:
            return checked(checker, path, debug_override)
        return cache_from_source(path, debug_override)

    _import_hook._optimized_cache_from_source = bytecode_of


def _modules_that_name_shapes() -> list[str]:
    """The others' annotations are what the type checker looks at; to check them at every call takes a fifth longer."""
    packages = ("vits", "strategies", "metrics", "runners")
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    naming = [path for path in files if "jaxtyping" in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in naming]


# before the first import of these modules: every annotation in their signatures is checked from here on
_look_for_checked_bytecode_of_our_own_modules_alone()
install_import_hook(_modules_that_name_shapes(), "beartype.beartype")

if TYPE_CHECKING:
    from vits.model_spec import ModelSpec

torch.set_num_threads(1)
settings.register_profile("voicegrid", deadline=None)  # the first example compiles or allocates
settings.load_profile("voicegrid")

ComposeModel = Callable[..., "ModelSpec"]
GoldenWeights = Callable[[Mapping[str, Sequence[int]]], dict[str, torch.Tensor]]


def pytest_collection_finish() -> None:
    """What was imported stays: no collection of garbage looks through its millions of objects again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """No test inherits a signal's handler from another one; some libraries leave theirs (nbclient, asyncio)."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        return (yield)
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@pytest.fixture(scope="session")
def compose_model() -> ComposeModel:
    """The model that an option of `conf/model` and overrides compose to."""
    return composed


@pytest.fixture(scope="session")
def tiny_spec() -> ModelSpec:
    """The option `tiny` as it is."""
    return composed("tiny")


@pytest.fixture(scope="session")
def miniature_spec() -> ModelSpec:
    """The classes of `tiny` with so few channels that a training step takes milliseconds; 20 symbols."""
    return composed("tiny", (*MINIATURE, "model.text_encoder.n_symbols=20"))


@pytest.fixture(scope="session")
def golden_weights() -> GoldenWeights:
    """Draws the weights that a golden folder was made with, from its names and shapes."""

    def draw(shapes: Mapping[str, Sequence[int]]) -> dict[str, torch.Tensor]:
        return {name: _drawn(index, name, shapes[name]) for index, name in enumerate(sorted(shapes))}

    return draw


def _drawn(index: int, name: str, shape: Sequence[int]) -> torch.Tensor:
    """Tensor number `index` of the sorted names, by the rule that the golden numbers were made with."""
    normal = np.random.RandomState(index).randn(*shape).astype(np.float32)
    if name == "dec.updown_filter":  # a constant of the multi-stream decoder
        weight = np.eye(shape[0])[:, :, None] * np.eye(shape[0])[0]
    elif name.endswith("weight_g"):
        weight = 0.7 + 0.1 * np.abs(normal)
    elif name.endswith("gamma"):
        weight = 1 + 0.1 * normal
    elif len(shape) < 2:
        weight = 0.05 * normal
    elif name.endswith("emb.weight"):
        weight = 0.1 * normal
    elif "emb" in name.split(".")[0]:
        weight = 0.5 * normal
    else:
        weight = normal / np.sqrt(np.prod(shape[1:])) * 0.7
    return torch.from_numpy(np.asarray(weight, dtype=np.float32))
