from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from small_experiment import forget_checksums
from torch.nn.functional import normalize

from metrics.judges.judge import Judges
from metrics.judges.recorded_voiceprints import recorded_voiceprints
from metrics.metric import JUDGED_RATE, Utterance
from runners.cli.inference_arguments import ConvertArguments
from runners.inference.adapted_model import AdaptedModel, load_adapted
from runners.inference.conversion import convert, convert_file, nearest_speaker
from vits.bundle import CHECKED
from vits.checkpoint import save_tensors
from vits.common.atomic_files import default_cache_dir
from vits.common.checksums import write_manifest
from vits.common.errors import InputError
from vits.corpus.audio import read_audio

RECORDING = Path(__file__).parents[2] / "assets" / "demo_voices" / "train" / "040" / "000.opus"
N_MELS = 80
N_SPEAKERS = 7  # five base rows and two new voices
CPU = torch.device("cpu")


@pytest.fixture
def cell(finished_cell: Path, tmp_path: Path) -> Path:
    """A finished cell of which no voiceprints are known."""
    return Path(shutil.copytree(finished_cell, tmp_path / "cell"))


@pytest.fixture
def model(finished_cell: Path) -> AdaptedModel:
    return load_adapted(finished_cell, CPU)


def _convert(cell: Path, audio: Path, out: Path, **more: Any) -> np.ndarray:
    convert_file(ConvertArguments(str(cell), "041", str(audio), str(out), device="cpu", **more))
    wave, sample_rate = soundfile.read(out)
    assert sample_rate == 16000
    assert wave.ndim == 1
    return wave


def _write_voiceprints(cell: Path, known: dict[int, torch.Tensor], n_speakers: int = N_SPEAKERS) -> None:
    voiceprints = torch.zeros(n_speakers, 192)
    for speaker, voiceprint in known.items():
        voiceprints[speaker] = voiceprint
    save_tensors({"voiceprints": voiceprints}, cell / "voiceprints.safetensors")
    write_manifest(cell, CHECKED)
    forget_checksums(cell)


def test_recording_is_as_long_as_before_when_converted(
    cell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a" / "out.wav"
    converted = _convert(cell, RECORDING, out, source="040")
    assert len(converted) == len(read_audio(RECORDING, 16000))
    assert np.abs(converted).max() > 0.01
    assert capsys.readouterr().out == f"wrote {out}: 041 instead of 040\n"


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (22050, 2), (48000, 2)])
def test_recording_is_converted_when_it_has_another_rate_or_two_channels(
    rate: int, channels: int, cell: Path, tmp_path: Path
) -> None:
    wave = read_audio(RECORDING, rate)
    soundfile.write(tmp_path / "in.wav", np.stack([wave] * channels, axis=1), rate)
    converted = _convert(cell, tmp_path / "in.wav", tmp_path / "out.wav", source="040")
    assert abs(len(converted) - len(wave) / rate * 16000) <= 1


def test_conversion_is_copy_synthesis_when_source_and_target_are_one(model: AdaptedModel) -> None:
    wave = read_audio(RECORDING, 16000)
    padded = torch.from_numpy(np.pad(wave, (0, -len(wave) % 256))).unsqueeze(0)
    spectrogram = model.spec.spectrogram()(padded)
    copied = model.synthesizer.reconstruct(spectrogram, torch.tensor([spectrogram.shape[2]]), torch.tensor([5])).audio
    assert torch.allclose(convert(model, wave, 5, 5), copied[0, 0, : len(wave)].clamp(-1, 1), atol=1e-4)


def test_conversion_depends_on_both_speakers(model: AdaptedModel) -> None:
    wave = read_audio(RECORDING, 16000)
    converted = convert(model, wave, 5, 6)
    assert not torch.allclose(converted, convert(model, wave, 5, 5), atol=1e-3)
    assert not torch.allclose(converted, convert(model, wave, 0, 6), atol=1e-3)
    assert torch.equal(converted, convert(model, wave, 5, 6))  # nothing is drawn


def test_conversion_comes_back_when_source_and_target_change_places(model: AdaptedModel) -> None:
    """In the latent: the flow and its inverse undo each other."""
    synthesizer = model.synthesizer
    z, mask = torch.randn(1, 8, 20, generator=torch.Generator().manual_seed(0)), torch.ones(1, 1, 20)
    first, second = (synthesizer.speaker_embedding(torch.tensor([speaker])) for speaker in (5, 6))
    there = synthesizer.flow.inverse(synthesizer.flow(z, mask, first), mask, second)  # pyright: ignore[reportCallIssue]
    back = synthesizer.flow.inverse(synthesizer.flow(there, mask, second), mask, first)  # pyright: ignore[reportCallIssue]
    assert not torch.allclose(there, z, atol=1e-2)
    assert torch.allclose(back, z, atol=1e-4)


def test_items_are_converted_as_alone_when_batched(model: AdaptedModel) -> None:
    """But for the end of the shorter, where the decoder hears the padding."""
    generator = torch.Generator().manual_seed(0)
    spectrogram = torch.randn(2, N_MELS, 60, generator=generator)
    lengths, source, target = torch.tensor([60, 40]), torch.tensor([5, 0]), torch.tensor([6, 5])
    together = model.synthesizer.convert(spectrogram, lengths, source, target).audio
    alone = model.synthesizer.convert(spectrogram[1:, :, :40], lengths[1:], source[1:], target[1:]).audio
    assert torch.allclose(together[1:, :, : 10 * 256], alone[:, :, : 10 * 256], atol=1e-5)


