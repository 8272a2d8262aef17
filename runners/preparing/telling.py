"""What is said of a prepared corpus: how much there is, what was left out, which texts are a risk, what is next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from runners.cli.prepare_arguments import PrepareArguments
from runners.preparing.clip_writing import CLIP, LEFT_OUT, Part
from runners.preparing.kept_transcripts import NAME
from vits.corpus.prepared_texts import PREPARED
from vits.corpus.tables_of_folder import TABLE


def tell(parts: Sequence[Part], arguments: PrepareArguments, warning: str) -> None:
    """Print it; `warning` is why there is no split, if there is none."""
    print("\n".join(_lines(parts, arguments, warning)))


def _lines(parts: Sequence[Part], arguments: PrepareArguments, warning: str) -> Iterator[str]:
    clips = [part for part in parts if part.outcome == CLIP]
    speakers = Counter(part.speaker for part in clips)
    for speaker, count in sorted(speakers.items()):
        minutes = sum(part.length_s for part in clips if part.speaker == speaker) / 60
        yield f"{speaker}: {count} clips, {minutes:.1f} minutes"
    left = Counter(_kind(part.reason) for part in parts if part.outcome == LEFT_OUT)
    if left:
        yield "left out: " + ", ".join(f"{count} {reason}" for reason, count in left.most_common())
    heard = sum(part.text_by == NAME for part in clips)
    if heard:
        yield (
            f"risk: {heard} of {len(clips)} texts are what {NAME} heard, marked in {PREPARED}. They have its errors, "
            f"and a WER by the same model flatters: correct {TABLE}, and ask a second judge (metrics=[wer,"
            "wer_faster_whisper,secs,secs_ge2e])"
        )
    if warning:
        yield f"not split into train, validation and test: {warning}"
    yield f"{arguments.out}/{TABLE} is the corpus, {arguments.out}/{PREPARED} what became of each second"
    language = "" if arguments.language == "en-us" else f" data.language={arguments.language}"
    root = shlex.quote(f"data.root={arguments.out}")
    yield f"next: python runners/lint.py data=folder {root}{language}"
    yield f"then: python runners/grid.py experiment=own data=folder {root}{language} name=mine"


def _kind(reason: str) -> str:
    """A reason without its numbers in brackets."""
    return reason.partition(" (")[0]
