from __future__ import annotations

import codecs
import io
from pathlib import Path

import pytest

from runners.cli.inference_arguments import SpeakArguments
from runners.inference.adapted_model import load_adapted
from runners.inference.speaking import speak_to_files
from vits.common.errors import InputError

LINES = "Grüße aus Köln.\nNoch eine Zeile."
READABLE = {
    "UTF-8": LINES.encode(),
    "UTF-8 with a mark": codecs.BOM_UTF8 + LINES.encode(),
    "UTF-16": codecs.BOM_UTF16_LE + LINES.encode("utf-16-le"),
    "UTF-16, the other way": codecs.BOM_UTF16_BE + LINES.encode("utf-16-be"),
}
REFUSED = {
    "Latin-1": (LINES.encode("latin-1"), ":1: not UTF-8 but Latin-1 or Windows-1252; save it as UTF-8"),
    "UTF-16 without a mark": (LINES.encode("utf-16-le"), "not UTF-8 but"),
    "half of UTF-16": ((codecs.BOM_UTF16_LE + LINES.encode("utf-16-le"))[:-1], "not UTF-8 but damaged UTF-16"),
    "garbage": (bytes(range(256)), "not UTF-8 but binary data"),
    "nothing": (b"", "there is no text to speak"),
}


@pytest.fixture(params=["file", "stdin"])
def speak(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished_cell: Path
) -> object:
    """Speaks bytes that lie in a file, or come from standard input."""

    def run(content: bytes) -> list[Path]:
        file = tmp_path / "lines.txt"
        file.write_bytes(content)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        given = {"file": str(file)} if request.param == "file" else {}
        return speak_to_files(
            SpeakArguments(run=str(finished_cell), speaker="040", out=str(tmp_path / "out"), device="cpu", **given)
        )

    return run


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_lines_are_spoken_when_their_encoding_can_be_seen(content: bytes, speak: object) -> None:
    assert [path.name for path in speak(content)] == ["0001.wav", "0002.wav"]  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(("content", "told"), REFUSED.values(), ids=REFUSED)
def test_text_is_refused_in_one_line_when_its_encoding_cannot(content: bytes, told: str, speak: object) -> None:
    with pytest.raises(InputError, match=told) as error:
        speak(content)  # pyright: ignore[reportCallIssue]
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"- 1", b"data: 3", b"data: {language: [1]}", b"a: *a", None]
)
def test_voice_is_refused_in_one_line_when_its_configuration_is_damaged(
    content: bytes | None, finished_cell: Path, tmp_path: Path
) -> None:
    import shutil

    import torch
    from small_experiment import forget_checksums

    cell = Path(shutil.copytree(finished_cell, tmp_path / "cell"))
    forget_checksums(cell)
    (cell / "config.yaml").unlink()
    if content is None:
        (cell / "config.yaml").mkdir()
    else:
        (cell / "config.yaml").write_bytes(content)
    with pytest.raises(InputError, match=r"config\.yaml") as error:
        load_adapted(cell, torch.device("cpu"))
    assert "\n" not in str(error.value)
