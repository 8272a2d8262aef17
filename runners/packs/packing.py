"""From a finished cell to a voice pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from runners.cli.pack_arguments import PackArguments
from runners.packs.attaching import attach_pack
from runners.packs.voice_alone import leave_alone
from runners.packs.voice_pack import FORMAT, ROW, SUFFIX, PackFacts, VoicePack, packs_in, write_pack
from runners.packs.weight_difference import difference
from runners.results.cell_folder import CellFolder
from runners.results.finished_bundle import load_finished, saved_adapters
from strategies.adapters.adapter import Adapter
from vits.bundle import Bundle, bundle_identity
from vits.common.errors import InputError
from vits.common.names import file_stem, shown
from vits.common.readers import read_yaml, shown_path
from vits.corpus.roots import resolve_folder
from vits.corpus.split import TEST
from vits.synthesizer import Synthesizer

PRECISIONS: Mapping[str, torch.dtype] = {"fp16": torch.float16, "fp32": torch.float32}
TRIED_TOKENS = 24
VERSIONED = ("voicegrid", "torch", "espeakng-loader", "phonemizer")


def run_pack(arguments: PackArguments) -> None:
    """Make a pack and say what it is, or list the packs of a folder.

    Raises:
        InputError: an argument is missing or can't be used; nothing is written then.
    """
    if arguments.list is not None:
        _print_list(Path(arguments.list))
        return
    if arguments.run is None or arguments.speaker is None:
        raise InputError("give run=<cell> speaker=<name> to make a pack, or list=<folder> to see those of a folder")
    directory = Path(arguments.run)
    path = Path(arguments.out or f"{file_stem(arguments.speaker, 'voice')}{SUFFIX}")
    if path.suffix != SUFFIX:
        raise InputError(f"out={shown_path(path)} must end in {SUFFIX}")
    base = resolve_folder(arguments.base or _base_of(directory))
    pack, distance = make_pack(directory, base, arguments.speaker, arguments.precision, arguments.licence)
    write_pack(pack, path)
    print(
        f"wrote {path} ({_kilobytes(path)} beside the base {base}; its audio is within {distance:.0e} of the "
        f"cell's, whose peak is 1)"
    )


def make_pack(
    directory: Path, base_directory: Path, speaker: str, precision: str, licence: str
) -> tuple[VoicePack, float]:
    """One voice of a cell, and how far its audio is from the cell's, as a share of the peak.

    Raises:
        InputError: the cell isn't finished or lacks the voice, or the base is of another model.
    """
    cell, base = (load_finished(path, with_adversary=False) for path in (directory, base_directory))
    if cell.spec.parts != base.spec.parts:
        raise InputError(f"{base_directory} is another model than {directory} was adapted from; give base=<its base>")
    row = _row(cell, directory, speaker)
    said = _tried(cell.synthesizer, row)
    adapters = leave_alone(cell.synthesizer, row, saved_adapters(directory), saved_adapters(base_directory))
    found = difference(base.synthesizer, cell.synthesizer)
    dtype = PRECISIONS[precision]
    embedding = cell.synthesizer.speaker_embedding.weight.detach()[row].clone()
    tensors = {ROW: embedding, **{name: tensor.to(dtype) for name, tensor in found.items()}}
    pack = VoicePack(_facts(directory, base_directory, speaker, precision, licence, adapters), tensors)
    packed_row = attach_pack(pack, base.synthesizer, shown_path(directory))
    return pack, _distance(_tried(base.synthesizer, packed_row), said)


def _row(cell: Bundle, directory: Path, speaker: str) -> int:
    names = {cell.speakers[row].name: row for row in cell.trained_rows}
    new = list(CellFolder(directory).record.get("speaker_ids", names))
    if speaker not in names:
        raise InputError(f"{directory} has no voice {shown(speaker)}; choose one of {', '.join(new[:10])}")
    return names[speaker]


def _base_of(directory: Path) -> str:
    """The base that a cell names in its configuration."""
    base = read_yaml(directory / "config.yaml", dict[str, Any]).get("base", {})
    path = base.get("path") if isinstance(base, dict) else None
    if not isinstance(path, str):
        raise InputError(f"{directory / 'config.yaml'} names no base; give base=<the bundle that it was adapted from>")
    return path


def _facts(
    directory: Path, base: Path, speaker: str, precision: str, licence: str, adapters: Sequence[tuple[str, Adapter]]
) -> PackFacts:
    folder = CellFolder(directory)
    config = read_yaml(directory / "config.yaml", dict[str, Any])
    chosen = folder.record.get("chosen", {})
    return PackFacts(
        format=FORMAT,
        speaker=speaker,
        cell=folder.record.get("name", directory.name),
        base=bundle_identity(base),
        language=config.get("data", {}).get("language", "en-us"),
        precision=precision,
        adapters=[{"name": name, "settings": asdict(adapter)} for name, adapter in adapters],  # pyright: ignore[reportArgumentType]
        versions={name: version(name) for name in VERSIONED},
        scores=_scores(folder, speaker, chosen.get("step")),
        verdict=f"step {chosen.get('step')} kept, {chosen.get('by')}" if chosen else "",
        licence=licence,
    )


def _scores(folder: CellFolder, speaker: str, step: int | None) -> dict[str, float]:
    """Means over the voice's test sentences at the stage that was kept."""
    scores = folder.table("scores")
    if scores.empty or step is None:
        return {}
    own = scores[(scores["step"] == step) & (scores["split"] == TEST) & (scores["speaker"] == speaker)]
    return {str(metric): float(values.mean()) for metric, values in own.groupby("metric")["value"] if len(values)}


def _tried(synthesizer: Synthesizer, row: int) -> Tensor:
    """A fixed sentence by one voice, the same for every model that agrees on durations."""
    tokens = torch.arange(1, TRIED_TOKENS + 1).unsqueeze(0)
    noise = torch.Generator().manual_seed(0)
    lengths = torch.tensor([TRIED_TOKENS])
    return synthesizer.eval().infer(tokens, lengths, torch.tensor([row]), generator=noise).audio


def _distance(packed: Tensor, cell: Tensor) -> float:
    """The largest difference of a sample as a share of the peak; infinite where even the lengths differ."""
    if packed.shape != cell.shape:
        return float("inf")
    return float((packed - cell).abs().max() / cell.abs().max().clamp_min(1e-9))


def _kilobytes(path: Path) -> str:
    return f"{path.stat().st_size / 1000:.0f} kB"


def _print_list(folder: Path) -> None:
    """A line for each pack of a folder."""
    for path, facts in packs_in(folder):
        if isinstance(facts, InputError):
            print(f"{shown(path.name, quoted=False)}  {facts}")
            continue
        scores = ", ".join(f"{metric} {value:.3f}" for metric, value in sorted(facts["scores"].items()))
        named = [shown(text, quoted=False) for text in (path.name, facts["speaker"], facts["cell"])]
        print("  ".join([*named, _kilobytes(path), f"base {facts['base'][:8]}", scores]))
