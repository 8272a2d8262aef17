"""From an experiment's folder to the page of its listening test, and the key that says what was heard."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runners.cli.listen_arguments import ListenArguments
from runners.listening.page import as_page
from runners.listening.plan import Trial, plan
from runners.reporting.analysis import Analysis, analyse
from runners.reporting.listening_audio import Listening, listening
from runners.reporting.results import load_experiment
from runners.reporting.settings import ReportSettings
from vits.common.atomic_files import write_atomically
from vits.common.errors import InputError

FOLDER, PAGE, KEY = "listening", "index.html", "key.json"
MOST_MB = 100.0


def make_listening_test(arguments: ListenArguments) -> Path:
    """Write the page and its key into the experiment's folder; returns the page's path.

    Raises:
        InputError: the experiment has no finished cell, or a sound that shall be heard isn't there.
    """
    analysis = analyse(load_experiment(Path(arguments.results) / arguments.experiment), ReportSettings())
    heard = _sounds(analysis, arguments)
    systems = list(analysis.systems)[: arguments.systems]
    trials = plan(len(systems), len(heard.sentences), arguments.raters, arguments.seed)
    order = _order(len(systems) * len(heard.sentences), arguments.seed)
    key = _key(heard, systems, trials, order)
    folder = analysis.experiment.folder / FOLDER
    folder.mkdir(exist_ok=True)
    write_atomically(folder / KEY, json.dumps(key, indent=1, ensure_ascii=False).encode())
    write_atomically(folder / PAGE, as_page(key["test"], heard, trials, order).encode())
    return folder / PAGE


def _sounds(analysis: Analysis, arguments: ListenArguments) -> Listening:
    """The sentences as recorded and as each of the systems speaks them; all of them must be there."""
    chosen = list(analysis.systems.values())[: arguments.systems]
    heard = listening(analysis.experiment, chosen, analysis.headline, arguments.sentences, MOST_MB)
    if not heard.sentences:
        raise InputError(f"{analysis.experiment.folder} has no test sentence to listen to; evaluate some first")
    for sentence in heard.sentences:
        for player in sentence.players:
            if player.uri is None:
                raise InputError(
                    f"{sentence.speaker}/{sentence.utterance} has no sound of {player.label}; keep the cells' audio "
                    "and the recordings where the cells found them, or listen to fewer systems"
                )
    return heard


def _order(n_sounds: int, seed: int) -> list[int]:
    """By which number the page calls each sound, so that numbers say nothing of systems."""
    numbers = list(range(n_sounds))
    random.Random(f"order {seed}").shuffle(numbers)
    return numbers


def _key(
    heard: Listening, systems: Sequence[str], trials: Sequence[Sequence[Trial]], order: Sequence[int]
) -> dict[str, Any]:
    """What each number is, and the test's name, which its answers carry: a hash of all that is heard."""
    sounds = {
        str(order[place * len(systems) + number]): {
            "system": label,
            "speaker": sentence.speaker,
            "utterance": sentence.utterance,
        }
        for place, sentence in enumerate(heard.sentences)
        for number, label in enumerate(systems)
    }
    planned = [[[t.sentence, *(order[s] for s in t.stimuli)] for t in of_rater] for of_rater in trials]
    content = json.dumps([sounds, planned], sort_keys=True)
    return {"test": hashlib.sha256(content.encode()).hexdigest()[:16], "systems": list(systems), "sounds": sounds}
