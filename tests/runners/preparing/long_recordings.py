"""Recordings as people have them, made of the demo voices' clips: one after the other with pauses, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from vits.corpus.audio import read_audio
from vits.corpus.clip import Clip
from vits.corpus.folder import FolderCorpus

RATE = 24_000
PAUSE_S = 1.0
NOISE = 1e-4  # of a quiet room


@dataclass(frozen=True)
class Said:
    """A sentence of a recording, and when it is said."""

    text: str
    start_s: float
    end_s: float


def demo_clips(speaker: str, count: int) -> list[Clip]:
    """Some of a demo voice's longer clips."""
    clips = [clip for clip in FolderCorpus(root="assets/demo_voices").clips() if clip.speaker == speaker]
    long = [clip for clip in clips if soundfile.info(clip.path).duration > 2.3]
    return long[:count]


def write_recording(path: Path, clips: Sequence[Clip], level: float = 0.3) -> list[Said]:
    """The clips in one file of the format that its suffix names, quieter than they are."""
    rng = np.random.default_rng(0)
    parts, said, reached = [np.zeros(round(PAUSE_S * RATE))], [], PAUSE_S
    for clip in clips:
        wave = read_audio(clip.path, RATE)
        said.append(Said(clip.text, reached, reached + wave.size / RATE))
        parts += [wave, np.zeros(round(PAUSE_S * RATE))]
        reached = said[-1].end_s + PAUSE_S
    whole = np.concatenate(parts)
    noisy = level * (whole + NOISE * rng.standard_normal(whole.size))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".m4a":
        _write_m4a(path, noisy.astype(np.float32))
    else:
        soundfile.write(path, noisy.astype(np.float32), RATE, format=path.suffix[1:].upper())
    return said


def _write_m4a(path: Path, wave: np.ndarray) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def as_srt(said: Sequence[Said], late_s: float = 0.0) -> str:
    """Subtitles of a recording, late by so much."""
    blocks = [
        f"{number}\n{_time(s.start_s + late_s)} --> {_time(s.end_s + late_s)}\n<i>{s.text}</i>\n"
        for number, s in enumerate(said, start=1)
    ]
    return "\n".join(blocks)


def _time(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"00:{minutes:02}:{rest // 1000:02},{rest % 1000:03}"
