"""From recordings to a corpus, source by source; what took long is kept, so that the same command goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import soxr
from tqdm import tqdm

from metrics.judges.judge import Judges
from metrics.judges.language_codes import is_english
from metrics.judges.transcriber import Transcript
from metrics.metric import JUDGED_RATE
from runners.cli.prepare_arguments import PrepareArguments
from runners.preparing.beside_audio import Beside, transcript_beside
from runners.preparing.clip_writing import CLIP, LEFT_OUT, Part, clip_of, every_second, part_of
from runners.preparing.corpus_tables import check_place, with_splits, write_metadata, write_parts
from runners.preparing.decoding import decode
from runners.preparing.kept_transcripts import NAME, Hearing
from runners.preparing.source_files import Source, find_sources
from runners.preparing.spoken_pieces import Lengths, Wave, spoken_pieces
from runners.preparing.telling import tell
from runners.preparing.voice_activity import VoiceActivity
from runners.training.devices import make_fabric
from vits.common.atomic_files import default_cache_dir
from vits.common.errors import InputError
from vits.common.readers import shown_path
from vits.corpus.prepared_texts import PREPARED
from vits.text.phonemizer import EspeakPhonemizer

LONG_S = 60.0  # a recording that takes so long gets a progress bar of its own


@dataclass(frozen=True)
class _Tools:
    """What every recording is prepared with."""

    activity: VoiceActivity
    hearing: Hearing
    lengths: Lengths
    min_snr_db: float
    language: str
    out: Path


def prepare_corpus(arguments: PrepareArguments) -> None:
    """Write the clips, prepared.csv and metadata.csv, and say what became of the recordings and what to do next.

    Raises:
        InputError: recordings, transcripts or the place can't be used; or no clip fits, which prepared.csv explains.
    """
    out = Path(arguments.out).expanduser()
    sources = find_sources(arguments.audio, arguments.speaker, out, arguments.speaker_folder)
    check_place(out)
    EspeakPhonemizer(arguments.language)
    beside = [transcript_beside(source.path) for source in sources]
    _check_language(arguments.language, sources, beside)
    judges = Judges(default_cache_dir(), make_fabric(arguments.device, "32").device)
    lengths = Lengths(arguments.shortest_s, arguments.longest_s)
    tools = _Tools(
        VoiceActivity(judges.cache_dir), Hearing(judges), lengths, arguments.min_snr_db, arguments.language, out
    )
    progress = tqdm(zip(sources, beside, strict=True), total=len(sources), desc="preparing", unit="recording")
    parts, warning = with_splits([part for source, text in progress for part in _prepared(source, text, tools)])
    write_parts(parts, out)
    if not any(part.outcome == CLIP for part in parts):
        reasons = sorted({part.reason for part in parts if part.reason}) or ["nobody speaks in them"]
        raise InputError(
            f"no clip fits ({'; '.join(reasons[:3])}); {shown_path(out / PREPARED)} says what became of each second"
        )
    write_metadata(parts, out)
    tell(parts, arguments, warning)


def _check_language(language: str, sources: Sequence[Source], beside: Sequence[Beside | None]) -> None:
    """The judge's Whisper hears English alone.

    Raises:
        InputError: it would have to listen to another language.
    """
    unwritten = next((source for source, text in zip(sources, beside, strict=True) if text is None), None)
    if unwritten is not None and not is_english(language):
        raise _foreign(language, unwritten.path)


def _foreign(language: str, path: Path) -> InputError:
    return InputError(
        f"language={language}: {NAME} hears English alone, so {shown_path(path)} needs a transcript with times; lay "
        f"{path.stem}.srt, .vtt or .TextGrid beside it, or cut it into sentences with a .txt each"
    )


def _prepared(source: Source, beside: Beside | None, tools: _Tools) -> list[Part]:
    """What became of each second of a recording; one that can't be read is left out."""
    name = source.path.name
    try:
        wave, rate = decode(source.path)
    except InputError as error:
        return [Part(source.name, source.speaker, 0.0, 0.0, LEFT_OUT, str(error))]
    wave_16k: Wave = soxr.resample(wave, rate, JUDGED_RATE).astype("float32")
    duration_s = wave.size / rate
    silent = duration_s < LONG_S
    with tqdm(total=round(duration_s), desc=f"speech in {name}", unit="s", disable=silent, leave=False) as bar:
        runs = tools.activity(wave_16k, lambda seconds: bar.update(round(seconds)))

    def hear(waves: Sequence[Wave]) -> list[Transcript]:
        if not is_english(tools.language):
            raise _foreign(tools.language, source.path)
        with tqdm(total=len(waves), desc=f"words in {name}", unit="clip", disable=silent, leave=False) as bar:
            return tools.hearing(waves, bar.update)

    pieces = spoken_pieces(wave_16k, runs, beside, tools.lengths, hear)
    parts = [
        clip_of(piece, part_of(piece, n, source.name, source.speaker), wave, rate, tools.min_snr_db, tools.out)
        for n, piece in enumerate(pieces, start=1)
    ]
    return every_second(parts, runs, source.name, source.speaker, duration_s)
