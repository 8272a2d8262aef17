"""Sentences that nobody recorded, for voices that the model knows already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from vits.corpus.clip import Clip
from vits.corpus.features import PreparedUtterance, with_phonemes
from vits.model_spec import ModelSpec


def unrecorded(
    speakers: Sequence[str],
    texts: Sequence[str],
    split: str,
    language: str,
    spec: ModelSpec,
    cache_dir: Path,
) -> list[PreparedUtterance]:
    """Text i in the voice of speaker i as a model reads it, each without a sample of audio and without a frame.

    Raises:
        InputError: a text has nothing that can be spoken.
    """
    clips = [
        Clip(Path(), speaker, text, f"{split}/{number:03}", split=split)
        for number, (speaker, text) in enumerate(zip(speakers, texts, strict=True))
    ]
    return without_recordings(clips, language, spec, cache_dir)


def without_recordings(
    clips: Sequence[Clip], language: str, spec: ModelSpec, cache_dir: Path
) -> list[PreparedUtterance]:
    """Clips of which there is the text alone.

    Raises:
        InputError: a text has nothing that can be spoken.
    """
    alphabet, channels = spec.alphabet(), spec.parts["posterior_encoder"]["spectrogram_channels"]
    tokenizer = alphabet.tokenizer
    return [
        PreparedUtterance(clip, tokenizer(clip.phonemes or ""), torch.zeros(0), torch.zeros(channels, 0))
        for clip in with_phonemes(clips, alphabet.reader(language), cache_dir)
    ]


def evenly(count: int, of: Sequence[str]) -> list[str]:
    """So many of the items, at even distances; all of them if there are no more."""
    count = min(count, len(of))
    return [of[place * len(of) // count] for place in range(count)]
