from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from runners.reporting.listening_audio import Listening, choose, encode, listening
from runners.reporting.results import Experiment


def heard(experiment: Experiment, sentences: int = 4, audio_mb: float = 10.0) -> Listening:
    return listening(experiment, experiment.systems, experiment.metrics, sentences, audio_mb)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_tone_is_kept_when_encoded(sample_rate: int) -> None:
    seconds = 7.3  # more than one block
    time_s = np.arange(int(seconds * sample_rate)) / sample_rate
    uri = encode((0.5 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32), sample_rate)
    wave, rate = soundfile.read(io.BytesIO(base64.b64decode(uri.removeprefix("data:audio/ogg;base64,"))))
    assert rate in (8_000, 16_000, 24_000)
    assert len(wave) / rate == pytest.approx(seconds, abs=0.02)
    spectrum = np.abs(np.fft.rfft(wave))
    assert np.fft.rfftfreq(len(wave), 1 / rate)[spectrum.argmax()] == pytest.approx(440, abs=1)
    assert len(uri) < 12_000 * seconds


def test_voices_take_turns_with_other_sentences_when_chosen(experiment: Experiment) -> None:
    assert choose(experiment, 4) == [
        ("anna", "test/anna/0"),
        ("ben", "test/ben/1"),
        ("cleo", "test/cleo/2"),
        ("anna", "test/anna/1"),
    ]
    every = choose(experiment, 1000)
    assert len(every) == len(set(every)) == 12
    assert choose(experiment, 0) == []


def test_recording_and_every_system_are_side_by_side_when_listened_to(experiment: Experiment) -> None:
    found = heard(experiment)
    assert found.remarks == ()
    for sentence in found.sentences:
        labels = [player.label for player in sentence.players]
        assert labels == ["the recording", *(system.label for system in experiment.systems)]
        assert [round(player.duration_s, 1) for player in sentence.players] == [0.5, 0.1, 0.1, 0.1, 0.1]
        assert all(player.scores[0].startswith("WER ") for player in sentence.players)


def test_sentences_are_left_out_and_counted_when_their_audio_is_too_large(experiment: Experiment) -> None:
    one = heard(experiment, sentences=1).sentences[0].n_bytes
    found = heard(experiment, sentences=4, audio_mb=2.5 * one / 1e6)
    assert len(found.sentences) == 2
    assert found.remarks == (f"2 of 4 sentences are left out: their audio would exceed {2.5 * one / 1e6:g} MB.",)


def test_recordings_without_a_file_have_no_player_when_the_corpus_is_gone(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = heard(experiment)
    assert [sentence.players[0].uri for sentence in found.sentences] == [None] * 4
    assert all(player.uri for sentence in found.sentences for player in sentence.players[1:])
    assert found.remarks == ("4 of 4 recordings have no player: there is no file.",)
    assert found.sentences[0].text == "The kettle sings."


def test_synthesis_without_a_file_has_no_player_when_audio_was_removed(experiment: Experiment, tmp_path: Path) -> None:
    def moved(path: Path) -> Path:
        return tmp_path / path.name

    systems = tuple(
        replace(system, cells=tuple(replace(cell, folder=moved(cell.folder)) for cell in system.cells))
        for system in experiment.systems[:1]
    )
    found = listening(experiment, [*systems, *experiment.systems[1:]], experiment.metrics, 1, 10.0)
    assert [player.uri is None for player in found.sentences[0].players] == [True, True, False, False, False]
    assert found.remarks[-1] == "1 synthesised sentences have no player: their files are not in the cells' folders."
