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
from vits.common.atomic_files import content_key
from vits.common.errors import InputError
from vits.common.kept_files import keep, kept


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
    from safetensors.torch import save

    for recording in recordings:
        if not recording.is_sound:
            raise InputError(
                f"recording {recording.name!r} of speaker {recording.speaker!r} holds no sound; record it "
                "again or leave it out"
            )
    judge = (find_weights(encoder.family, weights).sha256, str(encoder.version))
    contents = [*judge, *(recording.digest for recording in recordings)]
    path = judges.cache_dir / "voiceprints" / f"{content_key(part.encode() for part in contents)}.voiceprints"
    known = _unpacked(kept(path), len(recordings))
    if known is not None:
        return known
    voiceprints = judges.get(encoder, weights)([recording.wave_16k for recording in recordings])
    keep(path, save({"voiceprints": voiceprints}))
    return voiceprints


def _unpacked(content: bytes | None, count: int) -> Float[Tensor, "clips print"] | None:
    """The voiceprints in a kept file; None if it holds something else."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    if content is None:
        return None
    try:
        voiceprints = load(content)["voiceprints"]
    except (SafetensorError, KeyError):
        return None
    return voiceprints if voiceprints.ndim == 2 and len(voiceprints) == count else None
