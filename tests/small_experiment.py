"""An experiment's folder with scores of known size, written by the classes that write the real ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from metrics.metric import Metric, Score, Utterance
from metrics.secs import Secs
from metrics.summary import score_rows, summarise
from metrics.wer import WordErrorRate
from runners.evaluation.evaluator import TEXT_COLUMNS
from runners.evaluation.judging import NOTE_COLUMNS
from runners.results.cell_folder import FIRST_CHECKED, CellFolder
from runners.results.cell_identity import Identity
from strategies.adaptation import AXES
from vits.common.names import file_stem
from vits.corpus.clip import Clip
from vits.corpus.split import TEST, VALIDATION, write_split

METRICS: tuple[Metric, ...] = (WordErrorRate(), Secs())
SPEAKERS = ("anna", "ben", "cleo")
SENTENCES = ("The kettle sings.", "A dog <b>barked</b> & ran.", "Rain fell all night.", "Nobody came home.")
STEPS = (0, 2)
N_WORDS = 4
SAMPLE_RATE = 16_000
LOSSES = ("mel", "kl")
CONFIG = "wandb:\n  project: {project}\n  entity: null\ndata:\n  root: recordings\n"


def write_experiment(
    folder: Path,
    *,
    strategies: Sequence[str] = ("mean", "nearest"),
    freezes: Sequence[str] = ("none", "decoder"),
    seeds: Sequence[int] = (0,),
    project: str = "voicegrid",
) -> Path:
    """Finished cells of every strategy under every policy; later strategies make more errors and sound nearer."""
    for place, strategy in enumerate(strategies):
        for freeze in freezes:
            for seed in seeds:
                write_cell(folder, strategy, freeze, seed, place, project=project)
    return folder


def write_recordings(folder: Path, duration_s: float, sample_rate: int) -> None:
    """The test sentences' recordings where the cells' configuration looks for them, below the current folder."""
    wave = np.sin(np.arange(round(duration_s * sample_rate)) * 0.05).astype(np.float32)
    for speaker in SPEAKERS:
        for place in range(len(SENTENCES)):
            path = folder / "recordings" / TEST / speaker / f"{place}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, wave, sample_rate)


def write_cell(
    experiment: Path,
    strategy: str,
    freeze: str,
    seed: int,
    n_errors: int,
    *,
    project: str = "voicegrid",
    identity: Identity | None = None,
) -> None:
    """One finished cell; its `identity` may be that of a cell that could be run."""
    name = f"strategy={strategy},freeze={freeze},seed={seed}"
    cell = CellFolder(experiment / name)
    identity = identity or Identity(
        {"strategy": strategy, "freeze": freeze, "seed": seed, "metrics": [m.identity for m in METRICS]}
    )
    cell.begin(
        identity,
        CONFIG.format(project=project),
        name=name,
        axes=dict.fromkeys(AXES, "none") | {"strategy": strategy, "freeze": freeze},
        settings={},
        seed=seed,
        base="pretrained",
        speakers=list(SPEAKERS),
        trainable=[{"part": "synthesizer", "parameters": 2000, "trainable": 500 + n_errors, "percent": 25.0}],
    )
    rng = np.random.default_rng([seed, n_errors, *freeze.encode()])
    scores = pd.concat(
        [_scores(split, step, n_errors, rng) for step in STEPS for split in (VALIDATION, TEST)], ignore_index=True
    )
    cell.write_table("scores", scores)
    cell.write_table("references", _scores(TEST, 0, 0, rng).assign(reference="recording"))
    cell.write_table("transcripts", _transcripts())
    said = [(split, *where) for split in (VALIDATION, TEST) for where in _sentences(split)]
    cell.write_table("texts", pd.DataFrame(said, columns=pd.Index(TEXT_COLUMNS)))
    losses = [(step, loss, 1.0 / step) for step in range(1, STEPS[-1] + 1) for loss in LOSSES]
    cell.write_table("losses", pd.DataFrame(losses, columns=pd.Index(["step", "loss", "value"])))
    write_split(cell.path / "split.csv", [_clip(*where) for where in _sentences(TEST)])
    _write_media(cell.path)
    last = summarise(scores[scores["step"] == STEPS[-1]], METRICS)
    cell.finish(last.to_dict(orient="records"), {"step": STEPS[-1], "by": "wer", "gain": {"validation/wer": 0.0}})


def forget_checksums(cell: Path) -> None:
    """Let a finished cell be changed, as if a version of the project had written it that knew no checksums."""
    path = cell / "cell.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record.pop("checksum", None)
    record.pop("files", None)
    record["identity_of"]["format"] = FIRST_CHECKED - 1
    path.write_text(json.dumps(record), encoding="utf-8")


def _sentences(split: str) -> list[tuple[str, str, str]]:
    """Speaker, name and text of each sentence."""
    return [(who, f"{split}/{who}/{place}", text) for who in SPEAKERS for place, text in enumerate(SENTENCES)]


def _clip(speaker: str, name: str, text: str) -> Clip:
    return Clip(Path(f"{name}.wav"), speaker, text, name, split=TEST)


def _scores(split: str, step: int, n_errors: int, rng: np.random.Generator) -> pd.DataFrame:
    """One substitution more for each place of the strategy, and one fewer after training."""
    silence = np.zeros(1, dtype=np.float32)
    utterances = [Utterance(name, who, text, silence, SAMPLE_RATE) for who, name, text in _sentences(split)]
    values = []
    for _ in utterances:
        substitutions = min(N_WORDS, int(n_errors + (step == 0) + rng.integers(2)))
        counts = dict.fromkeys(METRICS[0].values, 0.0)
        counts |= {"wer": substitutions / N_WORDS, "wer_substitutions": substitutions, "wer_reference_words": N_WORDS}
        values.append(Score({**counts, "secs": 0.2 + 0.1 * n_errors + 0.05 * (step > 0) + 0.02 * rng.random()}))
    return score_rows(utterances, values, step, split)


def _transcripts() -> pd.DataFrame:
    rows = [(step, TEST, who, name, "transcript", text) for step in STEPS for who, name, text in _sentences(TEST)]
    return pd.DataFrame(rows, columns=pd.Index(NOTE_COLUMNS))


def _write_media(cell: Path) -> None:
    """A tenth of a second of every test sentence, and a picture of each voice's first one."""
    from matplotlib.image import imsave

    wave = np.sin(np.arange(SAMPLE_RATE // 10) * 0.1).astype(np.float32)
    for step in STEPS:
        audio, pictures = cell / "audio" / f"step={step:05}" / TEST, cell / "pictures" / f"step={step:05}"
        audio.mkdir(parents=True)
        pictures.mkdir(parents=True)
        for who, name, _ in _sentences(TEST):
            stem = file_stem(who, name)
            soundfile.write(audio / f"{stem}.flac", wave, SAMPLE_RATE)
            if name.endswith("/0"):
                imsave(pictures / f"{stem}.png", np.zeros((2, 2, 3)))
