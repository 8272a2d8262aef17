"""The end of a cell: its best stage becomes a bundle, and its result is noted."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from metrics.judges.judge import Judges
from metrics.judges.speechbrain_adapter import VOICEPRINT_SIZE
from runners.bases.start import Start
from runners.experiment.adapting import Adapted
from runners.experiment.cell import Cell
from runners.experiment.stopping import stop_record
from runners.experiment.trainable_share import bytes_of_a_voice
from runners.linting.known_base import trained_on_after
from runners.results.cell_folder import CellFolder
from runners.results.finished_bundle import save_finished
from runners.training.fit import Fit, Result
from runners.training.trainer import TRAINED
from runners.voices.recorded_voices import Voices, enrol
from vits.bundle import BaseSpeaker, Bundle
from vits.common.atomic_files import write_atomically
from vits.common.names import look
from vits.trained_on import FILE


def finish(
    cell: Cell, folder: CellFolder, start: Start, adapted: Adapted, fit: Fit, judges: Judges, result: Result
) -> None:
    """Leave the best stage behind as a bundle, and note the result."""
    cost = {**fit.trainer.cost.record, "voice_bytes": bytes_of_a_voice(start.synthesizer)}
    folder.check_lease()
    _save_bundle(cell, folder, start, adapted, fit.evaluator.voices, judges)
    folder.update(cost=cost, **stop_record(cell, fit))
    folder.finish(result.summary, result.chosen)
    print(f"  kept: step {result.chosen['step']}, {result.chosen['by']}")


def _save_bundle(
    cell: Cell, folder: CellFolder, start: Start, adapted: Adapted, voices: Voices, judges: Judges
) -> None:
    """The adapted model with the new voices among its speakers, in the cell's folder."""
    choice = cell.adaptation.adapter
    adapter = choice.value.settled(start.synthesizer)
    merged = adapter.merge(start.synthesizer)
    start.synthesizer.speaker_embedding.absorb()
    bundle = Bundle(
        spec=start.spec,
        synthesizer=start.synthesizer,
        adversary=start.adversary,
        speakers=_speakers(start, adapted, voices),
        voiceprints=_voiceprints(start, adapted, voices, judges),
        trained_adversary=start.trained_adversary or cell.training.adversary == TRAINED,
    )
    known = trained_on_after(voices.train.clips, cell.base, cell.cache_dir)
    if known is not None:
        write_atomically(folder.path / FILE, known.text.encode())
    adapters = [*start.adapters, *([] if merged else [(choice.name, adapter)])]
    save_finished(bundle, adapters, folder.path, f"# {cell.name}\n\nAdapted by `runners/grid.py`; see cell.json.\n")


def _speakers(start: Start, adapted: Adapted, voices: Voices) -> tuple[BaseSpeaker, ...]:
    """Every row's speaker."""
    new = sorted(adapted.speaker_ids, key=lambda name: adapted.speaker_ids[name])
    counts = [sum(clip.speaker == name for clip in voices.train.clips) for name in new]
    return joined_speakers(start.table, [BaseSpeaker(*row) for row in zip(new, counts, strict=True)])


def joined_speakers(base: Sequence[BaseSpeaker], new: Sequence[BaseSpeaker]) -> tuple[BaseSpeaker, ...]:
    """Those of the base and then the new ones, no two of whom look alike: a base speaker who is called like another
    gives up the name.
    """
    taken = {look(speaker.name) for speaker in new}
    old: list[BaseSpeaker] = []
    for speaker in base:
        name = speaker.name
        while look(name) in taken:
            name = f"{name} (base)"
        taken.add(look(name))
        old.append(BaseSpeaker(name, speaker.utterances))
    return (*old, *new)


def _voiceprints(start: Start, adapted: Adapted, voices: Voices, judges: Judges) -> Float[Tensor, "speakers print"]:
    """The unit mean voiceprint of each row; zeros where nobody's voice is known."""
    prints = torch.zeros(len(start.table) + len(adapted.speaker_ids), VOICEPRINT_SIZE)
    if start.voiceprints is not None and start.voiceprints.shape[1]:
        prints[: len(start.table)] = start.voiceprints
    for speaker, enrolment in enrol(voices, judges).items():
        prints[adapted.speaker_ids[speaker]] = enrolment.mean_voiceprint
    return prints
