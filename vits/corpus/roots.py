"""Where a folder named in the configuration lies."""

from __future__ import annotations

from pathlib import Path

import vits
from vits.common.errors import InputError


def project_root() -> Path:
    """The folder that holds the packages, `conf/` and `assets/`."""
    return Path(vits.__file__).resolve().parent.parent


def resolve_folder(folder: str) -> Path:
    """The folder meant by a setting: below the current directory, or else below the project's root.

    Raises:
        InputError: it is in neither place.
    """
    given = Path(folder).expanduser()
    candidates = [given] if given.is_absolute() else [Path.cwd() / given, project_root() / given]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    tried = " and ".join(str(candidate) for candidate in dict.fromkeys(candidates))
    raise InputError(f"there is no folder {folder!r} (looked at {tried}); give the path of an existing one")
