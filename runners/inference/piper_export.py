"""A model as a voice of Piper, and as one of sherpa-onnx, which runs Piper's voices by other files beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from runners.inference.adapted_model import AdaptedModel
from runners.inference.onnx_files import Inputs, check_difference, run_onnx, write_onnx
from runners.inference.piper_graph import PiperModel
from runners.inference.piper_symbols import PiperSymbols
from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError
from vits.text.phonemizer import EspeakPhonemizer
from vits.text.symbols import shown_symbol

OUTPUTS = ("output",)
DYNAMIC_SHAPES = {
    "input": {0: "batch", 1: "phonemes"},
    "input_lengths": {0: "batch"},
    "scales": None,
    "sid": {0: "batch"},
}
NOISE_SCALE, LENGTH_SCALE, DURATION_NOISE_SCALE = 0.667, 1.0, 0.8
SHOWN = 12  # symbols that a line names


def write_piper(model: AdaptedModel, path: Path, metadata: Mapping[str, str]) -> tuple[list[Path], float]:
    """Write the voice and the configuration that Piper looks for beside it; returns the files, and how far the audio
    is from PyTorch's.

    Raises:
        InputError: the model doesn't read phonemes.
    """
    symbols = _symbols(model)
    difference = _write_graph(model, symbols, path, metadata)
    config = path.with_name(f"{path.name}.json")
    content = json.dumps(piper_config(model, symbols, path.stem), ensure_ascii=False, indent=2)
    write_atomically(config, f"{content}\n".encode())
    return [path, config], difference


def write_sherpa_onnx(model: AdaptedModel, path: Path, metadata: Mapping[str, str]) -> tuple[list[Path], float]:
    """Write the same graph with what sherpa-onnx reads of it, and the table of its tokens; returns as `write_piper`.

    https://k2-fsa.github.io/sherpa/onnx/tts/piper.html

    Raises:
        InputError: the model doesn't read phonemes.
    """
    symbols, voice = _symbols(model), EspeakPhonemizer(model.language).voice
    read = {
        "model_type": "vits",
        "comment": "piper",
        "language": voice.language,
        "voice": voice.name,
        "has_espeak": "1",
        "n_speakers": str(len(voices_of(model))),
        "sample_rate": str(model.spec.analysis().sample_rate),
    }
    difference = _write_graph(model, symbols, path, {**metadata, **read})
    tokens = path.with_name(f"{path.stem}.tokens.txt")
    write_atomically(tokens, "".join(f"{symbol} {number}\n" for symbol, number in symbols.ids.items()).encode())
    return [path, tokens], difference


def voices_of(model: AdaptedModel) -> list[str]:
    """The voices by their numbers for Piper: new ones first, so that who asks for none hears one of them."""
    return list(dict.fromkeys((*model.new_voices, *model.speaker_ids)))


def piper_config(model: AdaptedModel, symbols: PiperSymbols, name: str) -> dict[str, Any]:
    """The configuration of a voice, under Piper's names."""
    voices, analysis = voices_of(model), model.spec.analysis()
    return {
        "dataset": name,
        "audio": {"sample_rate": analysis.sample_rate},
        "espeak": {"voice": EspeakPhonemizer(model.language).voice.name},
        "language": _language(model.language),
        "inference": {"noise_scale": NOISE_SCALE, "length_scale": LENGTH_SCALE, "noise_w": DURATION_NOISE_SCALE},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": {symbol: [number] for symbol, number in symbols.ids.items()},
        "num_symbols": 1 + max(symbols.ids.values()),
        "num_speakers": len(voices),
        "speaker_id_map": {voice: number for number, voice in enumerate(voices)} if len(voices) > 1 else {},
        "default_speaker_id": 0,
        "hop_length": analysis.hop_length,
    }


