"""Speaking and copying held-out sentences with the model as it is now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from metrics.metric import Utterance
from vits.corpus.batching import Batch, collate
from vits.corpus.features import PreparedUtterance
from vits.sentence_noise import sentence_generators
from vits.synthesizer import Synthesizer


@dataclass(frozen=True)
class Spoken:
    """A synthesised utterance, ready to be judged, and which frame speaks which token."""

    utterance: Utterance
    alignment: Float[Tensor, "frames tokens"]


def speak(
    synthesizer: Synthesizer,
    items: Sequence[PreparedUtterance],
    speaker_ids: Mapping[str, int],
    sample_rate: int,
    *,
    batch_size: int,
    noise_scale: float,
    length_scale: float,
    seed: int,
) -> Iterator[Spoken]:
    """Say each item's text in its speaker's voice, in the order of `items`' lengths; sentences of like length
    share a batch. A sentence's noise depends on the seed, its name and its speaker alone, so that two stages, two
    models or two batch sizes differ by nothing else.
    """
    device = synthesizer.speaker_embedding.weight.device
    synthesizer.eval()
    for group in _groups(items, batch_size):
        batch = collate(group, speaker_ids).to(device)
        speech = synthesizer.infer(
            batch.tokens,
            batch.token_lengths,
            batch.speaker,
            noise_scale=noise_scale,
            length_scale=length_scale,
            generator=sentence_generators(seed, [(item.clip.speaker, item.clip.name) for item in group]),
        )
        for index, item in enumerate(group):
            length = int(speech.lengths[index])
            frames = length // synthesizer.samples_per_frame
            yield Spoken(
                _utterance(item, speech.audio[index, 0, :length], sample_rate),
                speech.alignment[index, :frames, : len(item.tokens)].cpu(),
            )


def copy(
    synthesizer: Synthesizer,
    items: Sequence[PreparedUtterance],
    speaker_ids: Mapping[str, int],
    sample_rate: int,
    *,
    batch_size: int,
) -> Iterator[Utterance]:
    """Copy-synthesis: each recording through posterior encoder and decoder, without the text.

    It bounds what synthesis from text can reach with this decoder.
    """
    device = synthesizer.speaker_embedding.weight.device
    synthesizer.eval()
    for group in _groups(items, batch_size):
        batch: Batch = collate(group, speaker_ids).to(device)
        decoded = synthesizer.reconstruct(batch.spectrogram, batch.spectrogram_lengths, batch.speaker)
        for index, item in enumerate(group):
            yield _utterance(item, decoded.audio[index, 0, : len(item.wave)], sample_rate)


def _groups(items: Sequence[PreparedUtterance], batch_size: int) -> Iterator[list[PreparedUtterance]]:
    by_length = sorted(items, key=lambda item: (len(item.tokens), item.clip.name))
    for start in range(0, len(by_length), batch_size):
        yield by_length[start : start + batch_size]


def _utterance(item: PreparedUtterance, audio: Float[Tensor, "samples"], sample_rate: int) -> Utterance:
    return Utterance(
        name=item.clip.name,
        speaker=item.clip.speaker,
        text=item.clip.text,
        wave=audio.float().clamp(-1, 1).cpu().numpy(),
        sample_rate=sample_rate,
        recording=item.wave.numpy() if len(item.wave) else None,
    )
