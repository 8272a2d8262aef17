"""What making a corpus asks for."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument
from vits.common.quantities import Cosine, Seed, Several


@dataclass
class MakeCorpusArguments:
    """What is said, by whom, and where the recordings go."""

    sentences: str = argument("a text file, one sentence a line, no two alike")
    voices: str = argument(
        "voices (af_heart) and mixtures (af_sky+am_onyx), separated by commas; 040:af_heart names it"
    )
    out: str = argument("the folder for the recordings and metadata.csv; what it holds of these already is kept")
    splits: str = argument("what the sentences are for, in their order; the last may take all that are left", "train")
    share: bool = argument("true: all voices say the same sentences; false: each says as many of its own", True)
    threads: Several = argument("processor cores to use; they don't change the result", 1)


@dataclass
class JoinCorporaArguments:
    """Which corpora become one, and which voices none of them may resemble."""

    corpora: str = argument("folder:split, ...; their speakers' names must differ")
    out: str = argument("the folder for the table and for links to the corpora")
    apart_from: str = argument("folder:split, ... with the voices to stay away from", "")
    similarity: Cosine = argument("cosine between mean ECAPA voiceprints from which voices are too much alike", 0.75)
    base: str = argument("a bundle whose rate the recordings are compared at", "assets/demo_base")


@dataclass
class TransformCorpusArguments:
    """Of which recordings how many speakers are made, and where they go."""

    root: str = argument("a corpus folder with metadata.csv")
    out: str = argument("the folder for the recordings and metadata.csv; what it holds of these already is kept")
    split: str = argument("the split whose recordings are changed", "train")
    voices: Several = argument("new voices of each speaker, every fifth by the vocoder WORLD", 5)
    utterances: Several = argument("sentences of each new voice, drawn from its speaker's", 10)
    seed: Seed = argument("of the factors and the sentences", 1)
