"""A voice pack: a safetensors file with one voice's tensors, and in its header who it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from runners.results.finished_bundle import SavedAdapter
from vits.checked_tensors import digest_of
from vits.checkpoint import check_numbers, load_tensors
from vits.common.atomic_files import content_key, write_atomically
from vits.common.errors import InputError
from vits.common.readers import parse_json, shown_path

SUFFIX = ".voice"
FORMAT = 1
HEADER = "voicegrid"
CHECKSUM = "checksum"
ROW = "row"  # the speaker's embedding among the tensors


class PackFacts(TypedDict):
    """What a pack says of itself.

    `base` is the identity of the bundle that it belongs to, `scores` are the means of the voice's test sentences by
    metric, `verdict` says why the stage was kept, and `precision` is that of the tensors.
    """

    format: int
    speaker: str
    cell: str
    base: str
    language: str
    precision: str
    adapters: list[SavedAdapter]
    versions: dict[str, str]
    scores: dict[str, float]
    verdict: str
    licence: str


@dataclass(frozen=True)
class VoicePack:
    """A voice as a file holds it."""

    facts: PackFacts
    tensors: Mapping[str, Tensor]


def write_pack(pack: VoicePack, path: Path) -> None:
    """Write the file, in whole or not at all."""
    facts = json.dumps(pack.facts, ensure_ascii=False)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in pack.tensors.items()}
    write_atomically(path, save(tensors, metadata={HEADER: facts, CHECKSUM: _checksum(facts, tensors)}))


def read_pack(path: Path) -> VoicePack:
    """Read a pack.

    Raises:
        InputError: the file is missing, damaged, changed since it was written, or of another kind.
    """
    facts = read_facts(path)
    tensors = load_tensors(path)
    said = _metadata(path)
    if CHECKSUM in said and said[CHECKSUM] != _checksum(said[HEADER], tensors):  # older packs have none
        raise InputError(
            f"{shown_path(path)} was changed since it was written (its checksum is another); make it again"
        )
    check_numbers(tensors, source=shown_path(path))
    if ROW not in tensors or tensors[ROW].ndim != 1:
        raise InputError(f"{shown_path(path)} has no embedding of its speaker; make the pack again")
    return VoicePack(facts, tensors)


def read_facts(path: Path) -> PackFacts:
    """What a pack says of itself, without its tensors.

    Raises:
        InputError: the file is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise InputError(f"no voice pack at {shown_path(path)}; give a {SUFFIX} file that runners/pack.py wrote")
    header = _metadata(path).get(HEADER)
    if header is None:
        raise InputError(f"{shown_path(path)} is no voice pack (its header says nothing of a voice); make it again")
    facts = parse_json(header, shown_path(path), dict[str, Any])
    if facts.get("format") != FORMAT:
        raise InputError(f"{shown_path(path)} has format {facts.get('format')!r}, not {FORMAT}; make the pack again")
    return parse_json(header, shown_path(path), PackFacts)


def _metadata(path: Path) -> dict[str, str]:
    """The header's own texts."""
    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise InputError(f"{shown_path(path)} is no readable voice pack ({error}); copy or make it again") from None


def _checksum(facts: str, tensors: Mapping[str, Tensor]) -> str:
    return content_key([facts.encode(), digest_of(tensors)])


def packs_in(folder: Path) -> Iterator[tuple[Path, PackFacts | InputError]]:
    """All packs of a folder, or what is wrong with them, in the order of their names.

    Raises:
        InputError: there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"list={shown_path(folder)} is no folder; give one with {SUFFIX} files")
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield path, read_facts(path)
        except InputError as error:
            yield path, error
