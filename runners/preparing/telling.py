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

NOISY_DB = 15.0  # heard behind a voice; clean rooms give 30 and more, and some clean voices 6 dB less than they have


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
    yield from _noise(clips)
    if warning:
        yield f"not split into train, validation and test: {warning}"
    yield f"{arguments.out}/{TABLE} is the corpus, {arguments.out}/{PREPARED} what became of each second"
    language = "" if arguments.language == "en-us" else f" data.language={arguments.language}"
    root = shlex.quote(f"data.root={arguments.out}")
    yield f"next: python runners/lint.py data=folder {root}{language}"
    yield f"then: python runners/grid.py data=folder {root}{language} name=mine"


def _noise(clips: Sequence[Part]) -> Iterator[str]:
    """Which of the clips that were kept are noisy, if any are."""
    noisy = sorted((part for part in clips if part.snr_db < NOISY_DB), key=lambda part: part.snr_db)
    if noisy:
        worst = noisy[0]
        yield (
            f"noise: {len(noisy)} of {len(clips)} clips have an SNR below {NOISY_DB:g} dB by WADA-SNR (the noisiest: "
            f"{worst.path}, {worst.snr_db:.0f} dB; all of them in the column snr_db of {PREPARED}). A voice learns its "
            f"noise: listen to them, and leave them out with min_snr_db={NOISY_DB:g} if you hear it"
        )


def _kind(reason: str) -> str:
    """A reason without its numbers in brackets."""
    return reason.partition(" (")[0]
