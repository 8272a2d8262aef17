"""What making a corpus asks for."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument
from vits.common.quantities import Several


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
