"""Voiceprints of real recordings, computed once and kept on disk by content."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.judge import Judges
from metrics.judges.judge_weights import find_weights
from metrics.judges.speaker_encoder import SpeakerEncoder
from metrics.metric import Utterance
from vits.common.atomic_files import content_key, write_atomically
from vits.common.errors import InputError


def recorded_voiceprints(
    recordings: Sequence[Utterance],
    judges: Judges,
    encoder: type[SpeakerEncoder] = EcapaEncoder,
    weights: str = "voxceleb",
) -> Float[Tensor, "clips print"]:
    """Unit voiceprints of recordings, in their order.

    Raises:
        InputError: a recording holds no sound.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load, save

    for recording in recordings:
        if not recording.is_sound:
            raise InputError(
                f"recording {recording.name!r} of speaker {recording.speaker!r} holds no sound; record it "
                "again or leave it out"
            )
    contents = [find_weights(encoder.family, weights).sha256, *(recording.digest for recording in recordings)]
    path = judges.cache_dir / "voiceprints" / f"{content_key(part.encode() for part in contents)}.safetensors"
    if path.is_file():
        try:
            return load(path.read_bytes())["voiceprints"]
        except SafetensorError:
            path.unlink()  # damaged; it is computed again
    voiceprints = judges.get(encoder, weights)([recording.wave_16k for recording in recordings])
    write_atomically(path, save({"voiceprints": voiceprints}))
    return voiceprints
