"""The evaluations of a cell: who is scored on which sentences, and which weights they choose."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from runners.evaluation.selection import Selection
from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from vits.checkpoint import load_tensors

MakeCell = Callable[..., Cell]


def test_base_voices_are_scored_beside_the_new_ones_when_a_cell_runs(make_cell: MakeCell) -> None:
    folder = run_cell(make_cell("epochs=0", "metrics=[secs,secs_ge2e]", "evaluation.retention_utterances=3"))
    scores = folder.table("scores")
    retained = scores[scores["split"] == "retention"]
    assert set(retained["speaker"]) < {"ada", "ben", "cleo", "dan"}, "and not the row that was never trained"
    assert set(retained["metric"]) == {"secs"}, "the base brings no voiceprints of the other judge"
    assert retained["value"].between(-1, 1).all()


def test_same_further_sentences_are_spoken_by_all_voices_when_asked_for(make_cell: MakeCell) -> None:
    folder = run_cell(
        make_cell(
            "steps=2",
            "eval_every=1",
            "metrics=[secs,speaking_rate]",
            "+evaluation.utterances_per_speaker.validation=1",
            "evaluation.validation_sentences=2",
            "evaluation.test_texts=2",
            "evaluation.retention_utterances=6",
        )
    )
    texts, scores = folder.table("texts"), folder.table("scores")
    assert list(texts.columns) == ["split", "speaker", "utterance", "text"]
    said = texts.groupby(["split", "speaker"])["utterance"].agg(list).to_dict()
    assert said["texts", "040"] == said["texts", "041"] == ["english/001", "english/002"]
    assert said["validation", "040"] == ["val/040/000", "english/200"]
    assert said["test", "040"] == ["test/040/000"]
    retained = texts[texts["split"] == "retention"]
    assert set(texts.loc[texts["split"] == "texts", "text"]) <= set(retained["text"])
    assert len(retained) == retained["text"].nunique() == 4, "the 2 texts, and of each recorded split its sentence"
    judged = scores[["split", "speaker", "utterance"]].drop_duplicates()
    assert len(judged.merge(texts)) == len(judged) == len(texts)
    paced = scores[scores["metric"] == "speaking_rate"]
    assert set(paced["utterance"]) == {"val/040/000", "val/041/000", "test/040/000", "test/041/000"}
    chosen = folder.record["chosen"]["step"]
    spoken = {split: set(rows["step"]) for split, rows in scores.groupby("split")}
    of_both = {key: {0, chosen} for key in ("test", "retention")}
    assert spoken == {"validation": {0, 1, 2}, "texts": {chosen}} | of_both
    assert {entry["split"] for entry in folder.record["summary"]} == set(spoken)


def test_earlier_weights_are_kept_when_the_last_are_shown_worse(
    make_cell: MakeCell, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides = ("metrics=[secs]", "+evaluation.utterances_per_speaker.validation=1", "eval_every=1")
    monkeypatch.setattr(Selection, "_is_better", lambda *_: True)
    monkeypatch.setattr(Selection, "best", lambda _, rows, __: 1 if set(rows["step"]) > {0} else 0)
    folder = run_cell(make_cell(*overrides, "steps=3", "name=all"))
    chosen = folder.record["chosen"]
    assert (chosen["step"], chosen["by"]) == (1, "shown better than the last by validation secs")
    assert {entry["step"] for entry in folder.record["summary"]} == {1}
    assert {entry["split"] for entry in folder.record["summary"]} == {"validation", "test", "retention"}
    monkeypatch.undo()
    stopped = run_cell(make_cell(*overrides, "name=until", "steps=1"))
    assert stopped.record["chosen"]["step"] == 1
    kept, at_its_end = (load_tensors(cell.path / "generator.safetensors") for cell in (folder, stopped))
    assert all(torch.equal(kept[name], at_its_end[name]) for name in kept)
    assert not folder.best.exists()
