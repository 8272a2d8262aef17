"""Where a folder named in the configuration lies."""

from __future__ import annotations

from pathlib import Path

import vits
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import is_folder, shown_path


def project_root() -> Path:
    """The folder that holds the packages, `conf/` and `assets/`."""
    return Path(vits.__file__).resolve().parent.parent


def resolve_folder(folder: str) -> Path:
    """The folder meant by a setting: below the current directory, or else below the project's root.

    Raises:
        InputError: it is in neither place.
    """
    given = _without_tilde(folder)
    candidates = [given] if given.is_absolute() else [Path.cwd() / given, project_root() / given]
    for candidate in candidates:
        if is_folder(candidate):
            return candidate
    tried = " and ".join(shown_path(candidate) for candidate in dict.fromkeys(candidates))
    raise InputError(f"there is no folder {shown(folder)} (looked at {tried}); give the path of an existing one")


def _without_tilde(folder: str) -> Path:
    try:
        return Path(folder).expanduser()
    except RuntimeError:  # the home of a user that doesn't exist
        return Path(folder)
