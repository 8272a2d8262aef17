"""Speaker identification: of all voices that the model knows, is it the right one?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor

from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.judge import Judges
from metrics.judges.judge_weights import Weights, find_weights
from metrics.metric import Columns, KnownVoices, Metric, Score, Scorer, Utterance, score_sound
from metrics.secs import Secs, require_enrolled
from vits.common.errors import InputError
from vits.common.registry import register


@dataclass(frozen=True)
class Gallery:
    """The voices among which the right one is to be found: the new ones first, then those of the base.

    `prints` are their unit mean voiceprints, and `n_new` says how many of them are new.
    """

    names: tuple[str, ...]
    prints: Float[Tensor, "voices print"]
    n_new: int


@register("metrics", "speaker_identification")
@dataclass(frozen=True)
class SpeakerIdentification(Metric):
    """1 where the utterance's nearest voice is its speaker's, 0 where another voice is nearer; higher is better.

    The voices are the mean ECAPA voiceprints of all new speakers (from their enrolment) and of all speakers of the
    base. A speaker's mean is the rate of identification, in [0, 1]; guessing reaches one over the number of voices.
    Beside it:

    - `_margin`: cosine with the right voice less that with the nearest other; in [-2, 2], above 0 if identified;
    - `_as_base`: 1 where the nearest voice is one of the base: the adaptation has not left it;
    - `_as_start`: 1 where it is the voice whose embedding the speaker was started from; NaN if that was no one's;
    - `_own`, `_other`: the two cosines of the margin; from them `_eer`, see `summarise`.

    The note `confused_with` names the nearer voice, and says if it is of the base and if the speaker was started
    from it. All are NaN for an utterance without sound, and where no other voice is known.
    """

    name: ClassVar[str] = "speaker_identification"
    unit: ClassVar[str] = "share identified"
    higher_is_better: ClassVar[bool] = True
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    components: ClassVar[tuple[str, ...]] = (
        "speaker_identification_margin",
        "speaker_identification_as_base",
        "speaker_identification_as_start",
        "speaker_identification_own",
        "speaker_identification_other",
    )
    judge: ClassVar[str | None] = Secs.judge
    version: ClassVar[int] = Secs.version

    encoder: str = "voxceleb"

    def __post_init__(self) -> None:
        find_weights("ecapa", self.encoder)

    @property
    def weights(self) -> tuple[Weights, ...]:
        return (find_weights("ecapa", self.encoder),)

    def prepare(self, known: KnownVoices, judges: Judges) -> Scorer:
        gallery = gallery_of(Secs(self.encoder).means(known.enrolment, judges), known.base_voiceprints)
        encoder = judges.get(EcapaEncoder, self.encoder)

        def score(batch: Sequence[Utterance]) -> list[Score]:
            require_enrolled(batch, known.enrolment)
            voiceprints = encoder([utterance.wave_16k for utterance in batch])
            return [
                self.identify(gallery.prints @ mine, gallery, by, known.started_from.get(by))
                for mine, by in zip(voiceprints, (utterance.speaker for utterance in batch), strict=True)
            ]

        return lambda batch: score_sound(batch, score, self.undefined())

    def identify(
        self, cosines: Float[Tensor, "voices"], gallery: Gallery, speaker: str, started_from: str | None
    ) -> Score:
        """The score of an utterance by its cosines with all voices."""
        if len(gallery.names) < 2:
            return self.undefined()
        own = gallery.names.index(speaker)  # the new voices come first, so one of the base may share its name
        others = cosines.clone()
        others[own] = -math.inf
        rival = int(others.argmax())
        identified = bool(cosines[own] > cosines[rival])
        of_base = not identified and rival >= gallery.n_new
        as_start = of_base and gallery.names[rival] == started_from
        values = {
            self.name: float(identified),
            f"{self.name}_margin": float(cosines[own] - cosines[rival]),
            f"{self.name}_as_base": float(of_base),
            f"{self.name}_as_start": math.nan if started_from is None else float(as_start),
            f"{self.name}_own": float(cosines[own]),
            f"{self.name}_other": float(cosines[rival]),
        }
        kind = "base voice" if of_base else "new voice"
        origin = ", which it was started from" if as_start else ""
        notes = {} if identified else {"confused_with": f"{kind} {gallery.names[rival]}{origin}"}
        return Score(values, notes)

    def summarise(self, rows: Columns) -> dict[str, float]:
        """Means, and `_eer`: the equal error rate of telling the right voice from the nearest wrong one.

        It is the strict one: of the impostors only the nearest counts. A threshold is chosen for each speaker.
        """
        own, other = rows[f"{self.name}_own"], rows[f"{self.name}_other"]
        return {**super().summarise(rows), f"{self.name}_eer": equal_error_rate(own, other)}


def gallery_of(new: Mapping[str, Float[Tensor, "_"]], base: Mapping[str, Float[Tensor, "_"]]) -> Gallery:
    """New and base voices together, from their unit mean voiceprints.

    Raises:
        InputError: there is no new voice.
    """
    if not new:
        raise InputError("speaker_identification needs the enrolment of at least one new voice; got none")
    prints = torch.stack([*new.values(), *(voice.cpu() for voice in base.values())])
    return Gallery((*new, *base), prints, len(new))


def equal_error_rate(genuine: ArrayLike, impostor: ArrayLike) -> float:
    """The rate at which as many genuine trials are refused as impostors are accepted; in [0, 1], lower is better.

    A trial is accepted if its score reaches the threshold. Where the two rates cross between two thresholds, both
    are interpolated. NaN without both kinds of trials; trials whose score is NaN are left out.
    """
    accepted = np.sort(_defined(genuine))
    refused = np.sort(_defined(impostor))
    if not accepted.size or not refused.size:
        return math.nan
    thresholds = np.append(np.unique(np.concatenate([accepted, refused])), np.inf)
    false_rejections = np.searchsorted(accepted, thresholds, side="left") / accepted.size
    false_acceptances = 1 - np.searchsorted(refused, thresholds, side="left") / refused.size
    # from -1, where all are accepted, to 1, where none is; never falling
    excess = false_rejections - false_acceptances
    after = int(np.argmax(excess >= 0))
    before = after - 1
    share = -excess[before] / (excess[after] - excess[before])
    return float(false_rejections[before] + share * (false_rejections[after] - false_rejections[before]))


def _defined(scores: ArrayLike) -> Float[np.ndarray, "trials"]:
    numbers = np.asarray(scores, dtype=np.float64)
    return numbers[~np.isnan(numbers)]
