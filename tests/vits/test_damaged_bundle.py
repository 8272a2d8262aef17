"""Bundles with damaged files: each is refused in one line that names the file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from bundle_files import MODEL_FILES

from vits.bundle import Bundle, load_bundle, save_bundle
from vits.checkpoint import load_tensors, save_tensors
from vits.common.checksums import MANIFEST
from vits.common.errors import InputError

BOMB = "a: &a [x, x]\n" + "\n".join(f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
MERGED = "a: &a {k: 1}\nb: &b {<<: [*a, *a]}\n"
NO_MODELS = {
    "empty": b"",
    "garbage": b"\x00\x01\x02",
    "not UTF-8": b"a: \xff",
    "cut off": b"text_encoder: {name: plain",
    "aliases": BOMB.encode(),
    "merge keys": MERGED.encode(),
    "endless": b"&a [*a]",
    "tag": b"a: !!python/object/apply:os.mkdir [x]",
    "deep": b"[" * 5000,
    "large": b"a: 1\n" * 100_000,
    "no date": b"a: 2001-99-99",
    "long number": b"a: " + b"9" * 5000,
    "repeated key": b"flow: 1\nflow: 2",
    "list": b"- 1",
    "number": b"3",
    "unhashable key": b"? [a]\n: b",
    "wrong tag": b"a: !!int x",
    "wrong flag": b"a: !!bool x",
}
NO_TABLES = (
    b"",
    b"\xff\xfe",
    b"name|utterances\nanna|\xc2\xb2",
    b"name|utterances\nanna|" + b"9" * 5000,
    b"\x00" * 100,
)


def refusal(bundle: Path) -> str:
    """The error's message, which is one line and not long."""
    with pytest.raises(InputError) as error:
        load_bundle(bundle)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (lambda sums: None, "is missing or empty, without the checksum of model.yaml"),
        (lambda sums: {}, "is missing or empty, without the checksum of model.yaml"),
        (lambda sums: {**sums, "speakers.csv": None}, "lacks the checksum of speakers.csv"),
        (lambda sums: {**sums, "adversary.safetensors": None}, "lacks the checksum of adversary.safetensors"),
    ],
)
def test_bundle_is_refused_when_a_file_has_no_checksum(
    lost: Callable[[dict[str, str]], dict[str, str | None] | None], told: str, bundle: Bundle, tmp_path: Path
) -> None:
    save_bundle(bundle, tmp_path, "# Card\n")
    path = tmp_path / MANIFEST
    left = lost(json.loads(path.read_text(encoding="utf-8")))
    if left is None:
        path.unlink()
    else:
        path.write_text(json.dumps({name: known for name, known in left.items() if known}), encoding="utf-8")
    assert told in refusal(tmp_path)


@pytest.mark.parametrize("file", [name for name in MODEL_FILES if name.endswith(".safetensors")])
def test_bundle_is_refused_when_weights_are_damaged(file: str, saved: Path) -> None:
    content = (saved / file).read_bytes()
    (saved / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=rf"{file} is no readable safetensors file"):
        load_bundle(saved)


@pytest.mark.parametrize("content", NO_MODELS.values(), ids=NO_MODELS)
def test_one_line_is_said_when_the_model_is_damaged(content: bytes, saved: Path) -> None:
    (saved / "model.yaml").write_bytes(content)
    assert "model.yaml" in refusal(saved)


@pytest.mark.parametrize("content", NO_TABLES)
def test_one_line_is_said_when_the_speakers_are_damaged(content: bytes, saved: Path) -> None:
    (saved / "speakers.csv").write_bytes(content)
    assert "speakers.csv" in refusal(saved)


@pytest.mark.parametrize("file", [*MODEL_FILES, "optimizer.safetensors"])
def test_one_line_is_said_when_a_folder_is_in_a_files_place(file: str, saved: Path) -> None:
    (saved / file).unlink(missing_ok=True)
    (saved / file).mkdir()
    assert file in refusal(saved)


@pytest.mark.parametrize("file", MODEL_FILES)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.8])
def test_one_line_is_said_when_a_file_is_cut_off(file: str, share: float, saved: Path) -> None:
    content = (saved / file).read_bytes()
    (saved / file).write_bytes(content[: int((len(content) - 1) * share)])  # a last line without its end is whole
    assert refusal(saved)


@pytest.mark.parametrize("file", ["generator.safetensors", "adversary.safetensors", "voiceprints.safetensors"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_tensor_is_named_when_it_is_not_finite(file: str, value: float, saved: Path) -> None:
    tensors = load_tensors(saved / file)
    name = max(tensors)
    tensors[name].view(-1)[-1] = value
    save_tensors(tensors, saved / file)
    with pytest.raises(InputError, match=rf"{file} holds no usable weights: 1 tensors are NaN or infinite \({name}\)"):
        load_bundle(saved)


@pytest.mark.parametrize("kind", [torch.int64, torch.complex64, torch.float8_e4m3fn])
def test_tensor_is_named_when_its_numbers_are_no_weights(kind: torch.dtype, saved: Path) -> None:
    tensors = load_tensors(saved / "generator.safetensors")
    name = min(tensors)
    save_tensors({**tensors, name: tensors[name].to(kind)}, saved / "generator.safetensors")
    with pytest.raises(InputError, match=rf"1 tensors are (complex|of whole numbers|of fewer than 16 bits) \({name}\)"):
        load_bundle(saved)


def test_bundle_is_refused_when_there_is_a_pipe_in_a_files_place(saved: Path) -> None:
    (saved / "generator.safetensors").unlink()
    os.mkfifo(saved / "generator.safetensors")  # which nobody writes to, so that opening it would wait for ever
    with pytest.raises(InputError, match=r"lacks generator\.safetensors"):
        load_bundle(saved)
