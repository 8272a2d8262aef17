"""From a voice pack and its base to a model that speaks with the voice."""

from __future__ import annotations

from runners.packs.voice_pack import ROW, VoicePack
from runners.packs.weight_difference import apply_difference
from runners.results.finished_bundle import adapter_of
from vits.common.errors import InputError
from vits.synthesizer import Synthesizer


def attach_pack(pack: VoicePack, synthesizer: Synthesizer, source: str) -> int:
    """Make a base's model, in place, the one that speaks with the pack's voice; returns the voice's row.

    Raises:
        InputError: the pack's tensors don't fit the base; `source` names the pack.
    """
    for entry in pack.facts["adapters"]:
        adapter_of(entry, source)[1].attach(synthesizer)
    apply_difference(synthesizer, pack.tensors, source)
    row, width = pack.tensors[ROW].float(), synthesizer.speaker_embedding.weight.shape[1]
    if len(row) != width:
        raise InputError(f"{source} has an embedding of {len(row)} numbers, the base's have {width}; make it again")
    return synthesizer.speaker_embedding.add(row)
