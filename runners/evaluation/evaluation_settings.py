"""What is spoken and scored at each evaluation, as it is set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from runners.evaluation.selection import Selection
from vits.common.bounds import OneOf, check_fields
from vits.common.errors import InputError
from vits.common.quantities import BatchSize, LengthScale, ListedSentences, NoiseScale, Number
from vits.common.registry import register

RETENTION = "retention"  # the split of the base voices' rows
TEXTS = "texts"  # the split of the project's own sentences, in the new voices
CHOSEN, EVERY = "chosen", "every"


@register("evaluation", "settings")
@dataclass(frozen=True)
class EvaluationSettings:
    """What is synthesised and scored at each evaluation.

    `utterances_per_speaker` says for each split how many recorded sentences of each voice are spoken (0: all).
    `test_texts` sentences of the project's own list are spoken by each voice besides, the same by all: WER and SECS
    need no recording of a sentence. A voice with fewer than `validation_sentences` recorded ones validates on
    sentences from the end of that list, as far as they aren't test texts. Both only where the voices speak English.
    Validation sentences are spoken at every evaluation, recorded ones and the base's voices' before training, too, and
    all of them at the stage that is kept (`test_at=chosen`), or at `every` one.
    `selection` says when an earlier stage is kept in the place of the last.
    `retention_utterances` are spoken by base speakers, to see what adaptation does to the voices that the model had.
    `noise_scale` is the spread of the latent around its mean, `length_scale` stretches time.
    """

    utterances_per_speaker: dict[str, Number] = field(default_factory=dict)
    test_texts: ListedSentences = 40
    validation_sentences: ListedSentences = 10
    test_at: Annotated[str, OneOf(CHOSEN, EVERY)] = CHOSEN
    selection: Selection = field(default_factory=Selection)
    retention_utterances: Number = 40
    noise_scale: NoiseScale = 0.667
    length_scale: LengthScale = 1.0
    batch_size: BatchSize = 16

    def __post_init__(self) -> None:
        check_fields(self, "evaluation")
        if not self.utterances_per_speaker:
            raise InputError("evaluation.utterances_per_speaker names no split; give one, such as {test: 8}")
        for split, setting in ((RETENTION, "retention_utterances"), (TEXTS, "test_texts")):
            if split in self.utterances_per_speaker and getattr(self, setting):
                raise InputError(
                    f"evaluation.utterances_per_speaker names a split {split!r}, which is what the scores of "
                    f"evaluation.{setting} are called; rename it, or set evaluation.{setting}=0"
                )
