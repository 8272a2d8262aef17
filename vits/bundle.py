"""A base bundle: everything that adapting a pretrained multi-speaker model needs, in one folder.

model.yaml                the model as data (`vits.model_spec`)
generator.safetensors     its weights
adversary.safetensors     the discriminators' weights; may be missing
optimizer.safetensors     the optimizer's moments by parameter name, where an import kept them
speakers.csv              `name|utterances`, a line for each row of the speaker embedding
voiceprints.safetensors   each speaker's unit mean ECAPA voiceprint, zeros for rows never trained
card.md                   what it was trained on, for how long, and how it scores
trained_on.csv            what it was trained on, as fingerprints (`vits.trained_on`); may be missing
checksums.json            of the files above but the card; only a bundle that names classes by their paths, as files did
                          before there were checksums, may be without it
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from jaxtyping import Float
from torch import Tensor

from vits.adversary import Adversary
from vits.checkpoint import check_numbers, load_tensors, load_weights, save_tensors, save_weights
from vits.common.atomic_files import content_key
from vits.common.bounds import shown
from vits.common.checksums import MANIFEST, check_all_listed, check_manifest, write_manifest
from vits.common.errors import InputError
from vits.common.names import check_distinct
from vits.common.readers import read_text, read_yaml
from vits.model_spec import ModelSpec
from vits.part_building import is_in_earlier_spelling
from vits.synthesizer import Synthesizer

MODEL = "model.yaml"
GENERATOR = "generator.safetensors"
ADVERSARY = "adversary.safetensors"
SPEAKERS = "speakers.csv"
VOICEPRINTS = "voiceprints.safetensors"
OPTIMIZER = "optimizer.safetensors"
CARD = "card.md"
BESIDE = ("adapters.json", "trained_on.csv", "teachers.json")  # what others may write beside the model
CHECKED = (MODEL, GENERATOR, ADVERSARY, OPTIMIZER, SPEAKERS, VOICEPRINTS, *BESIDE)
REPLACEABLE = (*CHECKED, CARD, MANIFEST)  # what a bundle's folder may hold
NEEDED = (MODEL, GENERATOR, SPEAKERS, VOICEPRINTS)
LISTED = (*NEEDED, ADVERSARY, OPTIMIZER)  # what must have a checksum
SPEAKERS_HEADER = "name|utterances"
REMEDY = "make the bundle again"
MOST_DIGITS = 12  # of a number of utterances


@dataclass(frozen=True)
class BaseSpeaker:
    """A row of the speaker embedding: whose it is, and how many utterances trained it (0: none did)."""

    name: str
    utterances: int


@dataclass(frozen=True)
class Bundle:
    """A pretrained base model in memory.

    Voiceprints of width 0 mean that nobody's voice is known. `trained_adversary` says whether the
    discriminators are more than noise, and `optimizer_state` is as `NamedAdamW` takes it.
    """

    spec: ModelSpec
    synthesizer: Synthesizer
    adversary: Adversary
    speakers: tuple[BaseSpeaker, ...]
    voiceprints: Float[Tensor, "speakers print"]
    trained_adversary: bool = True
    optimizer_state: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def trained_rows(self) -> list[int]:
        """The rows of the speaker embedding that some utterance trained."""
        return [row for row, speaker in enumerate(self.speakers) if speaker.utterances > 0]


def save_bundle(bundle: Bundle, directory: Path, card: str, beside: Mapping[str, str] = MappingProxyType({})) -> None:
    """Write a bundle beside the one that may be there, then put it in its place.

    `beside` are further files of it, by name.

    Raises:
        InputError: something else is there.
    """
    check_replaceable(directory)
    directory = directory.resolve()  # "." has no name
    made = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    for name, text in beside.items():
        (made / name).write_text(text, encoding="utf-8")
    write_bundle_files(bundle, made, card)
    shutil.rmtree(directory, ignore_errors=True)
    made.replace(directory)


def write_bundle_files(bundle: Bundle, made: Path, card: str) -> None:
    """Write a bundle's files into a folder that is there already, beside what else it holds."""
    (made / MODEL).write_text(yaml.safe_dump(dict(bundle.spec.parts), sort_keys=False), encoding="utf-8")
    save_weights(bundle.synthesizer, made / GENERATOR)
    if bundle.trained_adversary:
        save_weights(bundle.adversary, made / ADVERSARY)
    if bundle.optimizer_state:
        save_tensors(bundle.optimizer_state, made / OPTIMIZER)
    lines = [SPEAKERS_HEADER, *(f"{speaker.name}|{speaker.utterances}" for speaker in bundle.speakers)]
    (made / SPEAKERS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    save_tensors({"voiceprints": bundle.voiceprints.contiguous()}, made / VOICEPRINTS)
    (made / CARD).write_text(card, encoding="utf-8")
    write_manifest(made, CHECKED)


def load_bundle(
    directory: Path, attach: Callable[[Synthesizer], None] = lambda _: None, *, with_adversary: bool = True
) -> Bundle:
    """Read a bundle; a missing adversary gives new discriminators.

    `attach` adds to the synthesizer what the weights were saved with beside the model's own parts. Without the
    adversary there are no discriminators, and none are read.

    Raises:
        InputError: a file is missing, damaged, or doesn't fit the others.
    """
    check_complete(directory)
    check_manifest(directory, REMEDY)
    spec = read_model(directory)
    speakers = read_speakers(directory)
    synthesizer = spec.synthesizer(len(speakers))
    attach(synthesizer)
    load_weights(synthesizer, directory / GENERATOR)
    trained = with_adversary and has_adversary(directory)
    adversary = spec.adversary() if with_adversary else Adversary({})
    if trained:
        load_weights(adversary, directory / ADVERSARY)
    voiceprints = _read_voiceprints(directory / VOICEPRINTS, len(speakers))
    state = _read_optimizer(directory / OPTIMIZER)
    return Bundle(spec, synthesizer, adversary, speakers, voiceprints, trained, state)


def read_model(directory: Path) -> ModelSpec:
    """The model of a bundle whose files have checksums, or that was written before there were any.

    Raises:
        InputError: the file is damaged, or has no checksum where it must have one.
    """
    path = directory / MODEL
    parts = read_yaml(path, dict[str, Any])
    try:
        spec = ModelSpec(parts)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if not is_in_earlier_spelling(parts):
        check_all_listed(directory, LISTED, f"copy the bundle again with its {MANIFEST}, or {REMEDY}")
    return spec


def has_adversary(directory: Path) -> bool:
    """Whether the bundle brings trained discriminators."""
    return (directory / ADVERSARY).is_file()


def bundle_identity(directory: Path) -> str:
    """A name for the content of a bundle's model; the card is not part of it."""
    check_complete(directory)
    parts = [(directory / name).read_bytes() for name in NEEDED]
    optional = [directory / name for name in (ADVERSARY, OPTIMIZER)]
    return content_key([*parts, *(path.read_bytes() for path in optional if path.is_file())])


def check_complete(directory: Path) -> None:
    """Check that all files that a bundle needs are there.

    Raises:
        InputError: some aren't.
    """
    missing = [name for name in NEEDED if not (directory / name).is_file()]
    if missing:
        raise InputError(
            f"{directory} is no base bundle: it lacks {', '.join(missing)}; "
            "give a folder that runners/pretrain.py wrote"
        )
    strange = [
        name for name in (ADVERSARY, OPTIMIZER) if (directory / name).exists() and not (directory / name).is_file()
    ]
    if strange:
        raise InputError(f"{directory / strange[0]} is no file; remove it or {REMEDY}")


def check_replaceable(directory: Path) -> None:
    """Check that writing a bundle there removes nothing but an older bundle.

    Raises:
        InputError: there are other files.
    """
    empty = not directory.exists() or (directory.is_dir() and not any(directory.iterdir()))
    if not empty and not (directory / MODEL).is_file():
        raise InputError(
            f"{directory} is no base bundle, and writing one would remove what it holds; choose another bundle=..."
        )
    others = [] if empty else sorted(path.name for path in directory.iterdir() if path.name not in REPLACEABLE)
    if others:
        raise InputError(
            f"{directory} holds more than a bundle, and writing one would remove {shown(others[0])}; choose another "
            "bundle=..."
        )


def _read_voiceprints(path: Path, n_speakers: int) -> Float[Tensor, "speakers print"]:
    tensors = load_tensors(path)
    voiceprints = tensors.get("voiceprints")
    if voiceprints is None or voiceprints.ndim != 2 or len(voiceprints) != n_speakers:
        held = "no" if voiceprints is None or voiceprints.ndim != 2 else len(voiceprints)
        raise InputError(f"{path} holds {held} voiceprints for {n_speakers} speakers; {REMEDY}")
    check_numbers(tensors, source=str(path))
    return voiceprints.float()


def _read_optimizer(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        return {}
    state = load_tensors(path)
    check_numbers(state, source=str(path))
    return state


def read_speakers(directory: Path) -> tuple[BaseSpeaker, ...]:
    """The speakers of a bundle, in the order of its rows, without its weights.

    Raises:
        InputError: the table is malformed.
    """
    path = directory / SPEAKERS
    header, *lines = read_text(path).splitlines() or [""]
    if header != SPEAKERS_HEADER:
        raise InputError(f"{path}:1: the header is {shown(header)}; it must be {SPEAKERS_HEADER!r}")
    speakers = []
    for number, line in enumerate(lines, start=2):
        name, _, utterances = line.partition("|")
        if not name or not (utterances.isascii() and utterances.isdigit()) or len(utterances) > MOST_DIGITS:
            raise InputError(f"{path}:{number}: {shown(line)} is no speaker; write name|number of utterances")
        speakers.append(BaseSpeaker(name, int(utterances)))
    names = [speaker.name for speaker in speakers]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{path} has the speaker {shown(twice[0])} twice; give each row a name of its own")
    check_distinct(names, "speaker", str(path))
    return tuple(speakers)
