"""Packages that only some metrics and entry points need."""

from __future__ import annotations

import importlib
from types import ModuleType

from vits.common.errors import InputError


def require(module: str, extra: str, needed_by: str) -> ModuleType:
    """A package that comes with an extra of this project.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise  # it is installed, and something that it needs is not
        raise InputError(
            f"{needed_by} needs the package {error.name}, which is not installed; "
            f"pip install 'voicegrid[{extra}]', or do without it"
        ) from None
