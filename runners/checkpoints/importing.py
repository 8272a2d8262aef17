"""From the reference's checkpoints and configuration to a base bundle, and back."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metrics.judges.judge import Judges
from metrics.judges.recorded_voiceprints import recorded_voiceprints
from metrics.judges.speaker_encoder import mean_voiceprint
from metrics.metric import Utterance
from runners.cli.checkpoint_arguments import ImportCheckpointArguments
from vits.adversary import Adversary
from vits.bundle import BaseSpeaker, Bundle, check_replaceable, save_bundle
from vits.checkpoint import load_strict
from vits.common.atomic_files import default_cache_dir
from vits.common.errors import InputError
from vits.common.names import shown
from vits.common.readers import read_json
from vits.corpus.audio import read_audio
from vits.corpus.clip import Clip
from vits.corpus.filelists import read_list, with_spellings
from vits.corpus.split import TRAIN
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
ENROLMENT_CLIPS = 20  # of each speaker make its voiceprint
JUDGED_RATE = 16_000


def import_bundle(arguments: ImportCheckpointArguments) -> None:
    """Read the reference's files, write the bundle, and say what is missing and what that costs.

    Raises:
        InputError: a file is missing, damaged or doesn't fit the others; nothing is written then.
    """
    check_replaceable(Path(arguments.out))
    checkpoint = read_reference_checkpoint(Path(arguments.G))
    config = _read_config(Path(arguments.config), checkpoint)
    synthesizer = synthesizer_from_reference(config, checkpoint.tensors)
    spec = model_spec_from_reference(config)
    clips = _read_clips(arguments, len(synthesizer.speaker_embedding.weight))
    paths = _by_row(clips)
    adversary, trained = _adversary(spec, {"audio": arguments.D, "duration": arguments.DUR})
    counts = {row: len(wavs) for row, wavs in paths.items()}
    speakers = [BaseSpeaker(str(row), counts.get(row, 0)) for row in range(len(synthesizer.speaker_embedding.weight))]
    bundle = Bundle(
        spec=spec,
        synthesizer=synthesizer,
        adversary=adversary,
        speakers=tuple(speakers),
        voiceprints=_voiceprints(arguments.wavs, paths, len(speakers)),
        trained_adversary=trained,
        optimizer_state=_optimizer_state(checkpoint, synthesizer) if arguments.optimizer else {},
    )
    save_bundle(bundle, Path(arguments.out), _card(arguments, bundle), {FILE: TrainedOn.of(clips).text})
    untrained = [speaker.name for speaker in speakers if not speaker.utterances]
    print(f"wrote {arguments.out}: {len(speakers)} speakers, {len(untrained)} of them never trained ({untrained[:5]})")


def _read_config(path: Path, checkpoint: ReferenceCheckpoint) -> dict[str, Any]:
    """The reference's configuration, with as many speakers as the checkpoint has rows."""
    config = read_json(path, dict[str, Any])
    if not isinstance(config.get("data"), dict):
        raise InputError(f"{path} has no section 'data'; give the JSON file beside the checkpoint")
    rows = checkpoint.tensors.get(SPEAKER_ROWS)
    if rows is None:
        raise InputError(f"the generator has no {SPEAKER_ROWS}: a model of one voice can't take new speakers")
    config["data"]["n_speakers"] = len(rows)
    return config


def _read_clips(arguments: ImportCheckpointArguments, n_speakers: int) -> list[Clip]:
    """What the generator was trained on, from lines `wav|speaker id|IPA`, with spellings where a table gives them."""
    path = Path(arguments.filelist)
    clips = read_list(path, Path(arguments.wavs or ""), TRAIN)
    if not clips:
        raise InputError(f"{path} lists no recording; give the list that the generator was trained on")
    for number, clip in enumerate(clips, 1):
        if not re.fullmatch("[0-9]{1,9}", clip.speaker) or int(clip.speaker) >= n_speakers:
            raise InputError(
                f"{path}: recording {number}, {clip.name}, is of speaker {shown(clip.speaker)}; the generator has rows "
                f"for ids below {n_speakers}: give the list that it was trained on"
            )
    return with_spellings(clips, Path(arguments.transcripts)) if arguments.transcripts else clips


def _by_row(clips: Sequence[Clip]) -> dict[int, list[Path]]:
    """The recordings of each speaker row."""
    paths: dict[int, list[Path]] = defaultdict(list)
    for clip in clips:
        paths[int(clip.speaker)].append(clip.path)
    return paths


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
        discriminator = adversary.opponents[name].discriminator
        assert isinstance(discriminator, nn.Module)
        load_strict(discriminator, tensors, source=file)
    return adversary, any(files.values())


def _voiceprints(root: str | None, paths: Mapping[int, list[Path]], n_speakers: int) -> Float[Tensor, "speakers print"]:
    """Each speaker's mean voiceprint; of width 0 without recordings."""
    if root is None:
        print("warning: no recordings (wavs=...), so no voiceprints: strategy=nearest and ecapa can't use this base")
        return torch.zeros(n_speakers, 0)
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    prints = torch.zeros(n_speakers, 192)
    for row, wavs in sorted(paths.items()):
        recordings = [
            Utterance(str(wav), str(row), "", read_audio(wav, JUDGED_RATE), JUDGED_RATE)
            for wav in wavs[:ENROLMENT_CLIPS]
        ]
        prints[row] = mean_voiceprint(recorded_voiceprints(recordings, judges))
    return prints


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


def _card(arguments: ImportCheckpointArguments, bundle: Bundle) -> str:
    files = [Path(file).name for file in (arguments.G, arguments.D, arguments.DUR) if file]
    parameters = sum(parameter.numel() for parameter in bundle.synthesizer.parameters())
    return "\n".join(
        [
            "# Base model card",
            "",
            f"- Imported from {', '.join(files)} with {Path(arguments.config).name}.",
            f"- Model: {parameters:,} parameters, {len(bundle.trained_rows)} trained voices.",
            f"- Optimizer state: {'kept' if bundle.optimizer_state else 'not kept'}.",
            "",
        ]
    )
