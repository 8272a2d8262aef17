"""What a base makes of voices it has never heard: `python benchmarks/new_voices.py data.root=<folder>`.

Nothing is trained. Each strategy gives every voice a row, from the recordings of the split `enrol=train`; then held-out
sentences (`split=test`, `sentences=4` a voice) are spoken from text and copied. Prints, for each of
`bundles=assets/demo_base,...` and `strategies=ecapa,nearest,mean`, the means over voices of WER and of SECS by ECAPA
and by GE2E; also the recordings' own and, as the floor, those of the recordings beside the other voices. A base that
was trained with ECAPA's voiceprints is ECAPA's pupil: GE2E is the judge that took no part.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import torch

from metrics.judges.judge import Judges
from metrics.metric import KnownVoices, Metric
from metrics.secs import Secs
from metrics.secs_ge2e import SecsGe2e
from metrics.summary import summarise
from metrics.wer import WordErrorRate
from runners.config.registration import register_options
from runners.evaluation.evaluator import EvaluationSettings, Evaluator
from runners.voices.recorded_voices import Voices, enrol, load_voices
from strategies.context import AdaptationContext, BaseSpeakers
from vits.bundle import Bundle, load_bundle
from vits.common.atomic_files import default_cache_dir
from vits.common.registry import registered
from vits.corpus.folder import FolderCorpus

MAX_DURATION_S = 12.0
SEGMENT_FRAMES = 32
COLUMNS = ("WER", "SECS", "GE2E")


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    register_options()
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    print(f"| bundle | strategy | {' | '.join(f'{c} from text' for c in COLUMNS)} | ", end="")
    print(f"{' | '.join(f'{c} copied' for c in COLUMNS)} |\n{'|---' * 8}|")
    metrics: list[Metric] = [WordErrorRate(), Secs(), SecsGe2e()]
    for number, path in enumerate(options.get("bundles", "assets/demo_base").split(",")):
        voices = new_voices(load_bundle(Path(path)), options)
        for strategy in options.get("strategies", "ecapa,nearest,mean").split(","):
            bundle = load_bundle(Path(path))
            evaluator = evaluator_of(bundle, voices, strategy, metrics, judges)
            spoken = evaluator.evaluate(bundle.synthesizer, 0, lambda _: None).rows
            references = evaluator.references(bundle.synthesizer, 0)
            copied = references[references["reference"] == "copy_synthesis"]
            print(f"| {path} | {strategy} | {means(spoken, metrics)} | {means(copied, metrics)} |", flush=True)
        if number == 0:
            for name, kind in (("the recordings", "recording"), ("other speakers' recordings", "other_speakers")):
                rows = references[references["reference"] == kind]
                print(f"| {name} | | {means(rows, metrics)} | | | |", flush=True)


def new_voices(bundle: Bundle, options: dict[str, str]) -> Voices:
    """The corpus as that base hears it."""
    return load_voices(
        FolderCorpus(root=options["data.root"]),
        bundle.spec,
        cache_dir=default_cache_dir(),
        segment_frames=SEGMENT_FRAMES,
        max_duration_s=MAX_DURATION_S,
        held_out={options.get("split", "test"): int(options.get("sentences", "4"))},
        train_split=options.get("enrol", "train"),
        enrolment_clips=int(options.get("clips", "10")),
    )


def evaluator_of(bundle: Bundle, voices: Voices, strategy: str, metrics: list[Metric], judges: Judges) -> Evaluator:
    """The judges, after the base was given a row for each voice."""
    trained = bundle.trained_rows
    speakers = BaseSpeakers(
        tuple(bundle.speakers[row].name for row in trained),
        bundle.synthesizer.speaker_embedding.weight.detach()[trained],
        bundle.voiceprints[trained],
    )
    generator = torch.Generator().manual_seed(0)
    context = AdaptationContext.of_base(bundle.spec, bundle.synthesizer, speakers, generator)
    initialise = registered("strategy")[strategy]().prepare(context)
    rows = {
        speaker: bundle.synthesizer.speaker_embedding.add(initialise(enrolment).row)
        for speaker, enrolment in enrol(voices, judges).items()
    }
    known = KnownVoices(voices.reference_recordings())
    settings = EvaluationSettings(dict.fromkeys(voices.held_out, 0), retention_utterances=0)
    return Evaluator(metrics, voices, known, judges, settings, 0, speaker_ids=rows)


def means(rows: pd.DataFrame, metrics: list[Metric]) -> str:
    """The means over speakers of each metric, NaN where it isn't defined."""
    table = summarise(rows.drop(columns="reference", errors="ignore"), metrics).set_index("metric")["mean"]
    return " | ".join(f"{table.get(metric.name, float('nan')):.3f}" for metric in metrics)


if __name__ == "__main__":
    main()
