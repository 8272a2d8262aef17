"""Texts of several encodings at once, beside openai-whisper's own of one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from metrics.judges.greedy_decoding import GreedyDecoder
from metrics.judges.judge import Judges
from metrics.judges.whisper_judge import WhisperJudge
from metrics.judges.window_encoder import WindowEncoder
from metrics.metric import Utterance


@pytest.mark.parametrize("stride", [1, 16])
def test_what_is_heard_is_the_same_when_others_are_heard_too(
    judges: Judges, speech: list[Utterance], stride: int
) -> None:
    model = judges.get(WhisperJudge, "tiny.en").model
    decoder, encode = GreedyDecoder(model), WindowEncoder(model, stride)
    clips = [*(u.wave_16k for u in speech), np.zeros(8000, dtype=np.float32)]
    with torch.inference_mode():
        encodings = [encode(clip) for clip in clips]
        together, alone = decoder(encodings), [decoder([encoding])[0] for encoding in encodings]
    assert [one.text for one in together] == [one.text for one in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.no_speech_probability == pytest.approx(other.no_speech_probability, rel=1e-3)


def test_what_is_heard_is_what_whisper_hears_when_every_position_is_kept(
    judges: Judges, speech: list[Utterance]
) -> None:
    import whisper

    model = judges.get(WhisperJudge, "tiny.en").model
    options = whisper.DecodingOptions(language="en", temperature=0.0, without_timestamps=True, fp16=False)
    mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(speech[0].wave_16k)))
    with torch.inference_mode():
        (ours,) = GreedyDecoder(model)([WindowEncoder(model, stride=1)(speech[0].wave_16k)])
        (theirs,) = whisper.decode(model, mel[None], options)
    assert (ours.text, ours.compression_ratio) == (theirs.text.strip(), theirs.compression_ratio)
    assert ours.no_speech_probability == pytest.approx(theirs.no_speech_prob, rel=1e-3)
