"""Whether what is installed is what `requirements.lock` names: then two cells can be seen to have run on the same."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from vits.common.atomic_files import content_key

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"


@cache
def lock_of_environment(lock: Path = LOCK) -> str | None:
    """The hash of the lock's pins if each of them is installed as it says; None if one isn't, or there is no lock."""
    if not lock.is_file():
        return None
    pins = locked_versions(lock)
    if any(_installed(name) != wanted for name, wanted in pins.items()):
        return None
    return content_key(f"{name}=={wanted}".encode() for name, wanted in sorted(pins.items()))


def locked_versions(lock: Path) -> dict[str, str]:
    """The version of each package that a lock names."""
    lines = (line.strip() for line in lock.read_text(encoding="utf-8").splitlines())
    pins = (line.partition("==") for line in lines if line and not line.startswith(("#", "-")))
    return {name: wanted for name, _, wanted in pins}


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
