"""All faults, in the order of their kinds."""

from __future__ import annotations

from collections.abc import Iterator

from fault_injection import code_execution, numbers
from fault_injection.fault import Fault
from fault_injection.place import Material

KINDS = (code_execution, numbers)


def all_faults(material: Material) -> Iterator[Fault]:
    """Every fault of every kind."""
    for kind in KINDS:
        yield from kind.faults(material)
