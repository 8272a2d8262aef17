"""Sentences that a voice is tested on although the model was trained on them."""

from __future__ import annotations

from collections.abc import Sequence

from runners.linting.finding import Finding, Severity, skipped
from runners.linting.known_base import KnownBase
from vits.corpus.clip import Clip
from vits.corpus.split import TRAIN
from vits.trained_on import TrainedOn

CHECK = "shared texts"


def shared_texts(clips: Sequence[Clip], bases: Sequence[KnownBase]) -> list[Finding]:
    """Held-out sentences that also stand in the corpus's training clips, or that a base was trained on."""
    train = TrainedOn.of(clip for clip in clips if clip.split == TRAIN)
    findings = [skipped(CHECK, base.source, *_unknown(base)) for base in bases if base.trained_on is None]
    for split, held_out in _held_out(clips).items():
        findings += _shared(
            split,
            held_out,
            train,
            "are also trained on in this corpus",
            "the new voices are tested on sentences that they were trained to speak",
            f"move them out of train, or out of {split}",
        )
        for base in bases:
            findings += _shared(
                split,
                held_out,
                base.trained_on or TrainedOn(),
                f"were in the base's training ({base.source})",
                "the base has learned to speak them, so they score better than new sentences would",
                "score sentences that it never saw, or compare strategies only with each other",
            )
    return findings


def _unknown(base: KnownBase) -> tuple[str, str]:
    """What couldn't be looked for, and what to do."""
    return (
        "the base doesn't say which texts it was trained on (it has no trained_on.csv)",
        "make the bundle again, with runners/pretrain.py or runners/import_checkpoint.py, to know",
    )


def _held_out(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """One clip of each held-out sentence, by split."""
    sentences: dict[str, dict[str, Clip]] = {}
    for clip in clips:
        if clip.split != TRAIN:
            sentences.setdefault(str(clip.split), {}).setdefault(clip.sentence, clip)
    return {split: list(found.values()) for split, found in sentences.items()}


def _shared(split: str, clips: Sequence[Clip], known: TrainedOn, where: str, why: str, remedy: str) -> list[Finding]:
    """The finding, if any of the clips says what is known."""
    spelled = [clip for clip in clips if known.knows_spelling(clip)]
    spoken = [clip for clip in clips if known.knows_phonemes(clip)]
    both = [clip for clip in clips if clip in spelled or clip in spoken]
    if not both:
        return []
    if any(clip.text for clip in clips):
        counts = f"{len(spelled)} of {len(clips)} texts {where} by spelling, {len(spoken)} by identical phonemes"
    else:
        counts = f"{len(spoken)} of {len(clips)} texts {where} by identical phonemes (their spellings are unknown)"
    concerned = tuple(clip.text or clip.phonemes or clip.name for clip in both)
    return [Finding(Severity.WARNING, CHECK, split, counts, why, remedy, concerned)]
