"""Voices for Piper and for sherpa-onnx, loaded and spoken by their own packages."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import onnx
import pytest
import sherpa_onnx
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig

from runners.cli.inference_arguments import EXPORTED_VOICES, ExportArguments
from runners.inference.adapted_model import AdaptedModel, load_adapted
from runners.inference.piper_export import piper_config, write_sherpa_onnx
from runners.inference.piper_symbols import PiperSymbols
from runners.inference.voice_formats import VOICE_FORMATS
from vits.common.errors import InputError
from vits.model_spec import ModelSpec
from vits.text.phonemizer import EspeakPhonemizer
from vits.text.symbols import SYMBOLS

CPU = torch.device("cpu")
TOLERANCE = 1e-4
AS_IT_IS = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, length_scale=1.0, normalize_audio=False)
VOICES = ("040", "041", "ada", "ben", "cleo", "dan")  # new ones first, and none for the row that was never trained

Audio = Float[NDArray[np.float32], "samples"]


def _own_audio(model: AdaptedModel, phonemes: str, voice: str) -> Audio:
    """What the project makes of phonemes, without noise."""
    tokens = model.spec.alphabet().tokenizer(phonemes)
    speech = model.synthesizer.infer(
        tokens.unsqueeze(0),
        torch.tensor([len(tokens)]),
        torch.tensor([model.speaker_id(voice)]),
        noise_scale=0.0,
        duration_noise_scale=0.0,
    )
    return speech.audio[0, 0].numpy()


def _assert_same(audio: Audio, expected: Audio) -> None:
    assert audio.shape == expected.shape
    assert np.abs(expected - expected.mean()).max() > 20 * TOLERANCE  # otherwise the next line says little
    assert np.abs(audio - expected).max() < TOLERANCE


@pytest.fixture(scope="module")
def exported(finished_cell: Path, run_script: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished cell as the entry point writes it for Piper."""
    folder = tmp_path_factory.mktemp("exported")
    done = run_script(
        "export.py", f"run={finished_cell}", "out=voices.onnx", "format=piper", "licence=CC0-1.0", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("wrote voices.onnx and voices.onnx.json (")
    assert done.stderr == ""
    return folder / "voices.onnx"


@pytest.fixture(scope="module")
def voice(exported: Path) -> PiperVoice:
    return PiperVoice.load(exported)


@pytest.fixture(scope="module")
def model(finished_cell: Path) -> AdaptedModel:
    return load_adapted(finished_cell, CPU)


@pytest.mark.parametrize("number", range(len(VOICES)))
def test_piper_says_what_the_project_says_when_noise_is_none(
    number: int, voice: PiperVoice, model: AdaptedModel
) -> None:
    text = ("The quick fox.", "Which vision?", "No, I won't!")[number % 3]
    (chunk,) = voice.synthesize(text, SynthesisConfig(**{**vars(AS_IT_IS), "speaker_id": number}))
    phonemes = "".join(chunk.phonemes)
    assert phonemes == EspeakPhonemizer("en-us")([text])[0]
    _assert_same(chunk.audio_float_array, _own_audio(model, phonemes, VOICES[number]))


def test_piper_says_what_the_project_says_when_a_mark_was_taken_from_its_letter(
    voice: PiperVoice, model: AdaptedModel
) -> None:
    ids = voice.phonemes_to_ids(list(unicodedata.normalize("NFD", "açɪç")))
    assert len(ids) == 15  # two of ç, and between and around
    _assert_same(voice.phoneme_ids_to_audio(ids, AS_IT_IS), _own_audio(model, "açɪç", VOICES[0]))


def test_audio_is_slower_and_drawn_anew_when_scales_say_so(voice: PiperVoice) -> None:
    ids = voice.phonemes_to_ids(list("həlˈoʊ"))
    plain = voice.phoneme_ids_to_audio(ids, AS_IT_IS)
    slow, noisy, again = (
        voice.phoneme_ids_to_audio(ids, SynthesisConfig(noise_scale=noise, noise_w_scale=0.0, length_scale=length))
        for noise, length in ((0.0, 2.0), (1.0, 1.0), (1.0, 1.0))
    )
    assert len(slow) > 1.3 * len(plain)
    assert np.abs(noisy - plain).max() > TOLERANCE
    assert np.abs(noisy - again).max() > TOLERANCE


def test_piper_knows_the_voices_when_it_reads_the_configuration(voice: PiperVoice, exported: Path) -> None:
    assert voice.config.speaker_id_map == {name: number for number, name in enumerate(VOICES)}
    assert (voice.config.num_speakers, voice.config.default_speaker_id) == (6, 0)
    assert (voice.config.sample_rate, voice.config.espeak_voice) == (16000, "en-us")
    assert voice.config.num_symbols == len(SYMBOLS) + 3  # begin, end, and the mark of ç
    config = json.loads(exported.with_name("voices.onnx.json").read_text(encoding="utf-8"))
    assert config["language"] == {"code": "en_US", "family": "en", "region": "US"}


def test_graph_is_called_as_piper_calls_it(exported: Path) -> None:
    file = onnx.load(exported)
    shapes = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*file.graph.input, *file.graph.output)
    }
    assert list(shapes) == ["input", "input_lengths", "scales", "sid", "output"]
    assert shapes["input"] == ["batch", "phonemes"]
    assert shapes["scales"] == [3]
    assert shapes["output"][:3] == ["batch", 1, 1]
    assert {entry.key: entry.value for entry in file.metadata_props}["license"] == "CC0-1.0"


