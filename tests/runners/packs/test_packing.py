"""Voices of real adapted models, packed and spoken with beside their base."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from runners.inference.adapted_model import AdaptedModel, load_adapted, load_packed
from runners.packs.packing import make_pack
from runners.packs.voice_pack import VoicePack, read_facts, read_pack, write_pack
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.results.finished_bundle import save_finished
from strategies.adapters.adapter import Adapter
from strategies.adapters.bottleneck import Bottleneck
from strategies.adapters.conditional_norm import ConditionalNorm
from strategies.adapters.dora import DoRA
from strategies.adapters.lora import LoRA
from strategies.adapters.no_adapter import NoAdapter
from vits.bundle import CHECKED, BaseSpeaker, Bundle, load_bundle, save_bundle
from vits.checkpoint import load_tensors, save_tensors
from vits.common.checksums import write_manifest
from vits.common.errors import InputError

ROOT = Path(__file__).parents[3]
NEW = ("anna", "bob")
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Adapted:
    """A base on disk, and a cell that was adapted from it."""

    base: Path
    cell: Path


@pytest.fixture
def adapted(small_bundle: Bundle, tmp_path: Path) -> Callable[..., Adapted]:
    """Adapts the small base: what the adapter adds moves at random, and so do the weights whose names begin so."""
    base = tmp_path / "base"
    save_bundle(small_bundle, base, "")

    def adapt(name: str = "none", adapter: Adapter | None = None, moved: Sequence[str] = ()) -> Adapted:
        bundle, adapter = load_bundle(base), adapter or NoAdapter()
        synthesizer = bundle.synthesizer
        generator = torch.Generator().manual_seed(3)
        ids = {
            speaker: synthesizer.speaker_embedding.add(torch.randn(width(bundle), generator=generator))
            for speaker in NEW
        }
        before = {id(parameter) for parameter in synthesizer.parameters()}
        adapter.attach(synthesizer)
        with torch.no_grad():
            for path, parameter in synthesizer.named_parameters():
                if id(parameter) not in before or path.startswith(tuple(moved)):
                    parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
        adapter = adapter.settled(synthesizer)
        merged = adapter.merge(synthesizer)
        synthesizer.speaker_embedding.absorb()
        return Adapted(base, written(bundle, [] if merged else [(name, adapter)], ids, base, tmp_path / f"cell {name}"))

    return adapt


def width(bundle: Bundle) -> int:
    return bundle.synthesizer.speaker_embedding.weight.shape[1]


def written(
    bundle: Bundle, adapters: Sequence[tuple[str, Adapter]], ids: dict[str, int], base: Path, path: Path
) -> Path:
    """A finished cell's folder with that model."""
    folder = CellFolder(path)
    config = f"data:\n  language: en-us\nbase:\n  path: {base}\n"
    folder.begin(Identity({"model": dict(bundle.spec.parts)}), config, speaker_ids=ids, name=path.name)
    speakers = (*bundle.speakers, *(BaseSpeaker(name, 4) for name in ids))
    prints = torch.cat([bundle.voiceprints, torch.zeros(len(ids), bundle.voiceprints.shape[1])])
    save_finished(replace(bundle, speakers=speakers, voiceprints=prints), adapters, path, "")
    folder.finish([], {"step": 4, "by": "the last"})
    return path


def said(model: AdaptedModel, speaker: str) -> Tensor:
    noise = torch.Generator().manual_seed(5)
    speaker_id = torch.tensor([model.speaker_ids[speaker]])
    tokens = torch.arange(1, 15).unsqueeze(0)
    return model.synthesizer.infer(tokens, torch.tensor([14]), speaker_id, generator=noise).audio


def packed(made: Adapted, path: Path, precision: str = "fp32", speaker: str = "anna") -> VoicePack:
    pack, _ = make_pack(made.cell, made.base, speaker, precision, "CC0")
    write_pack(pack, path)
    return pack


METHODS = [
    ("none", NoAdapter(), ()),
    ("none", NoAdapter(), ("flow.", "text_encoder.")),
    ("lora", LoRA(rank=2), ()),
    ("dora", DoRA(rank=2), ()),
    ("lora", LoRA(rank=2, per_voice=True), ()),
    ("dora", DoRA(rank=2, per_voice=True), ("flow.",)),
    ("bottleneck", Bottleneck(width=3, per_voice=True), ()),
    ("conditional_norm", ConditionalNorm(), ()),
]


