"""Pickles with code in them, in the places where commands read checkpoints and tensors."""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from fault_injection.fault import End, Fault
from fault_injection.place import Place
from fault_injection.process import Command


class Calls:
    """What a pickle makes of it is the result of a call."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call


def _touching(canary: Path) -> Calls:
    import os

    return Calls(os.system, f"touch {canary}")


def _evaluating(canary: Path) -> Calls:
    return Calls(eval, f"open({str(canary)!r}, 'w')")


def _loading(canary: Path) -> Calls:
    import importlib

    return Calls(importlib.import_module, "antigravity")


ATTACKS: Mapping[str, Callable[[Path], Calls]] = {"system": _touching, "eval": _evaluating, "import": _loading}


def pickle_faults(kind: str) -> Iterator[Fault]:
    """Checkpoints that call something, in every file that is read."""
    for name, attack in ATTACKS.items():
        for file in ("G_1.pth", "D_1.pth", "DUR_1.pth"):
            yield Fault(
                kind,
                f"{file} calls {name} beside its tensors",
                lambda place, file=file, attack=attack: _in_checkpoint(place, file, attack),
                End.WELL,
            )
    yield Fault(kind, "G_1.pth calls system in the place of its tensors", _for_tensors)
    yield Fault(kind, "G_1.pth is a plain pickle", _plain_pickle)
    yield Fault(kind, "G_1.pth holds a class by number", _by_number)
    yield Fault(kind, "G_1.pth recurses through REDUCE", _deep_pickle)
    yield Fault(kind, "G_1.pth is a TorchScript archive", _torch_script)
    yield Fault(kind, "G_1.pth unpacks to much more than it is", _zip_bomb)
    for file, end in (("state.safetensors", End.REFUSED), ("best.safetensors", End.RIGHT_OR_REFUSED)):
        yield Fault(kind, f"{file} of a stopped cell is a pickle", lambda place, file=file: _state(place, file), end)
    yield Fault(kind, "a pretraining's state is a pickle", _pretraining_state, End.REFUSED)
    yield Fault(kind, "a voice pack is a pickle", _pack)
    yield Fault(kind, "generator.safetensors is a pickle", _generator)


def importing(place: Place, *more: str) -> Command:
    """The command that reads the reference's files."""
    place.take("checkpoints")
    given = [f"{name}=checkpoints/{name}_1.pth" for name in ("G", "D", "DUR")]
    fixed = ("config=checkpoints/config.json", "filelist=checkpoints/list.txt", "out=out/bundle")
    return place.command("import_checkpoint.py", *given, *fixed, *more)


def _in_checkpoint(place: Place, file: str, attack: Callable[[Path], Calls]) -> Command:
    path = place.take("checkpoints") / file
    content: dict[str, Any] = torch.load(path, weights_only=True)
    path.unlink()  # it may be a link to the material
    content.pop("optimizer", None)
    torch.save(content | {"learning_rate": attack(place.canary), "hps": attack(place.canary)}, path)
    return importing(place)


def _for_tensors(place: Place) -> Command:
    path = place.take("checkpoints") / "G_1.pth"
    torch.save({"model": _touching(place.canary), "iteration": 1}, path)
    return importing(place)


def _plain_pickle(place: Place) -> Command:
    path = place.take("checkpoints") / "G_1.pth"
    path.write_bytes(pickle.dumps({"model": _touching(place.canary)}))
    return importing(place)


def _with_pickle(place: Place, content: bytes) -> Command:
    """G_1.pth with another pickle in its archive."""
    path = place.take("checkpoints") / "G_1.pth"
    changed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, content if entry.endswith("data.pkl") else old.read(entry))
    path.write_bytes(changed.getvalue())
    return importing(place)


def _by_number(place: Place) -> Command:
    return _with_pickle(place, b"\x80\x02\x82\x01)R.")


def _deep_pickle(place: Place) -> Command:
    nested = b"\x80\x02" + b"(" * 200_000 + b"t" * 200_000 + b"."
    assert next(pickletools.genops(nested[:3]), None)
    return _with_pickle(place, nested)


def _torch_script(place: Place) -> Command:
    path = place.take("checkpoints") / "G_1.pth"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), str(path))
    return importing(place)


def _zip_bomb(place: Place) -> Command:
    path = place.take("checkpoints") / "G_1.pth"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("archive/data.pkl", "w", force_zip64=True) as file,
    ):
        for _ in range(200):  # of 1 MiB here; the header claims as much
            file.write(bytes(2**20))
    return importing(place)


def _state(place: Place, file: str) -> Command:
    place.take("stopped")
    (cell,) = (path.parent for path in (place.folder / "stopped" / "small").glob("*/cell.json"))
    (cell / file).write_bytes(pickle.dumps({"step": _touching(place.canary)}))
    return place.grid("results=stopped")


def _pretraining_state(place: Place) -> Command:
    states = place.take("pretraining") / "base" / "state"
    for path in states.glob("*.safetensors"):
        path.write_bytes(pickle.dumps({"step": _touching(place.canary)}))
    return place.pretrain("steps=3")


def _pack(place: Place) -> Command:
    path = place.take("base", "packs") / "040.voice"
    path.write_bytes(pickle.dumps({"row": _touching(place.canary)}))
    return place.command("speak.py", "pack=packs/040.voice", "base=base", "text=Hello.", "out=out/a.wav", "device=cpu")


def _generator(place: Place) -> Command:
    from fault_injection.forging import forge_bundle

    base = place.take("base")
    torch.save({"weight": _touching(place.canary)}, base / "generator.safetensors")
    forge_bundle(base)
    return place.grid("name=attacked")
