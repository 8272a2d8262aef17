"""Voiceprints by any of the speaker encoders, asked for by the name under which metrics name their judge."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from metrics.judges.judge import Judges
from metrics.judges.speaker_encoder import SpeakerEncoder
from metrics.metric import Utterance
from metrics.secs import SpeakerSimilarity
from vits.common.errors import InputError
from vits.common.registry import registered


def voiceprints_by_encoder(
    encoder: str, recordings: Sequence[Utterance], judges: Judges
) -> Float[Tensor, "clips print"]:
    """Unit voiceprints of recordings, in their order.

    Raises:
        InputError: no metric's judge is called like that, or a recording holds no sound.
    """
    return _judging(encoder).voiceprints(recordings, judges)


def encoder_by_name(encoder: str, judges: Judges) -> SpeakerEncoder:
    """The encoder itself.

    Raises:
        InputError: no metric's judge is called like that.
    """
    metric = _judging(encoder)
    return judges.get(metric.encoder_type, metric.encoder)


def _judging(encoder: str) -> SpeakerSimilarity:
    """A metric whose judge it is."""
    metrics = [
        metric for metric in (cls() for cls in registered("metrics").values()) if isinstance(metric, SpeakerSimilarity)
    ]
    known = {metric.judge: metric for metric in metrics if metric.judge is not None}
    if encoder not in known:
        raise InputError(f"there is no speaker encoder {encoder!r}; choose of {', '.join(sorted(known))}")
    return known[encoder]