@contextmanager
def _unchecked_shapes() -> Iterator[None]:
    """While a model is traced its sizes are symbols, which the checks of the tests don't take for numbers."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="module")
def french(small_spec: ModelSpec) -> AdaptedModel:
    """A model of one voice."""
    torch.manual_seed(3)
    return AdaptedModel(small_spec, small_spec.synthesizer(2).eval(), {"anne": 1}, "fr-fr", ("anne",))


@pytest.fixture(scope="module")
def sherpas(french: AdaptedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as it is written for sherpa-onnx."""
    path = tmp_path_factory.mktemp("sherpa") / "anne.onnx"
    with _unchecked_shapes():
        files, difference = write_sherpa_onnx(french, path, {"card": "# A card\n"})
    assert files == [path, path.with_name("anne.tokens.txt")]
    assert difference < TOLERANCE
    return path


def test_sherpa_onnx_says_what_the_project_says_when_noise_is_none(sherpas: Path, french: AdaptedModel) -> None:
    """Given the phonemes, as its second version has no espeak of its own."""
    tokens = str(sherpas.with_name("anne.tokens.txt"))
    vits = sherpa_onnx.OfflineTtsVitsModelConfig(str(sherpas), "", tokens, noise_scale=0.0, noise_scale_w=0.0)
    config = sherpa_onnx.OfflineTtsConfig(model=sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=1))
    assert config.validate()
    engine = sherpa_onnx.OfflineTts(config)
    assert (engine.sample_rate, engine.num_speakers) == (16000, 1)
    phonemes = "papˈa ɛ lˈa, ça."
    how = sherpa_onnx.GenerationConfig()
    how.silence_scale = 1.0  # else it shortens what is silent
    how.phoneme_codepoints = [[ord(letter) for letter in unicodedata.normalize("NFD", phonemes)]]
    spoken = engine.generate("", how)
    _assert_same(np.array(spoken.samples, np.float32), _own_audio(french, phonemes, "anne"))


def test_piper_finds_the_voice_of_espeak_when_its_code_is_another(
    sherpas: Path, french: AdaptedModel, tmp_path: Path
) -> None:
    """And gives no speaker, as there is one; the graph is the same."""
    path = tmp_path / "anne.onnx.json"
    path.write_text(json.dumps(piper_config(french, PiperSymbols(french.spec.alphabet(), french.trained_on), "anne")))
    (chunk,) = PiperVoice.load(sherpas, path).synthesize("Papa est là.", AS_IT_IS)
    _assert_same(chunk.audio_float_array, _own_audio(french, "".join(chunk.phonemes), "anne"))


def test_card_goes_along(sherpas: Path) -> None:
    assert {entry.key: entry.value for entry in onnx.load(sherpas).metadata_props}["card"] == "# A card\n"


def test_letters_are_refused_when_a_format_speaks_by_phonemes(small_spec: ModelSpec, tmp_path: Path) -> None:
    spec = ModelSpec({**small_spec.parts, "alphabet": {"name": "letters", "symbols": ["_", "a"]}})
    model = AdaptedModel(spec, spec.synthesizer(1), {"anne": 0}, "fr-fr")
    with pytest.raises(InputError, match="the model reads letters"):
        VOICE_FORMATS["piper"](model, tmp_path / "anne.onnx", {})


def test_formats_are_those_that_can_be_asked_for() -> None:
    assert tuple(VOICE_FORMATS) == EXPORTED_VOICES
    with pytest.raises(InputError, match=r"^format=pipper is unknown; choose one of onnx, piper, sherpa_onnx$"):
        ExportArguments("a_cell", "voice.onnx", "pipper")
