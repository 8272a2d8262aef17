"""Other projects' checkpoint files, read so that nothing in them can run.

`torch.save` writes a zip archive: a pickle that says what is where, and the numbers of each tensor in a file of its
own. A pickle names classes and functions to call. Here those of tensors and of ordered dictionaries are known, and
any other becomes an `Inert`, an empty object that does nothing, whatever is done to it.
"""

from __future__ import annotations

import math
import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import torch
from torch import Tensor

PICKLE = "data.pkl"
LARGEST_PICKLE_BYTES = 64 * 1024**2
BY_NUMBER = (pickle.EXT1[0], pickle.EXT2[0], pickle.EXT4[0])  # instructions that name classes by a number
DTYPES: Mapping[str, torch.dtype] = MappingProxyType(
    {
        "FloatStorage": torch.float32,
        "DoubleStorage": torch.float64,
        "HalfStorage": torch.float16,
        "BFloat16Storage": torch.bfloat16,
        "LongStorage": torch.int64,
        "IntStorage": torch.int32,
        "ShortStorage": torch.int16,
        "CharStorage": torch.int8,
        "ByteStorage": torch.uint8,
        "BoolStorage": torch.bool,
        "ComplexFloatStorage": torch.complex64,
        "ComplexDoubleStorage": torch.complex128,
    }
)


class Inert:
    """What stands for an object of a class that isn't known. Nothing is kept of what the object held."""

    __slots__ = ()


@dataclass(frozen=True)
class _Storage:
    """The numbers of one or several tensors, one after the other."""

    numbers: Tensor


def _rebuilt(storage: object, offset: int, size: Any, stride: Any, *rest: object) -> Tensor:
    """What `torch._utils._rebuild_tensor_v2` does: a view of a storage, which must lie inside of it."""
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor has no storage")
    if math.prod(size) > storage.numbers.numel():  # a stride of 0 could claim any size
        raise pickle.UnpicklingError("a tensor is larger than its storage")
    return torch.as_strided(storage.numbers, tuple(size), tuple(stride), offset)


def _unwrapped(tensor: object, *rest: object) -> object:
    """The tensor that a parameter wraps."""
    return tensor


def _ordered(items: Any = ()) -> dict[Any, Any]:
    """An ordered dictionary, which any is."""
    return {_as_key(key): value for key, value in items}


def _inert(*arguments: object) -> Inert:
    return Inert()


CALLED: Mapping[tuple[str, str], Callable[..., object]] = MappingProxyType(
    {
        ("collections", "OrderedDict"): _ordered,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
        ("torch._utils", "_rebuild_tensor"): _rebuilt,
        ("torch._utils", "_rebuild_parameter"): _unwrapped,
        ("torch._utils", "_rebuild_parameter_with_state"): _unwrapped,
        ("torch", "Size"): tuple,
    }
)


@dataclass(frozen=True)
class _Named:
    """A class or function that a pickle names; what calling it gives."""

    called: Callable[..., object]
    dtype: torch.dtype | None = None


