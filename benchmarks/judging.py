"""What judging costs, and what its ways change: `python benchmarks/judging.py [clips=300] [stride=1,16]
[human=<corpus folder>]`.

Clips of the demo voices' recordings, of the demo base's voices at several qualities, and of people if a corpus with
a metadata.csv is given. WER first, its ways in turn on each group of clips: openai-whisper one by one, then the
judge of this project with every position of the silence behind a clip, and with one in several. CPU
seconds a clip, the error rate, by how much it moves, how many normalised texts differ, and whether the systems keep
their ranks. Then CPU seconds a clip of both speaker encoders, in turn with ECAPA all in float32, and how near its
voiceprints are. One process and one thread.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import whisper
from jaxtyping import Float32

from metrics.error_rate import english_normaliser
from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.ge2e_encoder import Ge2eEncoder
from metrics.judges.judge import Judges
from metrics.judges.speaker_encoder import SpeakerEncoder
from metrics.judges.whisper_judge import WhisperJudge
from metrics.metric import JUDGED_RATE
from metrics.wer import count_errors
from runners.inference.adapted_model import AdaptedModel, load_adapted
from runners.inference.text_to_speech import SpeakingStyle, say
from vits.common.atomic_files import default_cache_dir
from vits.corpus.audio import read_audio

ASSETS = Path(__file__).resolve().parent.parent / "assets"
TOGETHER = 16

Wave = Float32[np.ndarray, "samples"]
Way = Callable[[Sequence[Wave]], list[str]]


@dataclass(frozen=True)
class Clip:
    """What is judged: by which system, what it should say, and how it sounds at 16 kHz."""

    system: str
    text: str
    wave: Wave


@dataclass
class Heard:
    """The texts that a way of judging heard, and the CPU seconds that it took."""

    texts: list[str] = field(default_factory=list)
    cpu_s: float = 0.0


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    torch.set_num_threads(1)
    count = int(options.get("clips", "300")) // (3 if "human" in options else 2)
    clips = [*recorded(ASSETS / "demo_voices", "demo recordings", count), *synthesised(count)]
    if "human" in options:
        clips += recorded(Path(options["human"]), "people", count)
    strides = [int(text) for text in options.get("stride", "1,16").split(",")]
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    print_error_rates(clips, in_turn(clips, ways(judges.get(WhisperJudge, "tiny.en").model, strides)))
    print_encoders(judges.get(EcapaEncoder, "voxceleb"), judges.get(Ge2eEncoder, "resemblyzer"), clips)


def print_encoders(ecapa: SpeakerEncoder, ge2e: SpeakerEncoder, clips: Sequence[Clip]) -> None:
    """A line of what each way to hear a voice costs, and by how much ECAPA's two differ."""

    @torch.inference_mode()
    def in_float32(waves: Sequence[Wave]) -> torch.Tensor:
        return torch.cat([ecapa.listen(torch.from_numpy(wave)[None]) for wave in waves])

    by_name: dict[str, Callable[[Sequence[Wave]], torch.Tensor]] = {
        "ECAPA": ecapa.embed,
        "ECAPA, all in float32": in_float32,
        "GE2E": ge2e.embed,
    }
    cpu_s, heard = dict.fromkeys(by_name, 0.0), {name: list[torch.Tensor]() for name in by_name}
    for start in range(0, len(clips), TOGETHER):
        waves = [clip.wave for clip in clips[start : start + TOGETHER]]
        for name, embed in by_name.items():
            before = time.process_time()
            heard[name].append(embed(waves))
            cpu_s[name] += time.process_time() - before
    for name in by_name:
        print(f"{name:32} {cpu_s[name] / len(clips):.3f} s a clip")
    one, other = (torch.cat(heard[name]) for name in ("ECAPA", "ECAPA, all in float32"))
    cosines, moved = (one * other).sum(dim=1), (one @ one.T - other @ other.T)
    print(
        f"ECAPA's voiceprints: cosines with those in float32 of {float(cosines.min()):.5f} and more; cosines between "
        f"clips move by {float(moved.mean()):+.5f}, by {float(moved.abs().max()):.4f} at most"
    )


def recorded(root: Path, system: str, count: int) -> list[Clip]:
    """Clips spread over a corpus, of its test split where it has one."""
    with (root / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="|") if row.get("split", "test") == "test"]
    chosen = [rows[i] for i in np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int)]
    return [Clip(system, row["text"], read_audio(root / row["path"], JUDGED_RATE)) for row in chosen]


