from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from torch import nn

from runners.results import cell_folder
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from vits.checkpoint import save_weights
from vits.common.errors import InputError

ONE = {"strategy": ["nearest", {"neighbours": 1}], "seed": 0, "epochs": 10}


def begun(path: Path, contents: dict[str, Any] | None = None) -> CellFolder:
    folder = CellFolder(path)
    folder.begin(Identity(contents or ONE), "seed: 0\n", strategy="nearest")
    return folder


def test_hash_is_the_same_when_computed_anywhere() -> None:
    assert Identity({"seed": 0}).hash == "de7d7744ccd7722e"


def test_hash_is_the_same_when_only_the_order_differs() -> None:
    assert Identity(dict(reversed(ONE.items()))).hash == Identity(ONE).hash


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"epochs": 10.5}, {"strategy": ["nearest", {"neighbours": 2}]}, {"more": None}]
)
def test_hash_changes_when_a_value_does(change: dict[str, Any]) -> None:
    assert Identity({**ONE, **change}).hash != Identity(ONE).hash


def test_nothing_is_written_when_a_folder_is_only_claimed(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path / "cell")
    folder.accept(Identity(ONE))
    assert not folder.finished
    assert not folder.path.exists()


def test_folder_is_claimed_when_it_is_empty_or_its_own(tmp_path: Path) -> None:
    CellFolder(tmp_path).accept(Identity(ONE))
    begun(tmp_path)
    own = CellFolder(tmp_path)
    own.accept(Identity(ONE))
    assert own.record["identity"] == Identity(ONE).hash


def test_claim_is_refused_when_the_folder_holds_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(
        InputError, match=r"holds files but no cell\.json, so it is no cell; choose another name=\.\.\."
    ):
        CellFolder(tmp_path).accept(Identity(ONE))


def test_claim_names_the_differing_keys_when_the_configuration_is_another(tmp_path: Path) -> None:
    begun(tmp_path)
    other = {"strategy": ["nearest", {"neighbours": 2}], "seed": 0, "precision": "bf16"}
    with pytest.raises(
        InputError, match=r"another configuration \(it differs in epochs, precision, strategy\); choose"
    ):
        CellFolder(tmp_path).accept(Identity(other))


def test_folder_is_taken_over_when_another_configuration_failed_before_it_saved_anything(tmp_path: Path) -> None:
    failed = begun(tmp_path)
    (tmp_path / "scores.csv").write_text("step\n0\n")
    failed.fail(ValueError("a typo"))
    other = Identity({"seed": 1})
    taken = CellFolder(tmp_path)
    taken.accept(other)
    assert (tmp_path / "scores.csv").exists()
    taken.begin(other, "seed: 1\n")
    assert not (tmp_path / "scores.csv").exists()
    assert CellFolder(tmp_path).record["identity"] == other.hash


def test_identity_survives_json_when_it_holds_tuples_and_numbers_as_keys(tmp_path: Path) -> None:
    contents = {"periods": (2, 3), "weights": {1: 0.5}}
    begun(tmp_path, contents)
    CellFolder(tmp_path).accept(Identity(contents))
    with pytest.raises(InputError, match=r"it differs in periods\)"):
        CellFolder(tmp_path).accept(Identity({**contents, "periods": (2, 5)}))


def test_cell_is_refused_when_its_record_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "cell.json").write_text('{"status": "fin', encoding="utf-8")
    with pytest.raises(InputError, match=r"cell\.json is not JSON \(.*\); restore the file or remove it"):
        CellFolder(tmp_path)


def test_record_says_who_the_cell_is_when_begun(tmp_path: Path) -> None:
    begun(tmp_path / "a" / "cell")
    record = json.loads((tmp_path / "a" / "cell" / "cell.json").read_text(encoding="utf-8"))
    assert record["status"] == "running"
    assert record["identity"] == Identity(ONE).hash
    assert record["identity_of"] == ONE
    assert record["strategy"] == "nearest"
    assert record["versions"].keys() >= {"python", "torch", "voicegrid"}
    assert (tmp_path / "a" / "cell" / "config.yaml").read_text(encoding="utf-8") == "seed: 0\n"


def test_start_is_that_of_the_first_time_when_begun_again(tmp_path: Path) -> None:
    first = begun(tmp_path).record
    again = begun(tmp_path).record
    assert again["started_at"] == first["started_at"]
    assert again["updated_at"] > first["updated_at"]


def test_error_is_forgotten_when_a_failed_cell_begins_again(tmp_path: Path) -> None:
    begun(tmp_path).fail(RuntimeError("out of memory"))
    failed = CellFolder(tmp_path)
    assert (failed.record["status"], failed.record["error"]) == ("failed", "RuntimeError: out of memory")
    assert not failed.finished
    begun(tmp_path)
    assert (CellFolder(tmp_path).record["status"], CellFolder(tmp_path).record["error"]) == ("running", None)


def test_weights_and_summary_stay_and_the_state_goes_when_finished(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    folder.state.touch()
    module = nn.Linear(2, 1)
    save_weights(module, folder.best)
    folder.finish([{"metric": "wer", "mean": 0.5}], {"step": 2})
    read = CellFolder(tmp_path)
    assert read.finished
    assert read.record["summary"] == [{"metric": "wer", "mean": 0.5}]
    assert read.record["chosen"] == {"step": 2}
    assert read.record["duration_s"] >= 0
    assert not folder.best.exists()
    assert not folder.state.exists()


def test_result_stays_when_something_breaks_off_after_it(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    folder.finish([], {})
    folder.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    again = CellFolder(tmp_path)
    again.accept(Identity(ONE))
    assert again.finished


def test_failure_is_noted_when_the_result_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = begun(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(cell_folder, "write_atomically", _refuse)
        with pytest.raises(InputError, match="no room"):
            folder.finish([], {})
    folder.__exit__(InputError, InputError("no room"), None)
    assert CellFolder(tmp_path).record["status"] == "failed"


def _refuse(path: Path, content: bytes) -> None:
    raise InputError(f"no room for {len(content)} bytes of {path}")


def test_table_is_the_same_when_written_and_read(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path)
    table = pd.DataFrame(
        {
            "step": [0, 0, 1, 1],
            "split": ["test", "test", "test", "test"],
            "speaker": ["040", "NA", "null", "7e1"],
            "utterance": ["001", "", "a/b", "1e5"],
            "metric": ["wer", "nan", "inf", "True"],
            "value": [0.1 + 0.2, float("nan"), 1 / 3, -1e-17],
        }
    )
    folder.write_table("scores", table)
    read = folder.table("scores")
    pd.testing.assert_frame_equal(read, table, check_exact=True, check_dtype=False)
    content = (tmp_path / "scores.csv").read_bytes()
    folder.write_table("scores", read)
    assert (tmp_path / "scores.csv").read_bytes() == content


def test_numbers_are_bit_identical_when_read_from_a_table(tmp_path: Path) -> None:
    folder = CellFolder(tmp_path)
    values = torch.randn(2000, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).tolist()
    folder.write_table("losses", pd.DataFrame({"step": 1, "loss": "mel", "value": values}))
    assert folder.table("losses")["value"].tolist() == values


def test_table_is_empty_when_none_was_written(tmp_path: Path) -> None:
    assert CellFolder(tmp_path).table("scores").empty


def test_cell_is_refused_when_its_place_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    with pytest.raises(InputError, match=r"can't write to .*results.*; choose another results="):
        begun(tmp_path / "results" / "cell")
