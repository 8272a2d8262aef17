"""Utterances ready for the model: tokens, wave and spectrogram, computed once and read when needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from jaxtyping import Float32, Int64
from torch import Tensor, nn
from torch.utils.data import Dataset
from tqdm import tqdm

from vits.common.atomic_files import content_key
from vits.common.errors import InputError
from vits.corpus.clip import Clip, in_split
from vits.corpus.feature_cache import FeatureCache
from vits.corpus.phoneme_cache import cached_phonemes
from vits.spectrogram import AudioAnalysis
from vits.text.reader import Reader
from vits.text.tokens import Tokenizer

TOO_SHORT = "shorter than the minimum"
TOO_LONG = "longer than the limit"
TOO_MANY_TOKENS = "more tokens than frames"
NOTHING_SPOKEN = "no known symbol in its phonemes"


@dataclass(frozen=True)
class PreparedUtterance:
    """One utterance as the model takes it; `clip.phonemes` is what the tokens spell.

    `recording` is the key of its recording's features; empty where it was not recorded.
    """

    clip: Clip
    tokens: Int64[Tensor, "tokens"]
    wave: Float32[Tensor, "samples"]
    spectrogram: Float32[Tensor, "channels frames"]
    recording: str = ""

    @property
    def content_key(self) -> str:
        """A name for all that is read of it: recording, text, speaker, split and phonemes; no other content has it."""
        return clip_key(self.clip, self.recording or content_key([self.wave.numpy().tobytes()]))


@dataclass(frozen=True)
class PreparedCorpus(Dataset[PreparedUtterance]):
    """Utterances that are read from the cache one at a time, so that the corpus needn't fit into memory.

    Of a small corpus, `list(prepared)` keeps all in memory. `frames` are the utterances' lengths, and
    `skipped` counts, by reason, the clips that `prepare` left out.
    """

    clips: Sequence[Clip]
    tokens: Sequence[Int64[Tensor, "_"]] = field(repr=False)
    keys: Sequence[str] = field(repr=False)
    frames: Sequence[int] = field(repr=False)
    cache: FeatureCache = field(repr=False)
    skipped: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> PreparedUtterance:
        clip = self.clips[index]
        features = self.cache.load(clip.path, self.keys[index])
        return PreparedUtterance(clip, self.tokens[index], features.wave, features.spectrogram, self.keys[index])

    def __iter__(self) -> Iterator[PreparedUtterance]:
        return (self[index] for index in range(len(self)))

    @property
    def content_keys(self) -> list[str]:
        """The utterances' content keys, without reading their features."""
        return [clip_key(clip, key) for clip, key in zip(self.clips, self.keys, strict=True)]

    def in_split(self, split: str) -> PreparedCorpus:
        """The utterances of one split.

        Raises:
            InputError: none is in it.
        """
        in_split(self.clips, split)
        chosen = [index for index, clip in enumerate(self.clips) if clip.split == split]
        return replace(
            self,
            clips=[self.clips[i] for i in chosen],
            tokens=[self.tokens[i] for i in chosen],
            keys=[self.keys[i] for i in chosen],
            frames=[self.frames[i] for i in chosen],
        )


def clip_key(clip: Clip, recording: str) -> str:
    """A name for what a clip says, who says it and how it is used; `recording` names the content of its audio."""
    fields = (recording, clip.name, clip.speaker, clip.text, str(clip.phonemes), str(clip.split))
    return content_key(field.encode() for field in fields)


def with_phonemes(clips: Sequence[Clip], reader: Reader, cache_dir: Path) -> list[Clip]:
    """The clips with the phonemes of those that lack them; each text is read once."""
    unread = [clip.text for clip in clips if clip.phonemes is None or not reader.takes_phonemes]
    texts = list(dict.fromkeys(unread))
    phonemes_of = dict(zip(texts, cached_phonemes(texts, reader, cache_dir), strict=True))
    return [
        clip if clip.phonemes is not None and reader.takes_phonemes else replace(clip, phonemes=phonemes_of[clip.text])
        for clip in clips
    ]


def prepare(
    clips: Sequence[Clip],
    analysis: AudioAnalysis,
    spectrogram: nn.Module,
    tokenizer: Tokenizer,
    reader: Reader,
    cache_dir: Path,
    min_frames: int = 1,
    max_frames: int | None = None,
) -> PreparedCorpus:
    """Make clips ready for the model, in their order, leaving out those it can't learn from.

    Left out are clips with fewer than `min_frames` (a training segment) or more than `max_frames`, with
    more tokens than frames (no alignment exists), and with nothing to say. `spectrogram` is the module whose
    output the posterior encoder takes. The first time takes a few milliseconds a clip, later ones read the
    cache.

    Raises:
        InputError: a recording can't be read, or no clip is left.
    """
    cache = FeatureCache(cache_dir, analysis, spectrogram)
    spelled = with_phonemes(clips, reader, cache_dir)
    kept: list[tuple[Clip, Tensor, str, int]] = []
    skipped: Counter[str] = Counter()
    for clip, (key, frames) in zip(spelled, _measured(spelled, cache), strict=True):
        tokens = _tokens(clip, tokenizer)
        reason = _unusable(frames, tokens, min_frames, max_frames)
        if reason is None and tokens is not None:
            kept.append((clip, tokens, key, frames))
        else:
            skipped[str(reason)] += 1
    if not kept:
        counts = ", ".join(f"{count} {reason}" for reason, count in skipped.items()) or "there were none"
        raise InputError(
            f"no clip of {len(clips)} can be used ({counts}; allowed are {min_frames} to "
            f"{max_frames or 'any number of'} frames of {analysis.hop_length / analysis.sample_rate:.4f} s); "
            "give other recordings or limits"
        )
    columns = [list(column) for column in zip(*kept, strict=True)]
    return PreparedCorpus(*columns, cache=cache, skipped=dict(skipped))


def _measured(clips: Sequence[Clip], cache: FeatureCache) -> list[tuple[str, int]]:
    """The key and the frames of each clip, whose features are in the cache afterwards.

    Several clips at a time, one thread for each: a clip is too little work to divide.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(max_workers=threads) as pool:
            measured = pool.map(cache.measure, [clip.path for clip in clips])
            return list(tqdm(measured, desc="preparing", total=len(clips), unit="clip", disable=None, leave=False))
    finally:
        torch.set_num_threads(threads)


def _tokens(clip: Clip, tokenizer: Tokenizer) -> Int64[Tensor, "tokens"] | None:
    """The clip's tokens, or none if its phonemes contain no known symbol."""
    try:
        return tokenizer(clip.phonemes or "")
    except InputError:
        return None


def _unusable(frames: int, tokens: Tensor | None, min_frames: int, max_frames: int | None) -> str | None:
    """Why a clip has to be left out, if it has to."""
    if frames < max(1, min_frames):
        return TOO_SHORT
    if max_frames is not None and frames > max_frames:
        return TOO_LONG
    if tokens is None:
        return NOTHING_SPOKEN
    return TOO_MANY_TOKENS if len(tokens) > frames else None