def synthesised(count: int) -> list[Clip]:
    """Test sentences by the demo base: in a voice of its own, and in ever less likely ones that it never learned."""
    model = load_adapted(ASSETS / "demo_base", torch.device("cpu"))
    sentences = (ASSETS / "test_sentences" / "english.txt").read_text(encoding="utf-8").splitlines()
    names, table = list(model.speaker_ids), model.synthesizer.speaker_embedding.weight.detach()
    rows = table[[model.speaker_ids[name] for name in names]].clone()
    noise = torch.randn(2, rows.shape[1], generator=torch.Generator().manual_seed(0))
    voices = {
        "base voice": rows[3],
        "mean voice": rows.mean(dim=0),
        "three mixed": rows[[1, 7, 20]].mean(dim=0),
        "random voice": rows.mean(dim=0) + rows.std(dim=0) * noise[0],
        "unlikely voice": noise[1],
    }
    each = count // len(voices)
    return [
        clip
        for place, (system, row) in enumerate(voices.items())
        for clip in spoken(model, system, row, sentences[place * each : (place + 1) * each])
    ]


def spoken(model: AdaptedModel, system: str, row: torch.Tensor, sentences: Sequence[str]) -> list[Clip]:
    """Sentences in the voice of an embedding row, which takes the place of the first voice's."""
    first = next(iter(model.speaker_ids))
    with torch.inference_mode():
        model.synthesizer.speaker_embedding.weight[model.speaker_ids[first]] = row
        audio = dict(say(model, sentences, first, SpeakingStyle()))
    rate = model.spec.analysis().sample_rate
    if rate != JUDGED_RATE:
        raise ValueError(f"the demo base speaks at {rate} Hz; resample its audio to {JUDGED_RATE} Hz here")
    return [Clip(system, text, audio[place].numpy()) for place, text in enumerate(sentences)]


def ways(model: whisper.Whisper, strides: Sequence[int]) -> dict[str, Way]:
    """The ways to hear what is said, the former one first."""

    def one_by_one(waves: Sequence[Wave]) -> list[str]:
        options = whisper.DecodingOptions(language="en", temperature=0.0, without_timestamps=True, fp16=False)
        mels = [whisper.log_mel_spectrogram(whisper.pad_or_trim(torch.from_numpy(wave))) for wave in waves]
        return [whisper.decode(model, mel, options).text.strip() for mel in mels]  # pyright: ignore[reportAttributeAccessIssue]

    def by_judge(number: int) -> Way:
        judge = WhisperJudge(model, number)
        return lambda waves: [transcript.text for transcript in judge.listen(waves)]

    ours = {f"1 of {number} silent positions": by_judge(number) for number in strides}
    return {"openai-whisper, one by one": one_by_one, **ours}


def in_turn(clips: Sequence[Clip], by_name: dict[str, Way]) -> dict[str, Heard]:
    """What each way hears, group by group, so that a change in the machine's speed meets all of them."""
    heard = {name: Heard() for name in by_name}
    for start in range(0, len(clips), TOGETHER):
        waves = [clip.wave for clip in clips[start : start + TOGETHER]]
        for name, way in by_name.items():
            before = time.process_time()
            heard[name].texts += way(waves)
            heard[name].cpu_s += time.process_time() - before
    return heard


def print_error_rates(clips: Sequence[Clip], heard: dict[str, Heard]) -> None:
    """A line for each way, and below it the rates of every system."""
    normalised = english_normaliser()
    former = next(iter(heard.values()))
    rates = {name: error_rates(clips, one.texts, normalised) for name, one in heard.items()}
    of_former = next(iter(rates.values()))
    for name, one in heard.items():
        differ = sum(normalised(a) != normalised(b) for a, b in zip(one.texts, former.texts, strict=True))
        moved, ranks = rates[name]["all"] - of_former["all"], ranking(rates[name]) == ranking(of_former)
        print(
            f"{name:32} {one.cpu_s / len(clips):.3f} s a clip (1/{former.cpu_s / one.cpu_s:.2f}), WER "
            f"{rates[name]['all']:.4f} ({moved:+.4f}), {differ} of {len(clips)} texts differ, "
            f"{'same ranks' if ranks else 'OTHER RANKS'}"
        )
        print("    " + ", ".join(f"{system} {rate:.4f}" for system, rate in rates[name].items()), flush=True)


def ranking(rates: dict[str, float]) -> list[str]:
    """The systems, best first."""
    return sorted(rates, key=lambda system: rates[system])


def error_rates(clips: Sequence[Clip], texts: Sequence[str], normalised: Callable[[str], str]) -> dict[str, float]:
    """Errors over words, of all clips and of each system's."""
    errors, words = dict.fromkeys(["all"], 0), dict.fromkeys(["all"], 0)
    for clip, text in zip(clips, texts, strict=True):
        counted = count_errors(normalised(clip.text), normalised(text))
        for group in ("all", clip.system):
            wrong = counted.substitutions + counted.deletions + counted.insertions
            errors[group] = errors.get(group, 0) + wrong
            words[group] = words.get(group, 0) + counted.reference_length
    return {group: errors[group] / words[group] for group in errors}


if __name__ == "__main__":
    main()