class _InertUnpickler(pickle._Unpickler):  # the one written in Python, whose every instruction can be restricted
    """Reads the pickle of a checkpoint. Of what it may do with objects only the harmless is left."""

    stack: list[Any]
    append: Callable[[object], None]
    pop_mark: Callable[[], list[Any]]
    readline: Callable[[], bytes]

    def __init__(self, content: bytes, records: _Records) -> None:
        super().__init__(BytesIO(content), encoding="utf-8", errors="replace")
        self._records = records

    def find_class(self, module_name: str, global_name: str) -> _Named:
        dtype = DTYPES.get(global_name) if module_name == "torch" else None
        return _Named(CALLED.get((module_name, global_name), _inert), dtype)

    def persistent_load(self, pid: Any) -> _Storage:
        if not isinstance(pid, tuple) or len(pid) != 5 or pid[0] != "storage" or not isinstance(pid[1], _Named):
            raise pickle.UnpicklingError("a storage is described in a way that isn't read here")
        if pid[1].dtype is None:
            raise pickle.UnpicklingError("a storage holds numbers of a kind that isn't read here")
        return _Storage(self._records.numbers(str(pid[2]), pid[1].dtype))

    def _call(self, named: object, arguments: object) -> object:
        if not isinstance(named, _Named) or not isinstance(arguments, tuple):
            raise pickle.UnpicklingError("something is called that is no class or function")
        return named.called(*arguments)

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = self._call(self.stack[-1], arguments)

    def load_newobj_ex(self) -> None:
        self.stack.pop()  # arguments by name
        self.load_reduce()

    def load_inst(self) -> None:
        module_name, global_name = (self.readline()[:-1].decode("ascii", "replace") for _ in range(2))
        arguments = tuple(self.pop_mark())
        self.append(self._call(self.find_class(module_name, global_name), arguments))

    def load_obj(self) -> None:
        named, *arguments = self.pop_mark()
        self.append(self._call(named, tuple(arguments)))

    def load_build(self) -> None:
        self.stack.pop()  # a state changes an object, and none that is known has one

    def load_append(self) -> None:
        item = self.stack.pop()
        self._extend([item])

    def load_appends(self) -> None:
        self._extend(self.pop_mark())

    def _extend(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)

    def load_setitem(self) -> None:
        value = self.stack.pop()
        self._set([self.stack.pop(), value])

    def load_setitems(self) -> None:
        self._set(self.pop_mark())

    def _set(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], dict):
            self.stack[-1].update({_as_key(key): value for key, value in zip(items[::2], items[1::2], strict=True)})

    def load_dict(self) -> None:
        items = self.pop_mark()
        self.append({})
        self._set(items)

    def load_additems(self) -> None:
        items = self.pop_mark()
        if isinstance(self.stack[-1], set):
            self.stack[-1].update(_as_key(item) for item in items)

    def load_frozenset(self) -> None:
        self.append(frozenset(_as_key(item) for item in self.pop_mark()))

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        **{code: load for code, load in pickle._Unpickler.dispatch.items() if code not in BY_NUMBER},
        pickle.REDUCE[0]: load_reduce,
        pickle.NEWOBJ[0]: load_reduce,
        pickle.NEWOBJ_EX[0]: load_newobj_ex,
        pickle.INST[0]: load_inst,
        pickle.OBJ[0]: load_obj,
        pickle.BUILD[0]: load_build,
        pickle.APPEND[0]: load_append,
        pickle.APPENDS[0]: load_appends,
        pickle.SETITEM[0]: load_setitem,
        pickle.SETITEMS[0]: load_setitems,
        pickle.DICT[0]: load_dict,
        pickle.ADDITEMS[0]: load_additems,
        pickle.FROZENSET[0]: load_frozenset,
    }


def _as_key(value: Any) -> Any:
    """A value as a key; of nested tuples, which can take forever to hash, none is a key."""
    if isinstance(value, tuple) and any(isinstance(item, (tuple, frozenset)) for item in value):
        return Inert()
    return Inert() if isinstance(value, (frozenset, Tensor, _Named, _Storage)) else value


class _Records:
    """The files of a checkpoint's archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = [name for name in archive.namelist() if name == PICKLE or name.endswith(f"/{PICKLE}")]
        if len(names) != 1:
            raise zipfile.BadZipFile(f"the archive has {len(names)} files {PICKLE} instead of one")
        self._folder = names[0].removesuffix(PICKLE)
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            raise zipfile.BadZipFile("its files are compressed, as no checkpoint's are")
        if self._text("byteorder", "little") != "little":
            raise zipfile.BadZipFile("its numbers are big-endian")
        self._known: dict[tuple[str, torch.dtype], Tensor] = {}

    def pickled(self) -> bytes:
        info = self._archive.getinfo(f"{self._folder}{PICKLE}")
        if info.file_size > LARGEST_PICKLE_BYTES:
            raise zipfile.BadZipFile(f"its {PICKLE} has {info.file_size} bytes")
        return self._archive.read(info)

    def numbers(self, key: str, dtype: torch.dtype) -> Tensor:
        """The numbers of a storage; the same tensor each time, as checkpoints share storages."""
        if (key, dtype) not in self._known:
            content = bytearray(self._archive.read(f"{self._folder}data/{key}"))
            whole = len(content) // dtype.itemsize * dtype.itemsize
            self._known[key, dtype] = (
                torch.frombuffer(content[:whole], dtype=dtype) if whole else torch.empty(0, dtype=dtype)
            )
        return self._known[key, dtype]

    def _text(self, name: str, default: str) -> str:
        if f"{self._folder}{name}" not in self._archive.namelist():
            return default
        return self._archive.read(f"{self._folder}{name}").decode("ascii", "replace").strip()


def read_inertly(path: Path) -> Any:
    """What a checkpoint file holds: tensors on the CPU and plain containers, with `Inert` for all else.

    Files from before PyTorch 1.6 are no archives; of them only those without any other class are read.

    Raises:
        pickle.UnpicklingError, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError,
        RuntimeError, EOFError, OSError: the file is damaged.
    """
    if not zipfile.is_zipfile(path):
        return torch.load(path, map_location="cpu", weights_only=True)
    with zipfile.ZipFile(path) as archive:
        records = _Records(archive)
        return _InertUnpickler(records.pickled(), records).load()
