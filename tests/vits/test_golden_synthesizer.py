"""The generator computes the function of the implementation that it replaces."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from vits.layers import length_mask
from vits.reference import reference_state_dict, synthesizer_from_reference
from vits.synthesizer import Speech

GOLDEN = Path(__file__).parent / "golden"
CONFIGURATIONS = ("finetune_mb_pre_conv2", "mini_mb_sdp_pre_conv", "ms_fft")
TOLERANCE = 1e-4
RECEPTIVE_FRAMES = 24  # of the decoders: so far from its end a shorter sentence of the reference hears the padding


class Compared(NamedTuple):
    """What a golden folder stores, and what we compute of the same inputs, by the names of its arrays."""

    stored: dict[str, Tensor]
    computed: dict[str, Tensor]
    weights: dict[str, Tensor]
    exported: dict[str, Tensor]
    speech: Speech


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def compared(request: pytest.FixtureRequest, golden_weights: Callable[..., dict[str, Tensor]]) -> Compared:
    folder = GOLDEN / request.param
    shapes = json.loads((folder / "state_dict_shapes.json").read_text())
    weights = golden_weights(shapes)
    model = synthesizer_from_reference(json.loads((folder / "config.json").read_text()), weights)
    with np.load(folder / "io.npz") as arrays:
        io = {name: torch.from_numpy(array) for name, array in arrays.items()}
    with torch.no_grad():
        speech = model.infer(io["x"], io["x_lengths"], io["sid"], noise_scale=0.0, duration_noise_scale=0.0)
        speaker = model.speaker_embedding(io["sid"])
        text = model.text_encoder(io["x"], io["x_lengths"], speaker)
        mask = length_mask(io["spec_lengths"], io["spec"].shape[2])
        posterior = model.posterior_encoder(io["spec"], mask, speaker, noise_scale=0.0)
        flowed = model.flow(io["m_q"], mask, speaker)
        with_padding = model.decoder(speech.z, speaker)  # the reference's decoder speaks the batch's padding too
        computed = {
            "infer_audio": with_padding.audio,
            "infer_subbands": with_padding.bands if with_padding.streams is None else with_padding.streams,
            "infer_attn": speech.alignment.unsqueeze(1),
            "infer_z": speech.z,
            "enc_p_x": text.hidden,
            "m_p": text.mean,
            "logs_p": text.log_deviation,
            "logw": model.duration_predictor.predict(text.hidden, text.mask, speaker),
            "m_q": posterior.mean,
            "logs_q": posterior.log_deviation,
            "flow_z_p": flowed,
            "flow_reverse": model.flow.inverse(flowed, mask, speaker),
            "decoded": model.decoder(io["m_q"][:, :, :32], speaker).audio,
        }
    return Compared(io, computed, weights, reference_state_dict(model), speech)


def test_every_stored_output_is_compared_when_golden_is_read(compared: Compared) -> None:
    inputs = {"x", "x_lengths", "sid", "spec", "spec_lengths"}
    assert compared.computed.keys() == compared.stored.keys() - inputs


@pytest.mark.parametrize(
    "name",
    [
        *("infer_audio", "infer_subbands", "infer_z", "enc_p_x", "m_p", "logs_p", "logw"),
        *("m_q", "logs_q", "flow_z_p", "flow_reverse", "decoded"),
    ],
)
def test_output_equals_golden_when_weights_follow_the_rule(compared: Compared, name: str) -> None:
    torch.testing.assert_close(compared.computed[name], compared.stored[name], atol=TOLERANCE, rtol=0.0)


def test_spoken_audio_equals_golden_when_no_padding_is_heard(compared: Compared) -> None:
    """The longest sentence of a batch in whole, a shorter one up to where the reference hears its padding."""
    audio, lengths = compared.speech.audio, compared.speech.lengths
    for item, length in enumerate(lengths.tolist()):
        heard = length if length == lengths.max() else length - RECEPTIVE_FRAMES * 256
        ours, stored = audio[item, :, :heard], compared.stored["infer_audio"][item, :, :heard]
        torch.testing.assert_close(ours, stored, atol=TOLERANCE, rtol=0.0)


def test_inferred_alignment_is_exactly_golden_when_noise_is_off(compared: Compared) -> None:
    assert torch.equal(compared.computed["infer_attn"], compared.stored["infer_attn"])


def test_weights_are_bit_identical_when_imported_and_exported(compared: Compared) -> None:
    assert compared.exported.keys() == compared.weights.keys()
    assert all(torch.equal(tensor, compared.exported[name]) for name, tensor in compared.weights.items())
