"""The graph that Piper's runtime runs: its ids in, one speaker and three scales, audio out.

Inputs, in their order (https://github.com/OHF-Voice/piper1-gpl, `export_onnx.py` and `voice.py`):

input          [batch, phonemes] int64, Piper's ids
input_lengths  [batch] int64
scales         [3] float32: spread of the latent, stretch of time (above 1 slower), spread of the durations
sid            [batch] int64, the voice; only where there are several

Output: output [batch, 1, 1, samples] float32.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from runners.inference.piper_symbols import AROUND, PiperSymbols
from vits.synthesizer import Synthesizer


class PiperReader(nn.Module):
    """Makes of Piper's ids the tokens that the model's own tokenizer makes of the same phonemes.

    Whatever stands between and around the symbols is taken away, and the model's own is put there; a letter and the
    mark that Piper took from it become one symbol.
    """

    def __init__(self, symbols: PiperSymbols) -> None:
        super().__init__()
        self.around = [symbols.ids[symbol] for symbol in AROUND]
        self.n_symbols = symbols.n_symbols
        self.compositions = symbols.compositions
        self.blank = symbols.alphabet.blank
        self.begin, self.end = symbols.alphabet.begin, symbols.alphabet.end

    def forward(
        self, ids: Int64[Tensor, "batch phonemes"], lengths: Int64[Tensor, "batch"]
    ) -> tuple[Int64[Tensor, "batch tokens"], Int64[Tensor, "batch"]]:
        inside = torch.arange(ids.shape[1], device=ids.device) < lengths.unsqueeze(1)
        for number in self.around:
            inside = inside & (ids != number)
        symbols, counts = moved_to_front(ids, inside)
        if self.compositions:
            symbols, counts = self._composed(symbols, counts)
        tokens, counts = self._with_blanks(_trimmed(symbols, counts), counts)
        return self._with_ends(tokens, counts)

    def _composed(
        self, symbols: Int64[Tensor, "batch phonemes"], counts: Int64[Tensor, "batch"]
    ) -> tuple[Int64[Tensor, "batch phonemes"], Int64[Tensor, "batch"]]:
        """Letters and marks as one; a mark that stands behind another letter is left out."""
        nothing = torch.full_like(symbols[:, :1], -1)
        following, before = torch.cat((symbols[:, 1:], nothing), 1), torch.cat((nothing, symbols[:, :-1]), 1)
        found, kept = symbols, torch.arange(symbols.shape[1], device=symbols.device) < counts.unsqueeze(1)
        for letter, mark, whole in self.compositions:
            found = torch.where((symbols == letter) & (following == mark), whole, found)
            kept = kept & ~((symbols == mark) & (before == letter))
        return moved_to_front(found, kept & (found < self.n_symbols))

    def _with_blanks(
        self, symbols: Int64[Tensor, "batch phonemes"], counts: Int64[Tensor, "batch"]
    ) -> tuple[Int64[Tensor, "batch tokens"], Int64[Tensor, "batch"]]:
        if self.blank is None:
            return symbols, counts
        blanks = torch.full_like(symbols, self.blank)
        pairs = torch.stack((symbols, blanks), 2).flatten(1)
        first = torch.full_like(counts, self.blank).unsqueeze(1)
        return torch.cat((first, pairs), 1), 2 * counts + 1

    def _with_ends(
        self, tokens: Int64[Tensor, "batch inner"], counts: Int64[Tensor, "batch"]
    ) -> tuple[Int64[Tensor, "batch tokens"], Int64[Tensor, "batch"]]:
        begin, end = ([torch.full_like(counts, number) for number in ends] for ends in (self.begin, self.end))
        room = [torch.zeros_like(counts)] * len(end)
        columns = [column.unsqueeze(1) for column in (*begin, *room)]
        tokens = torch.cat((*columns[: len(begin)], tokens, *columns[len(begin) :]), 1)
        for place, column in enumerate(end):
            tokens = tokens.scatter(1, (counts + len(begin) + place).unsqueeze(1), column.unsqueeze(1))
        return tokens, counts + len(begin) + len(end)


def moved_to_front(
    ids: Int64[Tensor, "batch places"], kept: Bool[Tensor, "batch places"]
) -> tuple[Int64[Tensor, "batch places"], Int64[Tensor, "batch"]]:
    """The ids that are kept, in their order and zeros behind them, and how many there are."""
    numbers = kept.long().cumsum(1)
    aside = torch.full_like(numbers, ids.shape[1])  # one place more, which is cut off
    room = torch.cat((torch.zeros_like(ids), torch.zeros_like(ids[:, :1])), 1)
    return room.scatter(1, torch.where(kept, numbers - 1, aside), ids)[:, :-1], kept.long().sum(1)


def _trimmed(ids: Int64[Tensor, "batch places"], counts: Int64[Tensor, "batch"]) -> Int64[Tensor, "batch longest"]:
    """Without the places that no item of the batch has."""
    longest = torch.arange(counts.max().clamp_min(1).item())  # pyright: ignore[reportArgumentType]
    return ids.gather(1, longest.expand(ids.shape[0], -1))


class PiperModel(nn.Module):
    """A model as Piper's runtime calls it. `rows` are the speaker table's rows by Piper's numbers of the voices."""

    def __init__(self, synthesizer: Synthesizer, symbols: PiperSymbols, rows: Int64[Tensor, "voices"]) -> None:
        super().__init__()
        self.synthesizer = synthesizer
        self.reader = PiperReader(symbols)
        self.rows: Tensor
        self.register_buffer("rows", rows)

    def forward(
        self,
        input: Int64[Tensor, "batch phonemes"],  # the exporter calls inputs as they are called here
        input_lengths: Int64[Tensor, "batch"],
        scales: Float[Tensor, "3"],
        sid: Int64[Tensor, "batch"] | None = None,
    ) -> Float[Tensor, "batch 1 1 samples"]:
        tokens, lengths = self.reader(input, input_lengths)
        g = self.synthesizer.speaker_embedding(self.rows[torch.zeros_like(input_lengths) if sid is None else sid])
        prior = self.synthesizer.frame_prior(
            tokens, lengths, g, duration_noise_scale=scales[2:], length_scale=scales[1:2]
        )
        z = self.synthesizer.latent(prior, torch.randn_like(prior.mean) * scales[:1], g)
        return self.synthesizer.decoder(z, g, prior.lengths).audio.unsqueeze(1)
