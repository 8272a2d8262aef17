"""The alphabet of the text encoder: 205 symbols, whose positions are their ids.

The order is that of VITS2 checkpoints: a row of the text encoder's embedding belongs to one position, so it
must never change.
"""

from __future__ import annotations

import unicodedata

BLANK = "_"

_PUNCTUATION = ';:,.!?¡¿—…"«»“” '
_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HANGUL = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎㄲㄸㅃㅆㅉㅏㅓㅗㅜㅡㅣㅐㅔ"
_IPA_LETTERS = "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃ"
_IPA_MARKS = "ˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'\u0329'ᵻ"  # the apostrophe stands twice, around the syllabicity mark

SYMBOLS: tuple[str, ...] = (BLANK, *_PUNCTUATION, *_LATIN, *_HANGUL, *_IPA_LETTERS, *_IPA_MARKS)
"""Every symbol in the order of its id; id 0 is the blank."""

VITS_SYMBOLS: tuple[str, ...] = (BLANK, *_PUNCTUATION, *_LATIN, *_IPA_LETTERS, *_IPA_MARKS)
"""The same of VITS checkpoints, which know no Hangul: 178 symbols."""


def shown_symbol(symbol: str) -> str:
    """A symbol as it can be read: a mark that stands over or under a letter has a circle in its place."""
    return f"◌{symbol}" if unicodedata.combining(symbol) else symbol
