"""Another serial number in an Ogg stream, whose checksums stay right."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from runners.corpus_making.kokoro import SAMPLE_RATE
from runners.corpus_making.ogg import with_serial_number


def test_checksums_are_the_encoders_when_its_serial_number_is_put_back(chirp: np.ndarray) -> None:
    file = io.BytesIO()
    soundfile.write(file, chirp, SAMPLE_RATE, format="OGG", subtype="OPUS")
    (drawn,) = struct.unpack_from("<I", file.getvalue(), 14)
    changed = with_serial_number(file.getvalue(), drawn ^ 1)
    assert changed != file.getvalue()
    assert with_serial_number(changed, drawn) == file.getvalue()


def test_stream_is_refused_when_it_is_not_ogg() -> None:
    with pytest.raises(ValueError, match="no Ogg page at byte 0"):
        with_serial_number(b"RIFF....", 0)
