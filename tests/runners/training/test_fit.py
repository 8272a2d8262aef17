from __future__ import annotations

from pathlib import Path

import pandas as pd

from metrics.secs import Secs
from metrics.wer import WordErrorRate
from runners.results.cell_folder import audio_file
from runners.training.fit import describe


def test_file_name_is_flat_when_the_utterances_name_is_a_path() -> None:
    made = audio_file(Path("cell"), 5, "test", "040", "val/040/000")
    assert made == Path("cell/audio/step=00005/test/040-val+040+000.flac")


def test_only_the_metrics_themselves_are_described_when_they_have_components() -> None:
    rows = [(2, "test", "wer", 0.25, 0.125), (2, "test", "wer_deletions", 0.1, 0.0), (2, "test", "secs", -0.5, 1.0)]
    table = pd.DataFrame(rows, columns=pd.Index(["step", "split", "metric", "mean", "spread"]))
    assert describe(table, [WordErrorRate(), Secs()]) == "test WER 0.250 ± 0.125, test SECS -0.500 ± 1.000"
