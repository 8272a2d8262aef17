"""A corpus in another language than English, from its table to its error rates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from espeak_speech import spoken

from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from vits.common.errors import InputError
from vits.corpus.audio import write_audio

MakeCell = Callable[..., Cell]
SENTENCES = (
    "Ich habe ein großes Haus mit einem Garten.",
    "Guten Morgen, wie geht es Ihnen heute?",
    "Meine Schwester wohnt in Berlin.",
    "Wir trinken gerne Kaffee mit Milch.",
)


@pytest.fixture
def german(tmp_path: Path) -> Path:
    """Two voices, each of whom says the sentences, in a table of a spreadsheet."""
    folder = tmp_path / "stimmen"
    lines = ["File;Speaker;Text;Split"]
    for speaker, voice in (("anna", "de+f3"), ("ben", "de")):
        waves, sample_rate = spoken(list(SENTENCES), voice)
        (folder / "wavs").mkdir(parents=True, exist_ok=True)
        for number, (text, wave) in enumerate(zip(SENTENCES, waves, strict=True)):
            write_audio(folder / "wavs" / f"{speaker}{number}.wav", wave, sample_rate)
            lines.append(f"{speaker}{number};{speaker};{text};{('test', 'dev', 'train', 'train')[number]}")
    (folder / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_error_rates_are_those_of_german_when_the_corpus_is(
    make_cell: MakeCell, german: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("faster_whisper")
    data = (f"data.root={german}", "data.language=de", "epochs=1")
    with pytest.raises(InputError, match=r"hears English alone, and data\.language=de"):
        make_cell(*data, "metrics=[wer,secs]")
    folder = run_cell(make_cell(*data, "metrics=[wer_faster_whisper]"))
    assert folder.finished
    assert "metadata.csv (File|Speaker|Text|Split; separated by semicolons): 8 recordings of 2 voices" in (
        capsys.readouterr().out
    )
    references = folder.table("references")
    recorded = references[references["metric"] == "wer_fw_base"]["value"]
    assert recorded.min() < 0.3
    scores = folder.table("scores")
    assert set(scores[scores["metric"] == "wer_fw_base"]["speaker"]) >= {"anna", "ben"}
