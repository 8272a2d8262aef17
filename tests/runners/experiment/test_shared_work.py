"""What belongs to the experiment is done by its first cell alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runners.experiment.adapting
import runners.linting.audio_facts
from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.whisper_judge import WhisperJudge
from runners.experiment.cell import Cell
from runners.experiment.run_cell import run_cell
from vits.common.atomic_files import default_cache_dir

MakeCell = Callable[..., Cell]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often judges listened to a clip, initialisers were tested, and files were measured."""
    counts: Counter[str] = Counter()

    def count(owner: Any, name: str, amount: Callable[..., int] = lambda *_: 1) -> None:
        work = getattr(owner, name)

        def counted(*given: Any, **named: Any) -> Any:
            counts[name] += amount(*given)
            return work(*given, **named)

        monkeypatch.setattr(owner, name, counted)

    count(EcapaEncoder, "embed", lambda _, waves: len(waves))
    count(WhisperJudge, "listen", lambda _, waves, *__: len(waves))
    count(runners.experiment.adapting, "leave_one_out_error")
    count(runners.linting.audio_facts, "measure")
    return counts


def empty_cache(folder: Path) -> None:
    """A cache in which nothing is kept but the judges' weights."""
    folder.mkdir()
    weights = default_cache_dir() / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    (folder / "weights").symlink_to(weights)


def test_second_cell_does_only_its_own_work_when_the_first_has_done_the_experiments(
    make_cell: MakeCell, done: Counter[str], tmp_path: Path
) -> None:
    empty_cache(tmp_path / "cache")
    overrides = ("epochs=0", "metrics=[wer,secs]", f"cache_dir={tmp_path / 'cache'}")
    first, second = make_cell("strategy=mean", *overrides), make_cell("strategy=random", *overrides)
    run_cell(first)
    once = dict(done)
    done.clear()
    run_cell(second)
    own = len({"040", "041"}) + 2  # a sentence of each new voice, and its copy-synthesis; the base's voice was heard
    assert done == {"embed": own, "listen": own}
    assert once["leave_one_out_error"] == len(first.initialisers)
    assert once["measure"] == 12, "recordings"
    assert once["embed"] > own


def test_untrained_voices_are_judged_once_when_cells_start_alike(
    make_cell: MakeCell, done: Counter[str], tmp_path: Path
) -> None:
    empty_cache(tmp_path / "cache")
    overrides = ("strategy=mean", "steps=1", "metrics=[wer,secs]", f"cache_dir={tmp_path / 'cache'}")
    first = run_cell(make_cell("freeze=none", *overrides)).table("scores")
    done.clear()
    second = run_cell(make_cell("freeze=decoder", *overrides)).table("scores")
    trained = second["step"] > 0
    assert first[first["step"] == 0].equals(second[~trained])
    assert done["listen"] == (trained & (second["metric"] == "wer")).sum() + 2, "and copy-synthesis"
