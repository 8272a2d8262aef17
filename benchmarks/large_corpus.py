"""What scanning and linting a large corpus costs: `python benchmarks/large_corpus.py [speakers=200] [clips=25]`.

`clips` recordings of each of `speakers` voices, every one with other samples and another sentence of two: stretches of
the embedded voices' speech under faint noise. `runners/lint.py` looks at it twice without Whisper: the first time all
recordings are read and hashed, the second time what was found then is known. CPU seconds, wall seconds and memory.
"""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from side_by_side import ROOT, cpu_s

from vits.corpus.audio import read_audio
from vits.corpus.folder import FolderCorpus

SAMPLE_RATE = 16_000
LENGTH_S = 2.0
NOISE = 1e-3


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    n_speakers, n_clips = int(options.get("speakers", "200")), int(options.get("clips", "25"))
    with tempfile.TemporaryDirectory() as folder:
        corpus, cache = Path(folder) / "corpus", Path(folder) / "cache"
        write_corpus(corpus, n_speakers, n_clips)
        for time_of in ("first", "second"):
            print(f"{n_speakers} speakers, {n_speakers * n_clips} clips, the {time_of} time: {linting(corpus, cache)}")


def write_corpus(root: Path, n_speakers: int, n_clips: int) -> None:
    """A corpus by which no recording and, within a speaker, no text is another's."""
    known = [clip for clip in FolderCorpus(root=str(ROOT / "assets/demo_voices")).clips() if clip.split == "train"]
    waves = [read_audio(clip.path, SAMPLE_RATE) for clip in known[:100]]
    sentences = (ROOT / "assets/test_sentences/english.txt").read_text(encoding="utf-8").splitlines()
    rng = np.random.default_rng(0)
    root.mkdir()
    with (root / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="|")
        table.writerow(("path", "speaker", "text"))
        for number in range(n_speakers * n_clips):
            speaker = f"voice{number // n_clips:03}"
            path = root / speaker / f"{number % n_clips:03}.flac"
            path.parent.mkdir(exist_ok=True)
            wave = np.resize(waves[rng.integers(len(waves))], round(LENGTH_S * SAMPLE_RATE))
            soundfile.write(path, wave + NOISE * rng.standard_normal(len(wave)), SAMPLE_RATE)
            first, second = sentences[number % len(sentences)], sentences[rng.integers(len(sentences))]
            table.writerow((path.relative_to(root).as_posix(), speaker, f"{first} {second}"))


def linting(corpus: Path, cache: Path) -> str:
    """What a process takes that looks at the corpus."""
    asked = ("data=folder", f"data.root={corpus}", "whisper_per_speaker=0", f"cache_dir={cache}", "device=cpu")
    before, began = cpu_s(), time.monotonic()
    done = subprocess.run([sys.executable, str(ROOT / "runners/lint.py"), *asked], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    most_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return f"{cpu_s() - before:.1f} CPU s, {time.monotonic() - began:.0f} s, {most_mb:.0f} MB at most"


if __name__ == "__main__":
    main()