@pytest.fixture
def voiceprint() -> torch.Tensor:
    """The recording's own."""
    recording = Utterance("recording", "unknown", "", read_audio(RECORDING, JUDGED_RATE), JUDGED_RATE)
    return recorded_voiceprints([recording], Judges(default_cache_dir(), CPU))[0]


@pytest.mark.parametrize(("nearest", "name"), [(6, "041"), (3, "cleo")])
def test_source_is_who_sounds_most_alike_when_none_is_given(
    nearest: int, name: str, cell: Path, model: AdaptedModel, voiceprint: torch.Tensor
) -> None:
    others = normalize(torch.randn(N_SPEAKERS, 192, generator=torch.Generator().manual_seed(0)), dim=1)
    _write_voiceprints(cell, {**dict(enumerate(others)), nearest: voiceprint})
    source = nearest_speaker(model, cell, read_audio(RECORDING, 16000))
    assert (source.id, source.label) == (nearest, f"{name} (cosine 1.00)")


def test_unknown_voices_are_no_source_when_all_others_sound_opposite(
    cell: Path, model: AdaptedModel, voiceprint: torch.Tensor
) -> None:
    _write_voiceprints(cell, {2: -voiceprint})
    assert nearest_speaker(model, cell, read_audio(RECORDING, 16000)).id == 2


def test_source_that_is_given_is_taken_when_another_sounds_more_alike(
    cell: Path, voiceprint: torch.Tensor, tmp_path: Path
) -> None:
    given = _convert(cell, RECORDING, tmp_path / "given.wav", source="040")
    _write_voiceprints(cell, {0: voiceprint})
    np.testing.assert_array_equal(_convert(cell, RECORDING, tmp_path / "again.wav", source="040"), given)
    assert not np.allclose(_convert(cell, RECORDING, tmp_path / "nearest.wav"), given, atol=1e-3)


def test_source_is_asked_for_when_no_voiceprints_are_known(cell: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"how its speakers sound .* give source=<a new voice of the cell>"):
        _convert(cell, RECORDING, tmp_path / "out.wav")
    _write_voiceprints(cell, {})
    with pytest.raises(InputError, match="how its speakers sound"):
        _convert(cell, RECORDING, tmp_path / "out.wav")
    assert not (tmp_path / "out.wav").exists()


def test_source_is_asked_for_when_voiceprints_are_of_another_model(
    cell: Path, voiceprint: torch.Tensor, tmp_path: Path
) -> None:
    _write_voiceprints(cell, {0: voiceprint}, n_speakers=3)
    with pytest.raises(InputError, match="holds 3 voiceprints for 7 speakers"):
        _convert(cell, RECORDING, tmp_path / "out.wav")


@pytest.mark.parametrize(
    ("duration_s", "message"),
    [(0.05, r"is 0.050 s long; give 0.1 s of speech or more"), (61.0, "cut it into pieces of at most 60 s")],
)
def test_recording_is_refused_when_its_length_is_out_of_range(
    duration_s: float, message: str, cell: Path, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "in.wav", np.full(int(duration_s * 16000), 0.1), 16000)
    with pytest.raises(InputError, match=message):
        _convert(cell, tmp_path / "in.wav", tmp_path / "out.wav", source="040")


def test_recording_is_converted_when_it_is_the_shortest(cell: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", read_audio(RECORDING, 16000)[8000:9600], 16000)
    assert len(_convert(cell, tmp_path / "in.wav", tmp_path / "out.wav", source="040")) == 1600


def test_silence_needs_a_source_when_converted(cell: Path, voiceprint: torch.Tensor, tmp_path: Path) -> None:
    _write_voiceprints(cell, {0: voiceprint})
    soundfile.write(tmp_path / "in.wav", np.zeros(8000), 16000)
    with pytest.raises(InputError, match="holds no sound"):
        _convert(cell, tmp_path / "in.wav", tmp_path / "out.wav")
    assert len(_convert(cell, tmp_path / "in.wav", tmp_path / "out.wav", source="040")) == 8000


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"speaker": "nobody"}, "the cell has no voice 'nobody'; choose one of 040, 041"),
        ({"source": "nobody"}, "the cell has no voice 'nobody'"),
        ({"audio": "missing.wav"}, "there is no file missing.wav"),
        ({"run": "missing"}, "missing is no finished cell"),
        ({"out": "out.raw"}, "give .wav or .flac"),
        ({"out": "a_file/out.wav"}, "can't write to a_file ("),
    ],
    ids=str,
)
def test_conversion_is_refused_when_an_argument_is_wrong(
    changed: dict[str, Any], message: str, cell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a_file").touch()
    usual = {"run": str(cell), "speaker": "041", "audio": str(RECORDING), "out": "out.wav", "source": "040"}
    with pytest.raises(InputError) as raised:
        convert_file(ConvertArguments(**{**usual, **changed}))
    assert message in str(raised.value)
    assert not Path("out.wav").exists()


def test_recording_is_converted_when_run_as_a_script(
    cell: Path, run_script: Callable[..., Any], tmp_path: Path
) -> None:
    given = (f"run={cell}", "speaker=040", f"audio={RECORDING}", "source=041")
    done = run_script("convert.py", *given, "out=my, 'own' = file.wav", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "my, 'own' = file.wav").is_file()
    done = run_script("convert.py", *given[:-1], "out=out.wav", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "give source=" in done.stderr
