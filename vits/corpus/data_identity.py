"""What an experiment reads of a corpus, as one name: other data have another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vits.common.atomic_files import content_key
from vits.corpus.features import PreparedCorpus, PreparedUtterance


def corpus_identity(splits: Mapping[str, Sequence[PreparedUtterance] | PreparedCorpus]) -> str:
    """A name for the recordings, texts, speakers, phonemes and order of the clips of each split.

    It covers the content of the recordings and not their paths, and the phonemes and not the version of what made
    them: a newer phonemizer changes it where it reads something differently. 600 clips take a few milliseconds.
    """
    lines = [line for split in sorted(splits) for line in (f"split {split}", *_keys(splits[split]))]
    return content_key(line.encode() for line in lines)


def _keys(utterances: Sequence[PreparedUtterance] | PreparedCorpus) -> list[str]:
    if isinstance(utterances, PreparedCorpus):
        return utterances.content_keys
    return [utterance.content_key for utterance in utterances]
