"""What is known of an imported model's speakers: the recordings that trained them, and their voiceprints."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from metrics.judges.judge import Judges
from metrics.judges.recorded_voiceprints import recorded_voiceprints
from metrics.judges.speaker_encoder import mean_voiceprint
from metrics.metric import Utterance
from vits.common.atomic_files import default_cache_dir
from vits.common.errors import InputError
from vits.common.names import shown
from vits.corpus.audio import read_audio
from vits.corpus.clip import Clip
from vits.corpus.filelists import read_list, with_spellings
from vits.corpus.split import TRAIN

ENROLMENT_CLIPS = 20  # of each speaker make its voiceprint
JUDGED_RATE = 16_000


def read_clips(filelist: Path, wavs: Path, transcripts: Path | None, n_speakers: int) -> list[Clip]:
    """What the generator was trained on, from lines `wav|speaker id|IPA`, with spellings where a table gives them.

    Raises:
        InputError: the list is empty, malformed, or of another model.
    """
    clips = read_list(filelist, wavs, TRAIN)
    if not clips:
        raise InputError(f"{filelist} lists no recording; give the list that the generator was trained on")
    for number, clip in enumerate(clips, 1):
        if not re.fullmatch("[0-9]{1,9}", clip.speaker) or int(clip.speaker) >= n_speakers:
            raise InputError(
                f"{filelist}: recording {number}, {clip.name}, is of speaker {shown(clip.speaker)}; the generator has "
                f"rows for ids below {n_speakers}: give the list that it was trained on"
            )
    return with_spellings(clips, transcripts) if transcripts else clips


def by_row(clips: Sequence[Clip]) -> dict[int, list[Path]]:
    """The recordings of each speaker row."""
    paths: dict[int, list[Path]] = defaultdict(list)
    for clip in clips:
        paths[int(clip.speaker)].append(clip.path)
    return paths


def voiceprints(paths: Mapping[int, list[Path]], n_speakers: int, *, heard: bool) -> Float[Tensor, "speakers print"]:
    """Each speaker's mean voiceprint; of width 0 where the recordings aren't there to be heard."""
    if not heard:
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
