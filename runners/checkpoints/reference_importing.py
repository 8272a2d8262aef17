"""From the reference's checkpoints and configuration to a base bundle, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from runners.checkpoints.imported_card import imported_card
from runners.checkpoints.loaded_discriminator import load_discriminator
from runners.checkpoints.trained_speakers import by_row, read_clips, voiceprints
from runners.cli.checkpoint_arguments import ImportCheckpointArguments
from vits.adversary import Adversary
from vits.bundle import BaseSpeaker, Bundle, save_bundle
from vits.common.errors import InputError
from vits.formats.foreign_files import ForeignFiles
from vits.model_spec import ModelSpec
from vits.reference import synthesizer_from_reference
from vits.reference.name_rules import Table, renamed
from vits.reference.reference_checkpoint import MOMENTS, ReferenceCheckpoint, read_reference_checkpoint
from vits.reference.reference_config import model_spec_from_reference
from vits.reference.reference_names import (
    DURATION_DISCRIMINATOR,
    MULTI_PERIOD_DISCRIMINATOR,
    synthesizer_table,
)
from vits.synthesizer import Synthesizer
from vits.trained_on import FILE, TrainedOn

SPEAKER_ROWS = "emb_g.weight"


def import_reference(arguments: ImportCheckpointArguments, files: ForeignFiles) -> None:
    """Read the reference's files, write the bundle, and say what is missing and what that costs.

    Raises:
        InputError: a file is missing, damaged or doesn't fit the others; nothing is written then.
    """
    filelist = _needed(arguments.filelist, "filelist", "the list that the generator was trained on")
    checkpoint = read_reference_checkpoint(files.checkpoint)
    config = _read_config(files, checkpoint)
    synthesizer = synthesizer_from_reference(config, checkpoint.tensors)
    spec = model_spec_from_reference(config)
    transcripts = Path(arguments.transcripts) if arguments.transcripts else None
    clips = read_clips(filelist, Path(arguments.wavs or ""), transcripts, len(synthesizer.speaker_embedding.weight))
    paths = by_row(clips)
    adversary, trained = _adversary(spec, {"audio": arguments.D, "duration": arguments.DUR})
    counts = {row: len(wavs) for row, wavs in paths.items()}
    speakers = [BaseSpeaker(str(row), counts.get(row, 0)) for row in range(len(synthesizer.speaker_embedding.weight))]
    bundle = Bundle(
        spec=spec,
        synthesizer=synthesizer,
        adversary=adversary,
        speakers=tuple(speakers),
        voiceprints=voiceprints(paths, len(speakers), heard=arguments.wavs is not None),
        trained_adversary=trained,
        optimizer_state=_optimizer_state(checkpoint, synthesizer) if arguments.optimizer else {},
    )
    save_bundle(bundle, Path(arguments.out), _card(arguments, files, bundle), {FILE: TrainedOn.of(clips).text})
    untrained = [speaker.name for speaker in speakers if not speaker.utterances]
    print(f"wrote {arguments.out}: {len(speakers)} speakers, {len(untrained)} of them never trained ({untrained[:5]})")


def _needed(value: str | None, name: str, what: str) -> Path:
    if value is None:
        raise InputError(f"{name}=... is missing ({what})")
    return Path(value)


def _read_config(files: ForeignFiles, checkpoint: ReferenceCheckpoint) -> dict[str, Any]:
    """The reference's configuration, with as many speakers as the checkpoint has rows."""
    data = files.config.get("data")
    if not isinstance(data, dict):
        raise InputError(f"{files.config_path} has no section 'data'; give the JSON file beside the checkpoint")
    rows = checkpoint.tensors.get(SPEAKER_ROWS)
    if rows is None:
        raise InputError(f"the generator has no {SPEAKER_ROWS}: a model of one voice can't take new speakers")
    return {**files.config, "data": {**data, "n_speakers": len(rows)}}


def _adversary(spec: ModelSpec, files: Mapping[str, str | None]) -> tuple[Adversary, bool]:
    """The discriminators, and whether any of them was trained."""
    adversary = spec.adversary()
    tables: Mapping[str, Table] = {"audio": MULTI_PERIOD_DISCRIMINATOR, "duration": DURATION_DISCRIMINATOR}
    for name, file in files.items():
        if name not in adversary.opponents:
            continue
        if file is None:
            print(
                f"warning: no checkpoint of the {name} discriminator: it starts from noise, and adaptation may suffer"
            )
            continue
        tensors = renamed(read_reference_checkpoint(Path(file)).tensors, tables[name])
        load_discriminator(adversary, name, tensors, file)
    return adversary, any(files.values())


def _optimizer_state(checkpoint: ReferenceCheckpoint, synthesizer: Synthesizer) -> dict[str, Tensor]:
    """The generator's moments under our names. The speaker rows' are left out: old rows are never trained again."""
    moments = checkpoint.moments()
    if not moments:
        raise InputError("optimizer=true, but the generator's checkpoint holds no optimizer state; import without it")
    table = synthesizer_table(synthesizer)
    state: dict[str, Tensor] = {}
    for key in MOMENTS:
        of_key = {name: moments[f"{name}:{key}"] for name in checkpoint.tensors if f"{name}:{key}" in moments}
        state |= {f"{name}:{key}": value for name, value in renamed(of_key, table).items()}
    return {name: value for name, value in state.items() if not name.startswith("speaker_embedding.")}


def _card(arguments: ImportCheckpointArguments, files: ForeignFiles, bundle: Bundle) -> str:
    names = [files.checkpoint.name, *(Path(file).name for file in (arguments.D, arguments.DUR) if file)]
    state = "kept" if bundle.optimizer_state else "not kept"
    return imported_card(bundle, f"{', '.join(names)} with {files.config_path.name}", [f"Optimizer state: {state}."])
