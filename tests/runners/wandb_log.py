"""What wandb wrote into the log of a run on this machine, read without its server.

The file is a header of seven bytes and then LevelDB's log format: blocks of 32 KiB with records, each behind a checksum
(4 bytes), a length (2) and a type (1: whole, 2: the first part, 3: a middle one, 4: the last). A record is a protocol
buffer of wandb's. https://github.com/google/leveldb/blob/main/doc/log_format.md
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record  # pyright: ignore[reportAttributeAccessIssue]

BLOCK, HEADER, FILE_HEADER = 32 * 1024, 7, 7
WHOLE, LAST = 1, 4


def history(path: Path) -> list[dict[str, Any]]:
    """The rows of a run's history that are in its file; of a medium there is one of the values that describe it."""
    rows = [record.history for record in _records(path) if record.HasField("history")]
    return [{(item.key or item.nested_key[0]): json.loads(item.value_json) for item in row.item} for row in rows]


def _records(path: Path) -> Iterator[Record]:
    data, place, part = path.read_bytes(), FILE_HEADER, b""
    while place + HEADER <= len(data):
        if BLOCK - place % BLOCK < HEADER:
            place += BLOCK - place % BLOCK
            continue
        length, kind = struct.unpack("<HB", data[place + 4 : place + HEADER])
        if kind == 0:
            return
        part += data[place + HEADER : place + HEADER + length]
        place += HEADER + length
        if kind in (WHOLE, LAST):
            record = Record()
            record.ParseFromString(part)
            yield record
            part = b""
