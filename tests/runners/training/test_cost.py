from __future__ import annotations

import time

import pytest

from runners.training.cost import Cost


def test_seconds_add_up_when_a_training_goes_on_from_its_state() -> None:
    cost = Cost(training_s=10.0, training_cpu_s=20.0, evaluation_s=5.0)
    cost.note_speech(synthesis_s=1.0, audio_s=4.0)
    resumed = Cost.of_tensors(cost.tensors)
    assert resumed == cost
    with resumed.of_training():
        time.sleep(0.02)
    with resumed.of_evaluation():
        time.sleep(0.01)
    assert 10.02 <= resumed.training_s < 11
    assert 20.0 <= resumed.training_cpu_s < 20.02, "sleeping takes no processor"
    assert 5.01 <= resumed.evaluation_s < 6


def test_last_evaluation_alone_says_how_fast_the_model_speaks_when_there_were_several() -> None:
    cost = Cost()
    assert cost.record["real_time_factor"] is None
    cost.note_speech(synthesis_s=8.0, audio_s=4.0)
    cost.note_speech(synthesis_s=1.0, audio_s=4.0)
    assert cost.record["real_time_factor"] == pytest.approx(0.25)


def test_nothing_is_counted_when_it_breaks_off() -> None:
    cost = Cost()
    with pytest.raises(KeyError), cost.of_training():
        raise KeyError
    assert cost == Cost()
