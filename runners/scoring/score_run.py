"""Score another system's audio as an experiment's cells are scored, and write the experiment's report again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from metrics.judges.judge import Judges
from metrics.metric import Metric
from metrics.summary import mean_and_spread, summarise
from runners.cli.score_arguments import ScoreArguments
from runners.evaluation.evaluator import TEXT_COLUMNS
from runners.evaluation.judging import Panellists, judge
from runners.reporting.results import Experiment, load_experiment
from runners.reporting.settings import ReportSettings
from runners.reporting.writing import report
from runners.results.other_system import Scored, check_free, other_system_folder, read_other_system, write_other_system
from runners.scoring.foreign_speech import UNMATCHED, ForeignSpeech, read_speech
from runners.scoring.ruler import Ruler, ruler_of
from runners.training.devices import make_fabric
from vits.common.atomic_files import content_key, default_cache_dir
from vits.common.errors import InputError


def run_score(arguments: ScoreArguments) -> None:
    """Score a folder of audio, unless it was scored before, and say what came out.

    Raises:
        InputError: the experiment, the corpus, the audio or a metric can't be used; nothing was written then.
    """
    folder = Path(arguments.results) / arguments.experiment
    experiment = load_experiment(folder)
    judges = Judges(default_cache_dir(), make_fabric(arguments.device, "32").device)
    ruler = ruler_of(experiment.systems[0].cells[0], arguments.voices, judges.cache_dir)
    metrics = ruler.chosen(arguments.metrics)
    speech = read_speech(arguments.audio, ruler.voices, experiment.texts)
    scored = _scored(arguments.audio, speech, ruler, metrics)
    own = other_system_folder(folder, arguments.name)
    found = read_other_system(own)
    check_free(found, scored, own)
    if found is None:
        rows = _score(own, scored, speech, ruler, metrics, judges)
    else:
        print(f"{arguments.name}: scored before, not scored again ({own})")
        rows = found.table("scores")
    _tell(rows, scored, experiment, metrics)
    print(f"report: {report(folder, ReportSettings()).places[0]}")


def _scored(audio: str, speech: ForeignSpeech, ruler: Ruler, metrics: Sequence[Metric]) -> Scored:
    """What is to be scored, by its identities."""
    heard = [
        part for split, group in sorted(speech.utterances.items()) for u in group for part in (split, u.name, u.digest)
    ]
    return Scored(
        audio=audio,
        speech=content_key(part.encode() for part in heard),
        recordings=ruler.voices.identity,
        metrics=[metric.identity for metric in metrics],
        n_sentences=speech.n_sentences,
        n_matched=speech.n_matched,
    )


def _score(
    folder: Path, scored: Scored, speech: ForeignSpeech, ruler: Ruler, metrics: Sequence[Metric], judges: Judges
) -> pd.DataFrame:
    """Ask all judges, and write what they say; returns the scores.

    Raises:
        InputError: none of the metrics has anything to say of this audio.
    """
    from tqdm import tqdm

    panellists = Panellists(metrics, {metric.name: metric.prepare(ruler.known, judges) for metric in metrics})
    with tqdm(total=scored.n_sentences, desc=folder.name, unit="sentence") as progress:
        judged = [judge(panellists, group, 0, split, progress.update) for split, group in speech.utterances.items()]
    rows = [rows for rows, _ in judged if len(rows)]
    if not rows:
        named = ", ".join(metric.name for metric in metrics)
        raise InputError(
            f"{named} compares with a recording of the same sentence in the same voice, and this audio has none; "
            "choose other metrics, or let the system speak the corpus' test sentences"
        )
    scores = pd.concat(rows, ignore_index=True)
    tables = {
        "scores": scores,
        "transcripts": pd.concat([notes for _, notes in judged], ignore_index=True),
        "texts": _texts(speech),
    }
    write_other_system(folder, scored, tables)
    return scores


def _texts(speech: ForeignSpeech) -> pd.DataFrame:
    """What each utterance says."""
    rows = [(split, u.speaker, u.name, u.text) for split, group in speech.utterances.items() for u in group]
    return pd.DataFrame(rows, columns=pd.Index(TEXT_COLUMNS))


def _tell(rows: pd.DataFrame, scored: Scored, experiment: Experiment, metrics: Sequence[Metric]) -> None:
    """The means, and on how many sentences it can be compared."""
    table = summarise(rows, metrics)
    for split, own in table[table["metric"].isin([metric.name for metric in metrics])].groupby("split"):
        means = ", ".join(
            f"{row['metric'].upper()} {mean_and_spread(row['mean'], row['spread'])}" for row in own.to_dict("records")
        )
        print(f"  {'sentences of its own' if split == UNMATCHED else split}: {means}")
    print(f"{scored.n_matched} of its {scored.n_sentences} sentences are spoken by the cells of {experiment.name}, too")