def _language(language: str) -> dict[str, str]:
    """Piper's code of a language, en_US of espeak's en-us; a variety that is no country's isn't told."""
    family, _, region = language.partition("-")
    told = region.upper() if len(region) == 2 and region.isalpha() else ""
    return {"code": f"{family}_{told}" if told else family, "family": family, "region": told}


def _symbols(model: AdaptedModel) -> PiperSymbols:
    """What Piper may give the model; a symbol that it can't give is told."""
    alphabet = model.spec.alphabet()
    if not alphabet.reader(model.language).takes_phonemes:
        raise InputError(
            "the model reads letters, and this format is for models that read espeak's phonemes; export it with "
            "format=onnx"
        )
    symbols = PiperSymbols(alphabet, model.trained_on)
    for named, why in ((symbols.unmapped, "Piper can't give them"), (symbols.unheard, "the model never heard them")):
        if named:
            more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
            print(f"left unspoken: {' '.join(map(shown_symbol, named[:SHOWN]))}{more} ({why})")
    return symbols


def _write_graph(model: AdaptedModel, symbols: PiperSymbols, path: Path, metadata: Mapping[str, str]) -> float:
    """Write the ONNX file, and say how far its audio is from what the model says by its own tokens.

    Raises:
        RuntimeError: it is further than 1e-3.
    """
    voices = voices_of(model)
    rows = torch.tensor([model.speaker_ids[voice] for voice in voices])
    # no two sizes alike and none of them 1, which the tracing would take for one and the same or for a constant
    example = _inputs(symbols, _phonemes(symbols, (11, 7, 5)), len(voices))
    shapes = {name: DYNAMIC_SHAPES[name] for name in example}
    speakers = {"speakers": json.dumps({voice: number for number, voice in enumerate(voices)}, ensure_ascii=False)}
    write_onnx(PiperModel(model.synthesizer, symbols, rows), example, OUTPUTS, shapes, {**metadata, **speakers}, path)
    phonemes = _phonemes(symbols, (17, 2))
    inputs = _inputs(symbols, phonemes, len(voices), noise_scale=0.0)
    speaker = rows[inputs.get("sid", torch.zeros(len(phonemes), dtype=torch.int64))]
    (audio,) = run_onnx(path, OUTPUTS, inputs)
    return check_difference(path, audio, _spoken(model, phonemes, speaker))


def _phonemes(symbols: PiperSymbols, lengths: Sequence[int]) -> list[str]:
    """Texts of so many random symbols."""
    generator = torch.Generator().manual_seed(0)
    drawn = [symbol for symbol in symbols.spoken if not symbol.isspace()]
    return ["".join(drawn[i] for i in torch.randint(len(drawn), (n,), generator=generator).tolist()) for n in lengths]


def _inputs(symbols: PiperSymbols, phonemes: Sequence[str], n_voices: int, noise_scale: float = NOISE_SCALE) -> Inputs:
    """What Piper's runtime would give for these phonemes, in one voice after the other; the durations have no noise."""
    ids = [torch.tensor(symbols.fed(text)) for text in phonemes]
    sid = {"sid": torch.arange(len(ids)).flip(0) % n_voices} if n_voices > 1 else {}
    return {
        "input": pad_sequence(ids, batch_first=True),
        "input_lengths": torch.tensor([len(row) for row in ids]),
        "scales": torch.tensor([noise_scale, LENGTH_SCALE, 0.0]),
        **sid,
    }


def _spoken(
    model: AdaptedModel, phonemes: Sequence[str], speaker: Int64[Tensor, "batch"]
) -> Float[Tensor, "batch 1 1 samples"]:
    """What the model says by its own tokenizer, without noise."""
    tokens = [model.spec.alphabet().tokenizer(text) for text in phonemes]
    lengths = torch.tensor([len(row) for row in tokens])
    padded = pad_sequence(tokens, batch_first=True)
    speech = model.synthesizer.infer(padded, lengths, speaker, noise_scale=0.0, duration_noise_scale=0.0)
    return speech.audio.unsqueeze(1)
