"""All faults, in the order of their kinds."""

from __future__ import annotations

from collections.abc import Iterator

from fault_injection import (
    changed_data,
    code_execution,
    ends_and_processes,
    flipped_bits,
    inputs,
    names,
    numbers,
    own_recordings,
    spoken_texts,
)
from fault_injection.fault import Fault
from fault_injection.place import Material

KINDS = (
    code_execution,
    ends_and_processes,
    changed_data,
    numbers,
    spoken_texts,
    names,
    flipped_bits,
    inputs,
    own_recordings,
)


def all_faults(material: Material) -> Iterator[Fault]:
    """Every fault of every kind."""
    for kind in KINDS:
        yield from kind.faults(material)
