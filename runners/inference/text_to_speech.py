"""From texts of any length to audio, in an adapted voice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from runners.inference.adapted_model import AdaptedModel
from runners.inference.text_pieces import text_pieces
from vits.common.bounds import check_fields
from vits.common.errors import InputError
from vits.common.quantities import BatchSize, LengthScale, NoiseScale, Seed
from vits.sentence_noise import sentence_generators
from vits.text.alphabet import Alphabet
from vits.text.tokens import Tokenizer

PAUSE_S = 0.25  # between the pieces of a long text


@dataclass(frozen=True)
class SpeakingStyle:
    """How to speak: the spread of the latent around its mean, the stretch of time, and what draws the noise.

    At most `batch_size` sentences are spoken at a time.

    Raises:
        InputError: a number is none that speech can be made with.
    """

    noise_scale: NoiseScale = 0.667
    length_scale: LengthScale = 1.0
    seed: Seed = 0
    batch_size: BatchSize = 16

    def __post_init__(self) -> None:
        check_fields(self, "")


@dataclass(frozen=True)
class _Piece:
    """What is spoken at once: a short text, or a sentence of a long one."""

    place: int
    text: str
    tokens: Int64[Tensor, "tokens"]


def say(
    model: AdaptedModel, texts: Sequence[str], speaker: str, style: SpeakingStyle
) -> Iterator[tuple[int, Float[Tensor, "samples"]]]:
    """The audio of each text beside its place in `texts`; pieces of like length share a batch.

    A long text is spoken sentence by sentence, with pauses. The audio of a piece depends on the piece, the speaker
    and the style alone. Texts of one piece come first, by their length, then long ones, one at a time.

    Raises:
        InputError: the voice is unknown, or a text has nothing that can be spoken.
    """
    speaker_id = model.speaker_id(speaker)
    pieces = _pieces(texts, model.spec.alphabet(), model.language)
    short = [parts[0] for parts in pieces if len(parts) == 1]
    for piece, audio in _spoken(model, short, speaker, speaker_id, style):
        yield piece.place, audio
    for parts in pieces:
        if len(parts) > 1:
            by_part = {id(piece): audio for piece, audio in _spoken(model, parts, speaker, speaker_id, style)}
            yield parts[0].place, _with_pauses([by_part[id(piece)] for piece in parts], _pause(model))


def _pieces(texts: Sequence[str], alphabet: Alphabet, language: str) -> list[list[_Piece]]:
    """The pieces of each text, without those in which nothing is spoken."""
    parts = [(place, part) for place, text in enumerate(texts) for part in text_pieces(text)]
    tokenizer, reader = alphabet.tokenizer, alphabet.reader(language)
    pieces: list[list[_Piece]] = [[] for _ in texts]
    for (place, part), phonemes in zip(parts, reader([part for _, part in parts]), strict=True):
        tokens = _tokens(tokenizer, phonemes)
        if tokens is not None:
            pieces[place].append(_Piece(place, part, tokens))
    for text, spoken in zip(texts, pieces, strict=True):
        if not spoken:
            raise InputError(f"the text {_shortened(text)!r} has nothing that can be spoken; write words")
    return pieces


def _tokens(tokenizer: Tokenizer, phonemes: str) -> Int64[Tensor, "tokens"] | None:
    """The tokens of a piece, or none if no symbol of it is known."""
    try:
        return tokenizer(phonemes)
    except InputError:
        return None


def _shortened(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else f"{text[:longest]}..."


def _spoken(
    model: AdaptedModel, pieces: Sequence[_Piece], speaker: str, speaker_id: int, style: SpeakingStyle
) -> Iterator[tuple[_Piece, Float[Tensor, "samples"]]]:
    """Each piece and its audio, by length; only one batch is in memory."""
    by_length = sorted(pieces, key=lambda piece: len(piece.tokens))
    device = model.synthesizer.speaker_embedding.weight.device
    for start in range(0, len(by_length), style.batch_size):
        group = by_length[start : start + style.batch_size]
        speech = model.synthesizer.infer(
            pad_sequence([piece.tokens for piece in group], batch_first=True).to(device),
            torch.tensor([len(piece.tokens) for piece in group], device=device),
            torch.full((len(group),), speaker_id, device=device),
            noise_scale=style.noise_scale,
            length_scale=style.length_scale,
            generator=sentence_generators(style.seed, [(speaker, piece.text) for piece in group]),
        )
        for row, piece in enumerate(group):
            yield piece, speech.audio[row, 0, : int(speech.lengths[row])].float().clamp(-1, 1).cpu().clone()


def _pause(model: AdaptedModel) -> Float[Tensor, "samples"]:
    """Silence of whole frames."""
    analysis = model.spec.analysis()
    return torch.zeros(analysis.frames(round(PAUSE_S * analysis.sample_rate)) * analysis.hop_length)


def _with_pauses(parts: Sequence[Float[Tensor, "_"]], pause: Float[Tensor, "_"]) -> Float[Tensor, "samples"]:
    """The parts in their order, silence between them."""
    return torch.cat([signal for part in parts for signal in (pause, part)][1:])
