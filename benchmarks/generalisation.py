"""How much a base has learned by heart, and whether its rows follow the voices.

`python benchmarks/generalisation.py data.root=<corpus> [bundles=assets/demo_base,...] [train_split=base]
[test_split=retention]` prints, for each bundle, the KL and duration losses on utterances it was trained on and on
other sentences of the same voices, and how far initialisers miss a base voice that they are not shown, the mean of
the others being 1. What the prior knows by heart shows as the difference of the KLs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from runners.config.registration import register_options
from runners.voices.recorded_voices import load_voices
from strategies.context import AdaptationContext, BaseSpeakers
from strategies.initialisers.embedding_init import leave_one_out_error
from vits.bundle import Bundle, load_bundle
from vits.common.atomic_files import default_cache_dir
from vits.common.registry import registered
from vits.corpus.batching import collate
from vits.corpus.features import PreparedUtterance
from vits.corpus.folder import FolderCorpus
from vits.losses import kl_loss

UTTERANCES = 160  # at most, of each split
BATCH_SIZE = 8
SEGMENT_FRAMES = 32
MAX_DURATION_S = 10.0
SHOWN = ("ecapa", "nearest")


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    register_options()
    corpus = FolderCorpus(root=options["data.root"])
    test_split = options.get("test_split", "retention")
    print("| bundle | KL trained | KL new | durations trained | durations new | " + " | ".join(SHOWN) + " |")
    print("|---" * 7 + "|")
    for path in map(Path, options.get("bundles", "assets/demo_base").split(",")):
        bundle = load_bundle(path)
        voices = load_voices(
            corpus,
            bundle.spec,
            cache_dir=default_cache_dir(),
            segment_frames=SEGMENT_FRAMES,
            max_duration_s=MAX_DURATION_S,
            held_out={test_split: 0},
            train_split=options.get("train_split", "base"),
        )
        trained, new = (losses(bundle, items) for items in (list(voices.train), voices.held_out[test_split]))
        columns = [*(f"{number:.2f}" for pair in zip(trained, new, strict=True) for number in pair)]
        print(f"| {path} | {' | '.join(columns + misses(bundle))} |", flush=True)


@torch.no_grad()
def losses(bundle: Bundle, utterances: Sequence[PreparedUtterance]) -> tuple[float, float]:
    """The means of KL and duration loss over some of the utterances, without dropout."""
    speaker_ids = {speaker.name: row for row, speaker in enumerate(bundle.speakers)}
    chosen = utterances[:: max(1, len(utterances) // UTTERANCES)][:UTTERANCES]
    by_length = sorted(chosen, key=lambda item: item.spectrogram.shape[1])
    synthesizer, found = bundle.synthesizer.eval(), []
    for start in range(0, len(by_length), BATCH_SIZE):
        batch = collate(by_length[start : start + BATCH_SIZE], speaker_ids)
        made = synthesizer(
            batch.tokens,
            batch.token_lengths,
            batch.spectrogram,
            batch.spectrogram_lengths,
            batch.speaker,
            segment_frames=SEGMENT_FRAMES,
            generator=torch.Generator().manual_seed(start),
        )
        kl = kl_loss(
            made.z_p,
            made.posterior_log_deviation,
            made.prior_mean,
            made.prior_log_deviation,
            made.frame_mask,
        )
        found.append(torch.stack([kl, made.duration_loss]))
    kl, duration = torch.stack(found).mean(0).tolist()
    return kl, duration


def misses(bundle: Bundle) -> list[str]:
    """How far each initialiser misses a base voice."""
    rows = bundle.trained_rows
    speakers = BaseSpeakers(
        tuple(bundle.speakers[row].name for row in rows),
        bundle.synthesizer.speaker_embedding.weight.detach()[rows],
        bundle.voiceprints[rows],
    )
    generator = torch.Generator().manual_seed(0)
    context = AdaptationContext.of_base(bundle.spec, bundle.synthesizer, speakers, generator)
    kinds = registered("strategy")
    return [f"{leave_one_out_error(kinds[name](), context):.2f}" for name in SHOWN]


if __name__ == "__main__":
    main()
