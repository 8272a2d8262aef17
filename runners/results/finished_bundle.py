"""The model that a finished cell left behind, or any other bundle: written here, and read by one loader."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypedDict

import strategies.adapters
from runners.results.cell_folder import CellFolder
from strategies.adapters.adapter import Adapter
from vits.bundle import Bundle, load_bundle, write_bundle_files
from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import read_json
from vits.common.registry import import_all, registered
from vits.synthesizer import Synthesizer

ADAPTERS = "adapters.json"  # what the weights need beside the model's own parts: a list of names and settings


class SavedAdapter(TypedDict):
    """An adapter that weights need beside the model's own parts: its registered name, and its settings."""

    name: str
    settings: dict[str, Any]


def save_finished(bundle: Bundle, adapters: Sequence[tuple[str, Adapter]], directory: Path, card: str) -> None:
    """Write a bundle's files, and which adapters its weights need, into a cell's folder."""
    kept = [{"name": name, "settings": asdict(adapter)} for name, adapter in adapters]  # pyright: ignore[reportArgumentType]
    if kept:
        write_atomically(directory / ADAPTERS, json.dumps(kept, indent=1).encode())
    write_bundle_files(bundle, directory, card)


def load_finished(directory: Path, *, with_adversary: bool = True) -> Bundle:
    """Read a bundle with the adapters that it was saved with, and with its discriminators or without.

    Raises:
        InputError: a file is missing, damaged, or names an adapter that isn't known.
    """
    folder = CellFolder(directory)
    if folder.record and not folder.finished:
        raise InputError(f"{directory} is no finished cell ({folder.record.get('status')}); run it to its end first")
    folder.check_files()
    adapters = saved_adapters(directory)

    def attach(synthesizer: Synthesizer) -> None:
        for _, adapter in adapters:
            adapter.attach(synthesizer)

    return load_bundle(directory, attach, with_adversary=with_adversary)


def saved_adapters(directory: Path) -> list[tuple[str, Adapter]]:
    """The adapters that a bundle's weights need, by their registered names alone.

    Raises:
        InputError: the file is damaged, or names an adapter or a setting that isn't known.
    """
    path = directory / ADAPTERS
    if not os.path.lexists(path):
        return []
    entries = read_json(path, list[SavedAdapter])
    return [adapter_of(entry, str(path)) for entry in entries]


def adapter_of(entry: SavedAdapter, source: str) -> tuple[str, Adapter]:
    """The adapter that a file describes, and its name.

    Raises:
        InputError: the name or a setting isn't known; the message begins with the `source`.
    """
    import_all(strategies.adapters)
    known = registered("adapter")
    name = entry["name"]
    if name not in known:
        raise InputError(f"{source} names the adapter {shown(name)}; this version knows {', '.join(known)}")
    try:
        return name, known[name](**entry["settings"])
    except TypeError as error:
        raise InputError(
            f"{source}: the adapter {name!r} has other settings ({error}); copy the bundle again"
        ) from None
