"""A model's description is data: registered parts are built from it within bounds, and nothing else ever is."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

import vits
from vits.bundle import load_bundle
from vits.common.errors import InputError
from vits.model_parts import PART_CLASSES, names_of
from vits.model_spec import MOST_WEIGHTS, PARTS, ModelSpec
from vits.part_building import build_part, count_weights, read_part

DEMO_BASE = Path(__file__).parents[2] / "assets" / "demo_base"
BY_PATHS = Path(__file__).parent / "demo_base_by_paths.yaml"
DEEPEST = 4
KINDS = sorted({part.kind for part in PART_CLASSES})
FLOW = {
    "name": "plain",
    "latent_channels": 4,
    "hidden_channels": 8,
    "kernel_size": 5,
    "n_layers": 1,
    "speaker_channels": 2,
}


def attribute_paths() -> Iterator[str]:
    """The dotted paths that lead from `vits` to an attribute, through its modules, its classes and what they import.

    Every module and class is entered once; of those outside `vits` only what a module of `vits` imports itself.
    """
    modules = [importlib.import_module(found.name) for found in pkgutil.walk_packages(vits.__path__, "vits.")]
    queue: list[tuple[str, Any]] = [(module.__name__, module) for module in (vits, *modules)]
    seen: set[int] = set()
    while queue:
        path, value = queue.pop()
        ours = (value.__name__ if isinstance(value, ModuleType) else value.__module__).startswith("vits")
        for name, child in list(vars(value).items()):  # a lazy module may grow meanwhile
            yield f"{path}.{name}"
            if isinstance(child, (ModuleType, type)) and ours and id(child) not in seen:
                seen.add(id(child))
                queue.append((f"{path}.{name}", child))


def refusal(description: object, kind: str = "flow") -> str:
    with pytest.raises(InputError) as error:
        read_part(kind, description, f"model.{kind}")
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


def test_no_path_but_the_registered_ones_is_built_when_all_of_vits_are_tried() -> None:
    paths = {
        *attribute_paths(),
        "os.system",
        "builtins.eval",
        "vits",
        "",
        "torch.nn.Identity",
        "hydra.utils.instantiate",
    }
    assert len(paths) > 5_000
    registered = {(part.kind, part.earlier) for part in PART_CLASSES}
    assert {earlier for _, earlier in registered} <= paths
    names = {part.cls.__name__ for part in PART_CLASSES}
    tried = [(KINDS[number % len(KINDS)], path) for number, path in enumerate(sorted(paths))]
    tried += [(kind, path) for kind in KINDS for path in paths if path.rpartition(".")[2] in names]
    assert {(kind, path) for kind, path in tried if is_recognised(kind, path)} == registered


def is_recognised(kind: str, path: str) -> bool:
    """Whether a part is recognised; what is wrong with its settings is another matter."""
    try:
        read_part(kind, {"_target_": path, "_args_": ["true"]}, kind)
    except InputError as error:
        return "has no setting '_args_'" in str(error)
    raise AssertionError("positional arguments were accepted")


@pytest.mark.parametrize(
    "path", ["vits.bundle.shutil.rmtree", "vits.flow.coupling.torch.load", "vits.adversary.Adversary"]
)
def test_nothing_is_called_when_a_path_is_named_in_any_place(path: str, tiny_spec: ModelSpec) -> None:
    attack = {"_target_": path, "_args_": ["x"]}
    for place in tiny_spec.parts:
        with pytest.raises(InputError):
            ModelSpec({**tiny_spec.parts, place: attack})
    for key in tiny_spec.parts["decoder"]:
        with pytest.raises(InputError):
            ModelSpec({**tiny_spec.parts, "decoder": {**tiny_spec.parts["decoder"], key: attack}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"_args_": [1]}, "has no setting '_args_'; plain takes latent_channels"),
        ({"_partial_": True}, "has no setting '_partial_'"),
        ({"_recursive_": False}, "has no setting '_recursive_'"),
        ({"_target_": "vits.flow.PlainFlow"}, "has both name and _target_"),
        ({"n_layers": "${oc.env:HOME}"}, "n_layers='${oc.env:HOME}' must be a whole number"),
        ({"name": "${oc.env:HOME}"}, "must be one of plain, pre_conv"),
        ({"name": "multi_band_istft"}, "name='multi_band_istft' must be one of plain"),
        ({"name": ["plain"]}, "must be one of plain"),
        ({"name": None}, "name=None must be one of"),
        ({"n_layers": True}, "n_layers=True must be a whole number"),
        ({"n_layers": 1.0}, "n_layers=1.0 must be a whole number"),
        ({"n_layers": None}, "n_layers=None must be a whole number"),
        ({"n_layers": {"a": 1}}, "n_layers=a mapping of 1 keys must be"),
        ({"n_layers": 100_000_000}, "n_layers=100000000 must be a whole number of at least 1 and of at most 64"),
        ({"n_layers": 10**5000}, "n_layers=a number of more than 60 digits must be"),
        ({"n_layers": -1}, "n_layers=-1"),
        ({"kernel_size": 4}, "kernel_size=4 must be .* odd"),
        ({"latent_channels": 3}, "latent_channels=3 must be .* even"),
        ({"hidden_channels": float("nan")}, "hidden_channels=nan"),
        ({"hidden_channels": [8] * 10**6}, "hidden_channels=a list of 1000000 items"),
        ({3: 4}, "has no setting 3"),
        ({"x" * 10**6: 4}, "has no setting 'xxx"),
    ],
)
def test_setting_is_named_when_it_is_refused(changes: dict[Any, Any], message: str) -> None:
    assert re.search(message.replace("${oc.env:HOME}", r"\$\{oc\.env:HOME\}"), refusal({**FLOW, **changes}))


def test_setting_is_named_when_it_is_missing() -> None:
    assert "lacks n_layers" in refusal({key: value for key, value in FLOW.items() if key != "n_layers"})


@pytest.mark.parametrize("description", [None, 3, "plain", ["plain"], [], True, {}, {"name": "plain"}])
def test_part_is_refused_when_it_is_no_description(description: object) -> None:
    assert "model.flow" in refusal(description)


@pytest.mark.parametrize(
    "changes",
    [
        {"dropout": float("nan")},
        {"dropout": float("inf")},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"dropout": "0.1"},
        {"dropout": True},
        {"n_heads": 0},
        {"n_symbols": 10**9},
    ],
)
def test_number_is_refused_when_it_is_out_of_bounds(changes: dict[str, Any], tiny_spec: ModelSpec) -> None:
    message = refusal({**tiny_spec.parts["text_encoder"], **changes}, "text_encoder")
    assert any(name in message for name in changes)


@pytest.mark.parametrize("lists", [[], [4] * 13, 4, "44", [4, "4"], [[4], [4]], [4.0], [True], {"a": 1}, [0], [10**9]])
def test_list_is_refused_when_it_is_none_of_rates(lists: object, miniature_spec: ModelSpec) -> None:
    assert "upsample_rates" in refusal({**miniature_spec.parts["decoder"], "upsample_rates": lists}, "decoder")


def test_list_is_refused_when_it_holds_itself(miniature_spec: ModelSpec) -> None:
    endless: list[Any] = [1]
    endless.append(endless)
    for field in ("upsample_rates", "resblock_dilations"):
        assert field in refusal({**miniature_spec.parts["decoder"], field: endless}, "decoder")


@pytest.mark.parametrize(
    "resblock", ["resblock_3", "plain", {"_target_": "vits.decoder.ResBlock2"}, None, ResourceWarning]
)
def test_block_is_refused_when_it_is_none_of_two(resblock: object, miniature_spec: ModelSpec) -> None:
    assert "resblock" in refusal({**miniature_spec.parts["decoder"], "resblock": resblock}, "decoder")


def test_block_is_read_when_it_is_in_the_earlier_spelling(miniature_spec: ModelSpec) -> None:
    earlier = {"_target_": "vits.decoder.ResBlock2", "_partial_": True}
    assert read_part("decoder", {**miniature_spec.parts["decoder"], "resblock": earlier}, "decoder")["resblock"] == (
        "resblock_2"
    )


@pytest.mark.parametrize("name", ["a.b", "", "keys", "training", "forward", "A", "x" * 40, 3, None, "__class__"])
def test_opponent_is_refused_when_its_name_is_no_word(name: object, tiny_spec: ModelSpec) -> None:
    adversary = {name: tiny_spec.parts["adversary"]["audio"]}
    with pytest.raises(InputError, match="is no name of an opponent"):
        ModelSpec({**tiny_spec.parts, "adversary": adversary})


@pytest.mark.parametrize("adversary", [[], None, {f"a{i}": {} for i in range(9)}, {"audio": 3}])
def test_adversary_is_refused_when_it_is_no_mapping_of_opponents(adversary: object, tiny_spec: ModelSpec) -> None:
    with pytest.raises(InputError, match=r"model\.adversary"):
        ModelSpec({**tiny_spec.parts, "adversary": adversary})


@pytest.mark.parametrize("name", ["conditioning", "_target_", "defaults", "x" * 10**5])
def test_model_is_refused_when_it_has_another_part(name: str, tiny_spec: ModelSpec) -> None:
    with pytest.raises(InputError, match="the model has no part"):
        ModelSpec({**tiny_spec.parts, name: {"_target_": "os.system"}})


@pytest.mark.parametrize(("part", "size"), [("decoder", "latent_channels"), ("flow", "speaker_channels")])
def test_model_is_refused_when_parts_do_not_fit(part: str, size: str, tiny_spec: ModelSpec) -> None:
    with pytest.raises(InputError, match=rf"model\.{part}\.{size}=32 doesn't fit the other parts, which give 64"):
        ModelSpec({**tiny_spec.parts, part: {**tiny_spec.parts[part], size: 32}}).synthesizer(2)


def test_model_is_refused_at_once_when_it_would_fill_the_memory(tiny_spec: ModelSpec) -> None:
    wide = {"filter_channels": 8192, "n_layers": 64, "kernel_size": 255}
    started_s = time.process_time()
    with pytest.raises(InputError, match=f"at most {MOST_WEIGHTS:,} are built"):
        ModelSpec({**tiny_spec.parts, "text_encoder": {**tiny_spec.parts["text_encoder"], **wide}}).synthesizer(2)
    opponent = {"name": "audio", "discriminator": {"name": "multi_period", "width": 8192}}
    with pytest.raises(InputError, match=f"at most {MOST_WEIGHTS:,} are built"):
        ModelSpec({**tiny_spec.parts, "adversary": {"audio": opponent}}).adversary()
    with pytest.raises(InputError, match="the number of base speakers=10000000 must be"):
        tiny_spec.synthesizer(10_000_000)
    assert time.process_time() - started_s < 0.5


@pytest.mark.parametrize("part", PART_CLASSES, ids=lambda part: f"{part.kind}-{part.name}")
def test_weights_are_counted_when_a_part_is_described(part: Any, compose_model: Any) -> None:
    if part.kind not in PARTS:
        pytest.skip("a part of another part")
    described = compose_model("mb_istft_vits2", [f"model/{part.kind}={part.name}"]).parts[part.kind]
    with torch.device("meta"):
        built = build_part(part.kind, described, {})
    real = sum(tensor.numel() for tensor in (*built.parameters(), *built.buffers()))
    assert 0.9 * real <= count_weights(part.kind, described) <= 2 * real


def test_demo_base_is_the_same_when_its_classes_are_named_by_paths(tmp_path: Path, tiny_spec: ModelSpec) -> None:
    by_paths = tmp_path / "before"
    shutil.copytree(DEMO_BASE, by_paths, ignore=shutil.ignore_patterns("checksums.json", "model.yaml"))
    shutil.copy(BY_PATHS, by_paths / "model.yaml")  # as the project once wrote it, and then listed no checksums
    bundle = load_bundle(by_paths)
    assert bundle.spec == ModelSpec(yaml.safe_load(BY_PATHS.read_text(encoding="utf-8"))) == tiny_spec
    assert bundle.spec == load_bundle(DEMO_BASE).spec
    assert ModelSpec(bundle.spec.parts) == bundle.spec


def test_description_is_its_own_when_the_given_one_changes(miniature_spec: ModelSpec) -> None:
    rates = [4, 4]
    spec = ModelSpec({**miniature_spec.parts, "decoder": {**miniature_spec.parts["decoder"], "upsample_rates": rates}})
    rates.append(3)
    assert spec.parts["decoder"]["upsample_rates"] == [4, 4]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(names_of("flow")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from([*FLOW, "periods", "discriminator"]), JUNK, max_size=7))
def test_nothing_else_is_raised_when_a_description_is_junk(kind: str, changes: dict[str, Any]) -> None:
    message = ""
    try:
        read_part(kind, {**FLOW, **changes}, f"model.{kind}")
    except InputError as error:
        message = str(error)
    assert "\n" not in message
