"""The one random number in an Ogg file.

An encoder draws its stream's serial number anew for every file, to tell streams apart that are later played as one
(RFC 3533, section 6). With a fixed number the same audio gives the same bytes, and two corpora can be compared.
"""

from __future__ import annotations

import struct

_CAPTURE = b"OggS"
_SERIAL_AT, _CHECKSUM_AT, _LACING_AT = 14, 22, 27  # bytes from a page's start
_POLYNOMIAL = 0x04C11DB7


def with_serial_number(stream: bytes, number: int) -> bytes:
    """An Ogg file of one stream, with that serial number on every page."""
    content = bytearray(stream)
    table = _checksum_table()
    start = 0
    while start < len(content):
        end = start + _page_length(content, start)
        struct.pack_into("<I", content, start + _SERIAL_AT, number)
        struct.pack_into("<I", content, start + _CHECKSUM_AT, 0)  # as it counts in the checksum
        struct.pack_into("<I", content, start + _CHECKSUM_AT, _checksum(content[start:end], table))
        start = end
    return bytes(content)


def _page_length(content: bytearray, start: int) -> int:
    """Bytes of the page, whose header ends in a table of its segments' lengths."""
    if content[start : start + len(_CAPTURE)] != _CAPTURE:
        raise ValueError(f"there is no Ogg page at byte {start}")
    segments = content[start + _LACING_AT - 1]
    lacing = content[start + _LACING_AT : start + _LACING_AT + segments]
    return _LACING_AT + segments + sum(lacing)


def _checksum(page: bytearray, table: list[int]) -> int:
    """The page's CRC-32 with Ogg's polynomial, highest bit first, from 0."""
    remainder = 0
    for byte in page:
        remainder = (remainder << 8 & 0xFFFFFFFF) ^ table[remainder >> 24 ^ byte]
    return remainder


def _checksum_table() -> list[int]:
    """What each byte does to the remainder."""
    table = []
    for byte in range(256):
        remainder = byte << 24
        for _ in range(8):
            remainder = (remainder << 1) ^ (_POLYNOMIAL if remainder >> 31 else 0)
            remainder &= 0xFFFFFFFF
        table.append(remainder)
    return table
