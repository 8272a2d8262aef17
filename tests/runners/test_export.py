from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jaxtyping
import onnx
import onnxruntime
import pytest
import torch

from runners.cli.inference_arguments import ExportArguments
from runners.inference.adapted_model import load_adapted
from runners.inference.onnx_export import OUTPUTS
from runners.inference.voice_formats import export_cell
from runners.results.finished_bundle import load_finished
from strategies.adapters.lora import LoRA
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.synthesizer import Synthesizer
from vits.text.symbols import SYMBOLS

CPU = torch.device("cpu")
LATENT = 8  # channels of the small model
TOLERANCE = 1e-3
OF_PEAK = 1e-5
BASE_AND_NEW = ("ada", "ben", "nobody", "cleo", "dan", "040", "041")


@pytest.fixture(scope="module")
def exported(finished_cell: Path, run_script: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished cell as the entry point writes it."""
    folder = tmp_path_factory.mktemp("exported")
    done = run_script("export.py", f"run={finished_cell}", "out=here/voice.onnx", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("wrote here/voice.onnx (")
    assert done.stderr == ""
    return folder / "here" / "voice.onnx"


def _speak_both(
    session: onnxruntime.InferenceSession,
    synthesizer: Synthesizer,
    lengths: Sequence[int],
    *,
    noise_scale: float = 0.0,
    length_scale: float = 1.0,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The audio of random tokens from PyTorch and from ONNX Runtime, of equal shapes and with equal lengths.

    PyTorch's noise is drawn by a generator, and the same is given to the runtime.
    """
    generator = torch.Generator().manual_seed(sum(lengths))
    tokens = torch.randint(0, len(SYMBOLS), (len(lengths), max(lengths)), generator=generator)
    speaker = torch.randint(0, 7, (len(lengths),), generator=generator)
    speech = synthesizer.infer(
        tokens,
        torch.tensor(lengths),
        speaker,
        noise_scale=noise_scale,
        duration_noise_scale=0.0,
        length_scale=length_scale,
        generator=torch.Generator().manual_seed(9),
    )
    noise = torch.randn(speech.z.shape, generator=torch.Generator().manual_seed(9))
    audio, its_lengths = session.run(
        OUTPUTS,
        _inputs(tokens, lengths, speaker, noise, noise_scale=noise_scale, length_scale=length_scale),
    )
    assert its_lengths.tolist() == speech.lengths.tolist()
    assert audio.shape == speech.audio.shape
    return speech.audio, torch.from_numpy(audio)


def _inputs(
    tokens: torch.Tensor,
    lengths: Sequence[int],
    speaker: torch.Tensor,
    noise: torch.Tensor,
    *,
    noise_scale: float,
    duration_noise_scale: float = 0.0,
    length_scale: float = 1.0,
) -> dict[str, Any]:
    inputs = {
        "tokens": tokens,
        "token_lengths": torch.tensor(lengths),
        "speaker": speaker,
        "noise": noise,
        "noise_scale": torch.tensor([noise_scale]),
        "duration_noise_scale": torch.tensor([duration_noise_scale]),
        "length_scale": torch.tensor([length_scale]),
    }
    return {name: value.numpy() for name, value in inputs.items()}


@pytest.mark.parametrize(
    "lengths", [(1,), (2,), (11,), (40,), (11, 7, 5), (1, 23), (3, 3, 3, 3, 3), (9, 64, 1, 30)], ids=str
)
@pytest.mark.parametrize("noise_scale", [0.0, 0.667])
def test_audio_is_pytorchs_when_batch_and_lengths_are_others_than_traced(
    exported: Path, finished_cell: Path, lengths: Sequence[int], noise_scale: float
) -> None:
    synthesizer = load_adapted(finished_cell, CPU).synthesizer
    expected, audio = _speak_both(_session(exported), synthesizer, lengths, noise_scale=noise_scale)
    assert (expected - expected.mean()).abs().max() > 20 * TOLERANCE  # otherwise the next line says little
    assert (audio - expected).abs().max() < TOLERANCE


def _assert_alone_as_batched(session: onnxruntime.InferenceSession, lengths: Sequence[int]) -> None:
    """Each sentence's audio is to 1e-5 of its peak what it is when it is spoken alone, and silence follows it."""
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(1, len(SYMBOLS), (len(lengths), max(lengths)), generator=generator)
    speaker = torch.arange(len(lengths)) % len(BASE_AND_NEW)
    noise = torch.randn(len(lengths), LATENT, 20 * max(lengths), generator=generator)
    audio, ends = session.run(OUTPUTS, _inputs(tokens, lengths, speaker, noise, noise_scale=0.667))
    for item, length in enumerate(lengths):
        only = slice(item, item + 1)
        inputs = _inputs(tokens[only, :length], [length], speaker[only], noise[only], noise_scale=0.667)
        alone, (end,) = session.run(OUTPUTS, inputs)
        assert end == ends[item] == alone.shape[2]
        assert abs(audio[item, :, :end] - alone[0]).max() <= OF_PEAK * abs(alone).max()
        assert not audio[item, :, end:].any()


@pytest.mark.parametrize("lengths", [(1, 23), (11, 7, 5), (9, 64, 1, 30)], ids=str)
def test_audio_is_that_of_a_sentence_alone_when_it_is_spoken_in_a_batch(exported: Path, lengths: Sequence[int]) -> None:
    _assert_alone_as_batched(_session(exported), lengths)


@pytest.mark.parametrize("length_scale", [0.01, 0.5, 1.7, 4.0])
def test_audio_is_pytorchs_when_time_is_stretched(exported: Path, finished_cell: Path, length_scale: float) -> None:
    synthesizer = load_adapted(finished_cell, CPU).synthesizer
    expected, audio = _speak_both(_session(exported), synthesizer, (13, 6), noise_scale=1.0, length_scale=length_scale)
    assert (audio - expected).abs().max() < TOLERANCE


def _session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_runtime_draws_the_noise_when_none_is_given(exported: Path) -> None:
    session = _session(exported)
    tokens = torch.arange(12).unsqueeze(0)

    def speak(noise_scale: float, given: int) -> torch.Tensor:
        noise = torch.zeros(1, LATENT, given)
        inputs = _inputs(tokens, [12], torch.tensor([5]), noise, noise_scale=noise_scale)
        return torch.from_numpy(session.run(OUTPUTS, inputs)[0])

    mean = speak(0.0, 0)
    assert torch.equal(mean, speak(0.0, 0))
    assert not torch.allclose(speak(1.0, 0), mean, atol=TOLERANCE)
    assert not torch.allclose(speak(1.0, 0), speak(1.0, 0), atol=TOLERANCE)
    assert torch.allclose(speak(1.0, 1000), mean, atol=TOLERANCE)  # the given zeros are all the noise there is


def test_metadata_says_all_that_a_caller_needs(exported: Path) -> None:
    metadata = _session(exported).get_modelmeta().custom_metadata_map
    assert metadata["sample_rate"] == "16000"
    assert metadata["language"] == "en-us"
    assert json.loads(metadata["symbols"]) == {symbol: number for number, symbol in enumerate(SYMBOLS)}
    assert json.loads(metadata["speakers"]) == {"ada": 0, "ben": 1, "cleo": 3, "dan": 4, "040": 5, "041": 6}


def test_file_holds_no_weights_but_those_of_speaking(exported: Path, finished_cell: Path) -> None:
    synthesizer = load_adapted(finished_cell, CPU).synthesizer
    unused = sum(parameter.numel() for parameter in synthesizer.posterior_encoder.parameters())
    assert unused > 1000

    graph = onnx.load(exported).graph
    assert not [weight.name for weight in graph.initializer if "posterior" in weight.name]
    assert not [weight.name for weight in graph.initializer if "original" in weight.name]  # weight norm is folded


@contextmanager
def unchecked_shapes() -> Iterator[None]:
    """While a model is traced its sizes are symbols, which the checks of the tests don't take for numbers."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


SIZES = ("latent_channels=8", "hidden_channels=16", "speaker_channels=8")
REST = ("model/flow=plain", "model.flow.n_steps=1", "model.flow.n_layers=1", "model.text_encoder.n_layers=3")
RESBLOCKS = ("initial_channels=16", "resblock_kernel_sizes=[3]", "resblock_dilations=[[1,3]]")
VARIANTS = {
    "istft": ("decoder", "istft", *RESBLOCKS),
    "multi_stream_istft": ("decoder", "multi_stream_istft", *RESBLOCKS),
    "hifi_gan": ("decoder", "hifi_gan", *RESBLOCKS),
    "convnext_istft": ("decoder", "convnext_istft", "channels=16", "hidden_channels=32", "n_blocks=2"),
    "stochastic": ("duration_predictor", "stochastic", "filter_channels=16", "n_steps=2", "n_layers=1"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_audio_is_pytorchs_when_a_part_is_of_another_class(
    variant: str,
    small_spec: ModelSpec,
    compose_model: Callable[..., ModelSpec],
    write_cell: Callable[..., Path],
    tmp_path: Path,
) -> None:
    """With few nodes beside that part's: what exporting takes grows with their number, not with their sizes."""
    part, option, *sizes = VARIANTS[variant]
    other = compose_model(
        "tiny",
        [
            f"model/{part}={option}",
            *REST,
            *(f"model.{size}" for size in SIZES),
            *(f"++model.{part}.{s}" for s in sizes),
        ],
    )
    encoder = {**small_spec.parts["text_encoder"], "n_layers": 3}
    parts = {**small_spec.parts, "text_encoder": encoder, "flow": other.parts["flow"], part: other.parts[part]}
    cell = write_cell(tmp_path / "cell", ModelSpec(parts))
    with unchecked_shapes():
        export_cell(ExportArguments(str(cell), str(tmp_path / "voice.onnx")))
    session, synthesizer = _session(tmp_path / "voice.onnx"), load_adapted(cell, CPU).synthesizer
    for lengths in ((1,), (14,), (5, 20)):
        expected, audio = _speak_both(session, synthesizer, lengths)
        assert (audio - expected).abs().max() < TOLERANCE
    for lengths in ((1, 23), (11, 7, 5)) if part == "decoder" else ():
        _assert_alone_as_batched(session, lengths)


def test_audio_is_pytorchs_when_each_voice_has_weights_of_its_own(
    small_spec: ModelSpec, compose_model: Callable[..., ModelSpec], write_cell: Callable[..., Path], tmp_path: Path
) -> None:
    flow = compose_model("tiny", [*REST, *(f"model.{size}" for size in SIZES)]).parts["flow"]
    encoder = {**small_spec.parts["text_encoder"], "n_layers": 3}
    spec = ModelSpec({**small_spec.parts, "text_encoder": encoder, "flow": flow})
    adapter = LoRA(rank=1, targets=["text_encoder"], per_voice=True, rows=[5, 6])
    cell = write_cell(tmp_path / "cell", spec, [("lora", adapter)])
    with unchecked_shapes():
        export_cell(ExportArguments(str(cell), str(tmp_path / "voice.onnx")))
    session, synthesizer = _session(tmp_path / "voice.onnx"), load_adapted(cell, CPU).synthesizer
    for lengths in ((1,), (5, 20, 9, 9)):
        expected, audio = _speak_both(session, synthesizer, lengths)
        assert (audio - expected).abs().max() < TOLERANCE


def test_model_speaks_as_before_when_weight_norm_is_folded(finished_cell: Path) -> None:
    folded, untouched = load_adapted(finished_cell, CPU).synthesizer, load_finished(finished_cell).synthesizer.eval()
    assert not [name for name, _ in folded.named_parameters() if "parametrizations" in name]
    inputs = (torch.arange(9).unsqueeze(0), torch.tensor([9]), torch.tensor([6]))
    before = untouched.infer(*inputs, noise_scale=0.0).audio
    assert torch.allclose(folded.infer(*inputs, noise_scale=0.0).audio, before, atol=1e-6)


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("voice.pt", "must end in .onnx"),
        ("a_file/voice.onnx", "can't write to"),
        ("a_folder.onnx", "can't write"),
    ],
)
def test_export_is_refused_when_the_place_is_no_place(
    out: str, message: str, finished_cell: Path, tmp_path: Path
) -> None:
    (tmp_path / "a_file").touch()
    (tmp_path / "a_folder.onnx").mkdir()
    with pytest.raises(InputError, match=message):
        export_cell(ExportArguments(str(finished_cell), str(tmp_path / out)))


def test_export_is_refused_when_the_run_is_no_cell(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no finished cell"):
        export_cell(ExportArguments(str(tmp_path), str(tmp_path / "voice.onnx")))


def test_extra_is_named_when_a_package_is_missing(tmp_path: Path) -> None:
    """In a process whose import system finds no onnxscript."""
    script = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "onnxscript" else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from runners.inference.onnx_files import require_packages
require_packages()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr.strip().endswith(
        "InputError: ONNX export needs onnxscript; install the extra: pip install -e '.[export]'"
    )