@pytest.mark.parametrize(("name", "adapter", "moved"), METHODS)
def test_voice_of_a_pack_is_the_cells_whatever_was_adapted(
    name: str,
    adapter: Adapter,
    moved: Sequence[str],
    adapted: Callable[..., Adapted],
    tmp_path: Path,
) -> None:
    made = adapted(name, adapter, moved)
    cell = load_adapted(made.cell, CPU)
    for speaker in NEW:
        packed(made, tmp_path / f"{speaker}.voice", speaker=speaker)
        model = load_packed(tmp_path / f"{speaker}.voice", made.base, CPU)
        assert list(model.speaker_ids) == [speaker]
        expected = said(cell, speaker)
        assert (said(model, speaker) - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert not torch.equal(said(cell, "anna"), said(cell, "bob"))


def test_change_is_as_thin_as_it_was_learned_when_merged(adapted: Callable[..., Adapted], tmp_path: Path) -> None:
    made = adapted("lora", LoRA(rank=2))
    pack = packed(made, tmp_path / "thin.voice", "fp16")
    thin = [tensor for name, tensor in pack.tensors.items() if name.startswith("up/")]
    assert thin
    assert {tensor.shape[1] for tensor in thin} <= {1, 2}
    assert not any(name.startswith("changed/") and tensor.ndim > 1 for name, tensor in pack.tensors.items())
    base = load_bundle(made.base).synthesizer
    own = sum(parameter.numel() for parameter in base.parameters())
    LoRA(rank=2).attach(base)
    learned = sum(parameter.numel() for parameter in base.parameters()) - own
    assert sum(tensor.numel() for name, tensor in pack.tensors.items() if name != "row") <= learned


@pytest.mark.parametrize("speaker", [*NEW, "ada"])
def test_pack_holds_its_voices_set_alone_when_each_has_its_own(
    adapted: Callable[..., Adapted], tmp_path: Path, speaker: str
) -> None:
    made = adapted("lora", LoRA(rank=2, per_voice=True))
    pack = packed(made, tmp_path / "own.voice", speaker=speaker)
    assert not pack.facts["adapters"], "one voice's LoRA merges"
    thin = {name: tensor for name, tensor in pack.tensors.items() if name != "row"}
    if speaker == "ada":
        assert not thin, "a base voice has no set"
        return
    assert {name.split("/")[0] for name in thin} == {"up", "down"}
    base = load_bundle(made.base).synthesizer
    own = sum(parameter.numel() for parameter in base.parameters())
    LoRA(rank=2).attach(base)
    assert sum(tensor.numel() for tensor in thin.values()) <= sum(p.numel() for p in base.parameters()) - own
    kept = packed(adapted("bottleneck", Bottleneck(width=3, per_voice=True)), tmp_path / "b.voice", speaker=speaker)
    assert kept.facts["adapters"] == [{"name": "bottleneck", "settings": {"per_voice": False, "rows": [], "width": 3}}]
    assert all(name == "row" or ".bottleneck." in name for name in kept.tensors)


def test_half_precision_says_how_far_its_audio_is(adapted: Callable[..., Adapted]) -> None:
    made = adapted("none", NoAdapter(), ("flow.",))
    (_, exact), (pack, rounded) = (make_pack(made.cell, made.base, "anna", one, "") for one in ("fp32", "fp16"))
    assert exact <= 1e-4
    assert exact < rounded < 0.05
    assert {tensor.dtype for name, tensor in pack.tensors.items() if name != "row"} == {torch.float16}


def test_base_on_disk_stays_what_it_is_when_packs_are_spoken(adapted: Callable[..., Adapted], tmp_path: Path) -> None:
    made = adapted("lora", LoRA(rank=2))
    before = load_tensors(made.base / "generator.safetensors")
    packed(made, tmp_path / "anna.voice")
    said(load_packed(tmp_path / "anna.voice", made.base, CPU), "anna")
    after = load_tensors(made.base / "generator.safetensors")
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


def test_pack_is_refused_when_the_base_is_another(adapted: Callable[..., Adapted], tmp_path: Path) -> None:
    made = adapted()
    packed(made, tmp_path / "anna.voice")
    weights = load_tensors(made.base / "generator.safetensors")
    save_tensors({**weights, "speaker_embedding.weight": weights["speaker_embedding.weight"] + 1}, tmp_path / "w")
    (tmp_path / "w").replace(made.base / "generator.safetensors")
    write_manifest(made.base, CHECKED)
    with pytest.raises(InputError, match="is for another base than"):
        load_packed(tmp_path / "anna.voice", made.base, CPU)


def test_voice_is_refused_when_the_cell_has_none_of_that_name(adapted: Callable[..., Adapted]) -> None:
    made = adapted()
    with pytest.raises(InputError, match="has no voice 'carl'; choose one of anna, bob"):
        make_pack(made.cell, made.base, "carl", "fp32", "")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: b"", "is no readable voice pack"),
        (lambda content: content[: len(content) // 2], "is no readable voice pack"),
        (lambda content: b"no pack at all, but a text", "is no readable voice pack"),
        (lambda content: content.replace(b"voicegrid", b"somebody!"), "is no voice pack"),
        (lambda content: content.replace(b'\\"format\\": 1', b'\\"format\\": 7'), "has format 7, not 1"),
        (lambda content: content.replace(b'\\"speaker\\"', b'\\"squeaker\\"'[:-2] + b'\\"'), "speaker|readable"),
    ],
)
def test_pack_is_refused_in_one_line_when_it_is_damaged(
    damage: Callable[[bytes], bytes], message: str, adapted: Callable[..., Adapted], tmp_path: Path
) -> None:
    path = tmp_path / "anna.voice"
    made = adapted()
    packed(made, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=message) as refused:
        load_packed(path, made.base, CPU)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("place", [-1, -20, "anna"])
