from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from runners.cli.arguments import parse_arguments
from runners.cli.inference_arguments import SpeakArguments
from runners.inference.speaking import speak_to_files
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from vits.common.errors import InputError
from vits.corpus.clip import Clip
from vits.model_spec import ModelSpec
from vits.trained_on import TrainedOn

ROOT = Path(__file__).parents[2]
LINES = ("The kettle is already singing in the kitchen.", "Yes.", "My sister plants tomatoes.", "No, thank you.")


def _speak(cell: Path, out: Path, **more: Any) -> list[Path]:
    return speak_to_files(SpeakArguments(run=str(cell), speaker="040", out=str(out), device="cpu", **more))


def _heard(path: Path) -> np.ndarray:
    wave, sample_rate = soundfile.read(path)
    assert sample_rate == 16000
    assert wave.ndim == 1
    assert np.abs(wave).max() > 0.01
    return wave


def test_sentence_is_spoken_when_given_as_text(finished_cell: Path, tmp_path: Path) -> None:
    out = tmp_path / "a" / "hello.wav"
    assert _speak(finished_cell, out, text=LINES[0]) == [out]
    assert len(_heard(out)) % 256 == 0  # whole frames


def test_sounds_that_the_model_never_heard_are_told_in_one_line(
    finished_cell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = tmp_path / "cell"
    shutil.copytree(finished_cell, cell)
    known = TrainedOn.of([Clip(Path(), "", "", "", phonemes="nˈoʊ, ðə kˈɛɾəl.")])
    (cell / "trained_on.csv").write_text(known.text, encoding="utf-8")
    (path,) = _speak(cell, tmp_path / "yes.wav", text="Yes.")
    _heard(path)
    assert capsys.readouterr().err == (
        "warning: the model was never trained on j s, which 1 of 1 texts have, the first of them 'Yes.'; there it may "
        "mumble: use other words or marks\n"
    )
    _speak(cell, tmp_path / "no.wav", text="No.")
    assert capsys.readouterr().err == ""


def test_lines_keep_their_order_when_batched_by_length(finished_cell: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("\n\n".join(LINES) + "\n", encoding="utf-8")
    together = _speak(finished_cell, tmp_path / "out", file=str(file), batch_size=2)
    assert together == [tmp_path / "out" / f"{number:04}.wav" for number in (1, 2, 3, 4)]
    for path, line in zip(together, LINES, strict=True):
        [alone] = _speak(finished_cell, tmp_path / "alone.wav", text=line)
        assert _heard(path).shape == _heard(alone).shape
        np.testing.assert_allclose(_heard(path), _heard(alone), atol=2 / 2**15)  # as 16-bit files tell
    assert len({len(_heard(path)) for path in together}) == len(LINES)  # so that an exchange would be seen


def test_lines_are_read_when_they_come_through_a_pipe(finished_cell: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "runners" / "speak.py"), f"run={finished_cell}", "speaker=041", "out=said"]
    done = subprocess.run(
        command, cwd=tmp_path, input="\n".join(LINES[:2]), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["said/0001.wav", "said/0002.wav"]
    first, second = (_heard(tmp_path / path) for path in done.stdout.splitlines())
    assert len(first) > len(second)


def test_long_text_is_its_sentences_with_pauses_when_spoken(finished_cell: Path, tmp_path: Path) -> None:
    sentences = [f"My sister plants {number} tomatoes in the garden of the old house." for number in (3, 12, 7, 3)]
    long = _heard(_speak(finished_cell, tmp_path / "long.wav", text=" ".join(sentences), batch_size=3)[0])
    alone = [_heard(_speak(finished_cell, tmp_path / "one.wav", text=sentence)[0]) for sentence in sentences]
    start = 0
    for wave in alone:
        np.testing.assert_allclose(long[start : start + len(wave)], wave, atol=2 / 2**15)
        start += len(wave)
        pause = long[start : start + int(0.23 * 16000)]
        assert not pause.any()
        start += int(0.25 * 16000) // 256 * 256
    assert start - int(0.25 * 16000) // 256 * 256 == len(long)


def test_audio_depends_on_the_seed_and_nothing_else_that_is_drawn(finished_cell: Path, tmp_path: Path) -> None:
    first, again, other = (
        _heard(_speak(finished_cell, tmp_path / f"{number}.wav", text=LINES[0], noise_scale=1.0, seed=seed)[0])
        for number, seed in enumerate((1, 1, 2))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_speech_is_longer_when_length_scale_is_above_one(finished_cell: Path, tmp_path: Path) -> None:
    usual, slow = (
        _heard(_speak(finished_cell, tmp_path / f"{scale}.wav", text=LINES[0], length_scale=scale)[0])
        for scale in (1.0, 3.0)
    )
    assert len(slow) > 1.5 * len(usual)


def test_audio_differs_when_the_voice_is_another(finished_cell: Path, tmp_path: Path) -> None:
    first, second = (tmp_path / "040.wav", tmp_path / "041.wav")
    for voice, out in (("040", first), ("041", second)):
        speak_to_files(
            SpeakArguments(run=str(finished_cell), speaker=voice, out=str(out), text=LINES[0], noise_scale=0.0)
        )
    assert _heard(first).shape != _heard(second).shape or not np.allclose(_heard(first), _heard(second), atol=1e-3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"speaker": "nobody"}, "the cell has no voice 'nobody'; choose one of 040, 041"),
        ({"text": "..."}, "the text '...' has nothing that can be spoken"),
        ({"text": "  "}, "there is no text to speak"),
        ({"file": "lines.txt"}, "both text and file are given"),
        ({"text": None, "file": "missing.txt"}, "there is no file missing.txt"),
        ({"run": "missing"}, "missing is no finished cell (no cell at all)"),
        ({"device": "tpu"}, "device=tpu is unknown"),
        ({"out": "voice.raw"}, "give .wav or .flac"),
        ({"out": "voice"}, "give .wav or .flac"),
        ({"out": "a_file/voice.wav"}, "can't write to a_file ("),
        ({"speaker": None}, "whose voice? give run=<a finished cell> speaker=<its voice>, or pack=<a .voice file>"),
        ({"pack": "a.voice"}, "pack=... has its voice in it; leave out run and speaker, or leave out pack"),
        ({"run": None, "speaker": None, "pack": "a.voice"}, "no voice pack at a.voice; give a .voice file"),
        ({"batch_size": 0}, "batch_size=0 must be a whole number of at least 1"),
        ({"length_scale": 0.0}, "length_scale=0.0 must be a finite number of at least 0.1"),
        ({"length_scale": -1.0}, "length_scale=-1.0 must be a finite number of at least 0.1"),
        ({"length_scale": math.inf}, "length_scale=inf must be a finite number of at least 0.1"),
        ({"length_scale": 1e-300}, "length_scale=1e-300 must be a finite number of at least 0.1 and of at most 10"),
        ({"length_scale": 1e300}, "length_scale=1e+300 must be a finite number of at least 0.1 and of at most 10"),
        ({"noise_scale": 100.0}, "noise_scale=100.0 must be a finite number of at least 0 and of at most 3"),
        ({"text": "你好"}, "nothing of the text '你好' can be read by a voice of the language en-us; write it in"),
        ({"text": "Привет, мир!"}, "nothing of the text 'Привет, мир!' can be read by a voice"),
        ({"text": "שלום"}, "can be read by a voice of the language en-us"),
        ({"length_scale": math.nan}, "length_scale=nan must be a finite number of at least 0.1"),
        ({"noise_scale": -0.1}, "noise_scale=-0.1 must be a finite number of at least 0"),
        ({"noise_scale": math.nan}, "noise_scale=nan must be a finite number of at least 0"),
    ],
    ids=str,
)
def test_speaking_is_refused_when_an_argument_is_wrong(
    changed: dict[str, Any], message: str, finished_cell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a_file").touch()
    usual = {"run": str(finished_cell), "speaker": "040", "out": "voice.wav", "text": "Hello.", "device": "cpu"}
    with pytest.raises(InputError) as raised:
        speak_to_files(SpeakArguments(**{**usual, **changed}))
    assert message in str(raised.value)
    assert not list(tmp_path.glob("*.wav"))


def test_letters_are_named_when_a_voice_cannot_read_them(
    finished_cell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("Hello.\nSay 你好 to Жанна, José.\n", encoding="utf-8")
    assert len(_speak(finished_cell, tmp_path / "out", file=str(file))) == 2
    told = capsys.readouterr().err
    assert told.startswith("warning: a voice of the language en-us can't read 你, 好, Ж, а, н in 1 of 2 texts, ")
    assert told.count("\n") == 1


def test_speaking_is_refused_when_a_line_of_several_has_nothing_to_say(finished_cell: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("Hello.\n?!\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"the text '\?!' has nothing that can be spoken"):
        _speak(finished_cell, tmp_path / "out", file=str(file))
    assert not (tmp_path / "out").exists()


def test_speaking_is_refused_when_lines_would_go_into_a_file(finished_cell: Path, tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("Hello.\n", encoding="utf-8")
    with pytest.raises(InputError, match="is a file; give a folder for 1 lines"):
        _speak(finished_cell, file, file=str(file))
    assert file.read_text(encoding="utf-8") == "Hello.\n"


def test_speaking_is_refused_when_the_cell_is_not_finished(small_spec: ModelSpec, tmp_path: Path) -> None:
    CellFolder(tmp_path / "cell").begin(Identity({"model": dict(small_spec.parts)}), "", speaker_ids={"040": 0})
    with pytest.raises(InputError, match=r"is no finished cell \(running\)"):
        _speak(tmp_path / "cell", tmp_path / "voice.wav", text="Hello.")


@pytest.mark.parametrize(
    "text", ["One, two, three.", "He said 'no', she said \"yes\".", "a=b, c=d", "[x] {y: z}", "", "true", "12"]
)
def test_text_is_taken_as_it_is_when_it_has_marks(text: str) -> None:
    arguments = parse_arguments(
        SpeakArguments, ["run=runs/strategy=nearest,seed=0", "speaker=040", "out=o", f"text={text}"]
    )
    assert arguments.text == text
    assert arguments.run == "runs/strategy=nearest,seed=0"
    assert arguments.speaker == "040"
    assert arguments.file is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run=r", "speaker=s"], "out=... is missing (the audio file to write"),
        (
            ["run=r", "speaker=s", "out=o", "txt=hello"],
            "'txt=hello' is no argument; give name=value with one of out, run,",
        ),
        (["run=r", "speaker=s", "out=o", "hello"], "'hello' is no argument"),
    ],
    ids=str,
)
def test_arguments_are_refused_when_a_name_or_value_is_wrong(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_arguments(SpeakArguments, arguments)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("speaker=x", "the cell has no voice 'x'; choose one of 040, 041"),
        ("seed=one", "seed=one is not allowed; give a whole number"),
    ],
)
def test_mistake_is_told_in_one_line_when_it_is_made(
    wrong: str, told: str, finished_cell: Path, run_here: Callable[..., Any], tmp_path: Path
) -> None:
    text = "text=Hi, you='me'."
    done = run_here("speak.py", f"run={finished_cell}", "speaker=040", "out=o.wav", text, wrong, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"error: {told}\n"


def test_numbers_are_taken_when_given(finished_cell: Path, run_here: Callable[..., Any], tmp_path: Path) -> None:
    given = ("speaker=040", "out=o.wav", "text=It's 3, or 'four'.", "noise_scale=0", "length_scale=1.5", "seed=7")
    done = run_here("speak.py", f"run={finished_cell}", *given, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "o.wav\n"), done.stderr
    _heard(tmp_path / "o.wav")
