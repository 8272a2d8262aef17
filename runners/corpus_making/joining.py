"""Several corpora as one, without the voices that sound like others that are kept out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from metrics.judges.judge import Judges
from runners.cli.corpus_arguments import JoinCorporaArguments
from runners.corpus_making.corpus_folder import HEADER
from runners.voices.recorded_voices import enrol, load_voices
from vits.bundle import load_bundle
from vits.common.atomic_files import default_cache_dir, write_atomically
from vits.common.errors import InputError
from vits.corpus.folder import FolderCorpus
from vits.corpus.tables_of_folder import TABLE
from vits.corpus.text_file import numbered_lines
from vits.model_spec import ModelSpec

CLIPS = 5  # of each voice make its voiceprint
MAX_DURATION_S = 10.0


@dataclass(frozen=True)
class Part:
    """One split of one corpus."""

    root: Path
    split: str


def join_corpora(arguments: JoinCorporaArguments) -> None:
    """Link the corpora into a folder and write a table of their clips there.

    Raises:
        InputError: an argument or a corpus can't be used.
    """
    parts, apart = parse_parts(arguments.corpora), parse_parts(arguments.apart_from)
    out, spec = Path(arguments.out), load_bundle(Path(arguments.base)).spec
    rows = [row for part in parts for row in linked_rows(part, out)]
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    kept_out = [voiceprint for part in apart for voiceprint in voiceprints(part, spec, judges).values()]
    mine = {speaker: p for part in parts for speaker, p in voiceprints(part, spec, judges).items()}
    near = too_near(mine, kept_out, arguments.similarity)
    kept = [row for row in rows if row.split("|")[1] not in near]
    write_atomically(out / TABLE, "".join(f"{line}\n" for line in [HEADER, *kept]).encode())
    print(f"{out} has {len(kept)} clips of {len(mine) - len(near)} voices; left out: {', '.join(sorted(near)) or '-'}")


def parse_parts(text: str) -> list[Part]:
    """The parts of a comma list such as `demo45:base,more_voices:base`.

    Raises:
        InputError: an entry names no split.
    """
    entries = [entry.strip().rpartition(":") for entry in text.split(",") if entry.strip()]
    for root, _, split in entries:
        if not root or not split:
            raise InputError(f"{root or split!r} is no corpus and split; give folder:split, ..., such as demo45:base")
    return [Part(Path(root), split) for root, _, split in entries]


def linked_rows(part: Part, out: Path) -> list[str]:
    """The table's rows of one part, its folder linked into `out` under its own name.

    Raises:
        InputError: the corpus has no such table, or another folder of that name is linked there.
    """
    link = out / part.root.resolve().name
    out.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(part.root.resolve())
    if link.resolve() != part.root.resolve():
        raise InputError(f"{link} leads to {link.resolve()} and not to {part.root}; rename one of the folders")
    table = part.root / TABLE
    header, *rows = [line for _, line in numbered_lines(table)] if table.is_file() else [""]
    if header != HEADER:
        raise InputError(f"{table} isn't a table of {HEADER}; join corpora that make_corpus or transform_corpus wrote")
    return [f"{link.name}/{row}" for row in rows if row.split("|")[3] == part.split]


def voiceprints(part: Part, spec: ModelSpec, judges: Judges) -> dict[str, Float[Tensor, "print"]]:
    """The mean ECAPA voiceprint of each voice."""
    voices = load_voices(
        FolderCorpus(root=str(part.root)),
        spec,
        cache_dir=judges.cache_dir,
        segment_frames=1,
        max_duration_s=MAX_DURATION_S,
        held_out={},
        train_split=part.split,
        enrolment_clips=CLIPS,
    )
    return {speaker: enrolment.mean_voiceprint for speaker, enrolment in enrol(voices, judges).items()}


def too_near(
    mine: Mapping[str, Float[Tensor, "print"]], kept_out: Sequence[Float[Tensor, "print"]], similarity: float
) -> set[str]:
    """Those of the voices whose cosine with one that is kept out is `similarity` or more."""
    return {
        speaker
        for speaker, voiceprint in mine.items()
        if any(float(voiceprint @ other) >= similarity for other in kept_out)
    }