def test_pack_is_refused_when_a_bit_of_it_was_flipped(
    place: int | str, adapted: Callable[..., Adapted], tmp_path: Path
) -> None:
    path = tmp_path / "x.voice"
    packed(adapted(), path)
    content = bytearray(path.read_bytes())
    content[content.index(place.encode()) if isinstance(place, str) else place] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.voice was changed since it was written .*; make it again$"):
        read_pack(path)


def test_tensors_are_refused_when_they_fit_nothing(adapted: Callable[..., Adapted], tmp_path: Path) -> None:
    made = adapted("none", NoAdapter(), ("flow.",))
    pack = packed(made, tmp_path / "anna.voice")
    name = next(name for name in pack.tensors if name.startswith("changed/"))
    for tensors in (
        {**pack.tensors, name: torch.zeros(1, 2, 3)},
        {**pack.tensors, "changed/flow.nothing": torch.zeros(1)},
        {**pack.tensors, "up/text_encoder.projection.weight": torch.zeros(3, 1)},
    ):
        write_pack(replace(pack, tensors=tensors), tmp_path / "odd.voice")
        with pytest.raises(InputError, match="which the base doesn't have in that shape"):
            load_packed(tmp_path / "odd.voice", made.base, CPU)


def test_header_says_what_the_voice_is(adapted: Callable[..., Adapted], tmp_path: Path) -> None:
    made = adapted("conditional_norm", ConditionalNorm())
    packed(made, tmp_path / "anna.voice")
    facts = read_facts(tmp_path / "anna.voice")
    assert (facts["speaker"], facts["licence"], facts["precision"]) == ("anna", "CC0", "fp32")
    assert facts["adapters"] == [{"name": "conditional_norm", "settings": {}}]
    assert facts["verdict"] == "step 4 kept, the last"
    assert set(facts["versions"]) >= {"voicegrid", "espeakng-loader"}
    assert read_pack(tmp_path / "anna.voice").facts == facts


def test_a_pack_is_made_spoken_with_and_listed_by_the_commands(adapted: Callable[..., Adapted], tmp_path: Path) -> None:
    made = adapted("conditional_norm", ConditionalNorm())

    def run(*arguments: str) -> str:
        command = [sys.executable, str(ROOT / "runners" / arguments[0]), *arguments[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "its audio is within" in run("pack.py", f"run={made.cell}", "speaker=anna", "out=anna.voice")
    assert run("speak.py", "pack=anna.voice", f"base={made.base}", "text=Hello.", "out=a.wav") == "a.wav\n"
    assert (tmp_path / "a.wav").stat().st_size > 1000
    (tmp_path / "broken.voice").write_bytes(b"")
    listed = run("pack.py", "list=.").splitlines()
    assert listed[0].startswith("anna.voice  anna  cell conditional_norm  ")
    assert "broken.voice is no readable voice pack" in listed[1]
