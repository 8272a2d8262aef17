"""More test sentences for the systems between which nothing is decided yet: evidence where the doubt is.

What such a cell speaks then is what it would have spoken with as many more `evaluation.test_texts`.
"""

from __future__ import annotations

from dataclasses import replace

from metrics.judges.judge import Judges
from runners.bases.start import Start
from runners.evaluation.evaluation_settings import TEXTS
from runners.evaluation.evaluator import Evaluator
from runners.experiment.cell import Cell
from runners.results.cell_folder import CellFolder
from runners.results.finished_bundle import load_finished
from runners.results.further_scores import FurtherScores
from runners.results.undecided import undecided
from runners.training.devices import make_fabric
from runners.voices.english_sentences import further_sentences
from runners.voices.recorded_voices import Voices, known_voices
from vits.synthesizer import Synthesizer


def lacks_sentences(cell: Cell, folder: CellFolder) -> bool:
    """Whether a finished cell is to speak more than it has; says why not where more are asked for."""
    if not cell.more_sentences:
        return False
    asked = undecided(cell.results / cell.experiment)
    if asked is None:
        print(f"  no report has compared {cell.experiment} yet; the same command again speaks more_sentences")
        return False
    mine = {**folder.record["axes"], **folder.record.get("settings", {})}
    if mine not in asked:
        print("  no further sentences: it isn't among those that may be the best")
        return False
    have = FurtherScores(folder.path).n_sentences
    if have >= cell.more_sentences:
        print(f"  it has spoken {have} further sentences before")
    return have < cell.more_sentences


def speak_more(cell: Cell, folder: CellFolder, start: Start, voices: Voices) -> None:
    """Let a finished cell's model speak and be judged, until each voice has `more_sentences` further ones."""
    further = FurtherScores(folder.path)
    have = further.n_sentences
    items = further_sentences(
        voices,
        cell.corpus.language,
        start.spec,
        cell.cache_dir,
        beyond=cell.evaluation.test_texts + have,
        count=cell.more_sentences - have,
        split=TEXTS,
        validation=cell.evaluation.validation_sentences,
    )
    if not items:
        print("  no further sentences: the project has no more of this language")
        return
    evaluator = _evaluator(cell, folder, start, replace(voices, held_out={}, unrecorded={TEXTS: items}))
    found = evaluator.evaluate(_adapted(cell, folder), int(folder.record["chosen"]["step"]), lambda _: None)
    folder.check_lease()
    spoken = len(items) // len(voices.speakers)
    further.add(have + spoken, {"scores": found.rows, "transcripts": found.notes, "texts": evaluator.texts})
    print(f"  spoke {spoken} further sentences in each voice")


def _adapted(cell: Cell, folder: CellFolder) -> Synthesizer:
    """The cell's own model, as it is kept."""
    device = make_fabric(cell.device, cell.precision).device
    return load_finished(folder.path, with_adversary=False).synthesizer.to(device).eval()


def _evaluator(cell: Cell, folder: CellFolder, start: Start, voices: Voices) -> Evaluator:
    """What judges as the cell's own evaluations did."""
    judges = Judges(cell.cache_dir, make_fabric(cell.device, cell.precision).device)
    known = known_voices(voices, start.speakers, folder.record.get("started_from", {}))
    ids = folder.record["speaker_ids"]
    return Evaluator(cell.metrics, voices, known, judges, cell.evaluation, cell.seed, speaker_ids=ids)
