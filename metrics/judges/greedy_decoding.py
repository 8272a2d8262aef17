"""Whisper's text decoder on several encodings at once, always the likeliest token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from metrics.judges.language_codes import ENGLISH
from metrics.judges.transcriber import Transcript
from metrics.judges.whisper_attention import KeysAndValues, attend, keys_and_values

Encoding = Sequence[KeysAndValues]
"""What each attention to a window hears of it."""


class GreedyDecoder:
    """Texts of windows; a text that has ended leaves the batch, and what is heard doesn't depend on the others."""

    def __init__(self, model: Any, language: str = ENGLISH) -> None:
        from whisper.decoding import DecodingOptions, DecodingTask

        options = DecodingOptions(language=language, temperature=0.0, without_timestamps=True, fp16=False)
        self._task: Any = DecodingTask(model, options)  # knows the tokens to begin with and those never to be said
        self._decoder = model.decoder

    def __call__(self, encodings: Sequence[Encoding]) -> list[Transcript]:
        """Transcripts in the order of the encodings."""
        from whisper.utils import compression_ratio

        said, no_speech = self._decode(_Batch.of(self._decoder, encodings))
        texts = [self._task.tokenizer.decode(tokens).strip() for tokens in said]
        pairs = zip(texts, no_speech, strict=True)
        return [Transcript(text, compression_ratio(text), silent) for text, silent in pairs]

    def _decode(self, batch: _Batch) -> tuple[list[list[int]], list[float]]:
        """The tokens said in each, and the probability that nobody speaks."""
        tokenizer, said = self._task.tokenizer, [[] for _ in batch.rows]
        tokens = torch.tensor([self._task.initial_tokens] * len(said), device=batch.device)
        logits = batch.logits(tokens)
        no_speech = logits[:, self._task.sot_index].softmax(dim=-1)[:, tokenizer.no_speech].tolist()
        for _ in range(self._task.sample_len):
            last = logits[:, -1]
            for unsaid in self._task.logit_filters:
                unsaid.apply(last, tokens)
            likeliest = last.argmax(dim=-1)
            goes_on = likeliest != tokenizer.eot
            tokens = torch.cat([tokens, likeliest.unsqueeze(1)], dim=1)[goes_on]
            batch.keep(goes_on)
            for row, token in zip(batch.rows, likeliest[goes_on].tolist(), strict=True):
                said[row].append(token)
            if not batch.rows:
                break
            logits = batch.logits(tokens[:, -1:])
        return said, no_speech


@dataclass
class _Batch:
    """The texts that go on: which they are, what was heard, and what was said so far, layer by layer."""

    decoder: Any
    rows: list[int]
    heard: list[KeysAndValues]
    said: list[KeysAndValues | None]

    @classmethod
    def of(cls, decoder: Any, encodings: Sequence[Encoding]) -> _Batch:
        heard = [
            (torch.cat([keys for keys, _ in layer]), torch.cat([values for _, values in layer]))
            for layer in zip(*encodings, strict=True)
        ]
        return cls(decoder, list(range(len(encodings))), heard, [None] * len(heard))

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.decoder.token_embedding.weight.device

    def keep(self, goes_on: Bool[Tensor, "batch"]) -> None:
        """Forget the texts that have ended."""
        if bool(goes_on.all()):
            return
        self.rows = [row for row, still in zip(self.rows, goes_on.tolist(), strict=True) if still]
        self.heard = [(keys[goes_on], values[goes_on]) for keys, values in self.heard]
        self.said = [None if pair is None else (pair[0][goes_on], pair[1][goes_on]) for pair in self.said]

    def logits(self, tokens: Int64[Tensor, "batch new"]) -> Float[Tensor, "batch new vocabulary"]:
        """Of what follows each of the new tokens; they are remembered."""
        before = 0 if self.said[0] is None else self.said[0][0].shape[2]
        new = tokens.shape[1]
        embedding, positions = self.decoder.token_embedding, self.decoder.positional_embedding
        hidden = embedding(tokens) + positions[before : before + new]
        unheard = self.decoder.mask[before : before + new, : before + new]  # what comes later
        for layer, block in enumerate(self.decoder.blocks):
            given = block.attn_ln(hidden)
            said = self._remember(layer, keys_and_values(block.attn, given))
            hidden = hidden + attend(block.attn, given, said, unheard)
            hidden = hidden + attend(block.cross_attn, block.cross_attn_ln(hidden), self.heard[layer])
            hidden = hidden + block.mlp(block.mlp_ln(hidden))
        return self.decoder.ln(hidden) @ embedding.weight.T

    def _remember(self, layer: int, new: KeysAndValues) -> KeysAndValues:
        """All that was said in a layer, the new tokens behind the others."""
        known = self.said[layer]
        joined = new if known is None else (torch.cat([known[0], new[0]], 2), torch.cat([known[1], new[1]], 2))
        self.said[layer] = joined
        return joined
