from __future__ import annotations

import json
from pathlib import Path

import pytest

from metrics.statistics.racing import Behind
from runners.results.race_record import RACE_JSON, Look, Race, Racer, Rule, begin_race, read_race, write_race
from vits.common.atomic_files import content_key
from vits.common.errors import InputError

RACE = Race({"a": Racer("mean", 0), "b": Racer("random", 0)}, (0, 25, 50, 100), Rule("secs", {"wer": 0.05}, 0.05))
LOOK = Look(25, ("mean", "random"), {"mean": "wer"}, (), (Behind("random", "mean", 0.1),))


def test_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_race(tmp_path) is None
    write_race(tmp_path, RACE.with_look(LOOK))
    assert read_race(tmp_path) == RACE.with_look(LOOK)
    assert RACE.with_look(LOOK).left == ("mean",)


def test_looks_are_kept_when_the_same_race_begins_and_another_replaces_it(tmp_path: Path) -> None:
    write_race(tmp_path, RACE.with_look(LOOK))
    begin_race(tmp_path, RACE)
    assert read_race(tmp_path) == RACE.with_look(LOOK)
    other = Race(RACE.cells, RACE.stages, Rule("wer", {}, 0.05))
    begin_race(tmp_path, other)
    assert read_race(tmp_path) == other


def test_record_without_a_margin_is_read_when_an_earlier_version_wrote_it(tmp_path: Path) -> None:
    write_race(tmp_path, RACE.with_look(LOOK))
    record = json.loads((tmp_path / RACE_JSON).read_text(encoding="utf-8"))
    del record["rule"]["margin"], record["checksum"]
    record["checksum"] = content_key([json.dumps(record, sort_keys=True).encode()])
    (tmp_path / RACE_JSON).write_text(json.dumps(record), encoding="utf-8")
    assert read_race(tmp_path) == RACE.with_look(LOOK)


def test_systems_behind_whom_others_fell_are_relied_on() -> None:
    assert RACE.relied_on == ()
    assert RACE.with_look(LOOK).relied_on == ("mean",)


def test_changed_record_is_refused_in_one_line(tmp_path: Path) -> None:
    write_race(tmp_path, RACE.with_look(LOOK))
    path = tmp_path / RACE_JSON
    path.write_text(path.read_text(encoding="utf-8").replace('"random"', '"mean"', 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"race\.json was changed since it was written; remove it"):
        read_race(tmp_path)
