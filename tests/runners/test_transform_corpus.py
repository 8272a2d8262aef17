"""More speakers from recordings: what moves, what stays, and that a plan is its seed's alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import normalize

from runners.cli.corpus_arguments import TransformCorpusArguments
from runners.corpus_making.joining import Part, linked_rows, parse_parts, too_near
from runners.corpus_making.transformations import LEAST, STRONGEST, Resampled, Revoiced, drawn, stretched
from runners.corpus_making.transforming import plan_changes, transform_corpus
from vits.common.errors import InputError
from vits.corpus.clip import Clip
from vits.corpus.folder import FolderCorpus

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "assets" / "demo_voices"
RATE = 24_000


def _tone(frequency_hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(RATE) / RATE).astype(np.float32)


def _peak_hz(wave: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))).argmax() * RATE / len(wave))


@given(rate=st.floats(0.77, 1.3))
def test_pitch_and_pace_rise_together_when_a_recording_is_resampled(rate: float) -> None:
    changed = Resampled(rate)(_tone(200.0), RATE)
    assert len(changed) == pytest.approx(RATE / rate, abs=2)
    assert _peak_hz(changed) == pytest.approx(200 * rate, abs=2)


def test_peaks_move_by_the_factor_when_an_envelope_is_stretched() -> None:
    envelope = np.exp(-((np.arange(513) - 100) ** 2) / 200)[None] + 1e-6
    assert int(stretched(envelope, 1.2).argmax()) == 120
    np.testing.assert_allclose(stretched(envelope, 1.0), envelope)


def test_pace_stays_when_a_recording_is_revoiced() -> None:
    pytest.importorskip("pyworld")
    harmonics = sum(_tone(150.0 * n) / n for n in range(1, 20)).astype(np.float32)  # pyright: ignore[reportAttributeAccessIssue]
    changed = Revoiced(1.25, 1.0)(harmonics, RATE)
    assert len(changed) == pytest.approx(RATE, rel=0.02)
    assert _peak_hz(changed) == pytest.approx(187.5, abs=4)


@pytest.mark.parametrize("rate", [0.0, -1.0, 2.5, math.nan])
def test_rate_is_refused_when_it_leaves_no_speech(rate: float) -> None:
    with pytest.raises(InputError, match="rate="):
        Resampled(rate)


@given(count=st.integers(1, 4), seed=st.integers(0, 1000))
def test_every_voice_is_another_speaker_when_rates_are_drawn(count: int, seed: int) -> None:
    rates = [made.rate for made in drawn(count, np.random.default_rng(seed)) if isinstance(made, Resampled)]
    assert len(set(rates)) == count
    assert all(LEAST - 1e-3 <= abs(math.log(rate)) <= STRONGEST + 1e-3 for rate in rates)


def _clips(speakers: str) -> list[Clip]:
    return [
        Clip(Path(f"{s}{n}.opus"), s, f"Sentence {n}.", f"{s}{n}", split="base") for s in speakers for n in range(9)
    ]


@given(seed=st.integers(0, 100))
def test_plan_of_a_speaker_stays_when_others_are_added(seed: int) -> None:
    alone, together = plan_changes(_clips("b"), 3, 4, seed), plan_changes(_clips("abc"), 3, 4, seed)
    assert alone == [change for change in together if change.made.voice.parts == ("b",)]
    assert len({change.made.path for change in together}) == len(together) == 3 * 3 * 4


def test_corpus_goes_on_where_it_stopped_when_it_is_made_again(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    arguments = TransformCorpusArguments(str(DEMO), str(tmp_path / "more"), split="validation", voices=1, utterances=2)
    transform_corpus(arguments)
    clips = FolderCorpus(root=str(tmp_path / "more")).clips()
    assert len(clips) == 10
    assert {clip.speaker for clip in clips} == {f"04{n}-0" for n in range(5)}
    clips[3].path.unlink()
    transform_corpus(arguments)
    assert "has all 10 clips of 5 voices; 1 were made now" in capsys.readouterr().out


def test_voices_are_left_out_when_they_resemble_one_that_is_kept_out() -> None:
    x, y = torch.eye(2)
    between = normalize(x + 0.5 * y, dim=0)
    assert too_near({"same": x, "near": between, "other": y}, [x], 0.75) == {"same", "near"}


def test_parts_are_refused_when_no_split_is_named() -> None:
    assert parse_parts("a/b:base") == [Part(Path("a/b"), "base")]
    with pytest.raises(InputError, match="no corpus and split"):
        parse_parts("a/b")


def test_rows_point_into_the_links_when_a_corpus_is_joined(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "metadata.csv").write_text(
        "path|speaker|text|split|voice\nbase/a/0.opus|a|One.|base|v\nx/0.opus|a|T.|x|v\n"
    )
    assert linked_rows(Part(source, "base"), tmp_path / "out") == ["source/base/a/0.opus|a|One.|base|v"]
    assert (tmp_path / "out" / "source").resolve() == source
