from __future__ import annotations

import contextlib
import io
import sys

import pytest

from runners.experiment.numbered_lines import NumberedLines, numbered_lines


def test_lines_stand_behind_the_cells_number(capsys: pytest.CaptureFixture[str]) -> None:
    with numbered_lines(3):
        print("step 0", end="")
        print(": well\nstep 1")
        print("no end", end="")
        print("beside", file=sys.stderr)
    print("after")
    told = capsys.readouterr()
    assert told.out == "  3 | step 0: well\n  3 | step 1\n  3 | no end\nafter\n"
    assert told.err == "  3 | beside\n"


def test_what_was_printed_before_an_error_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.suppress(ValueError), numbered_lines(12):
        print("begun", end="")
        raise ValueError
    assert capsys.readouterr().out == " 12 | begun\n"


def test_lines_of_two_cells_do_not_mix() -> None:
    out = io.StringIO()
    first, second = NumberedLines(out, 0), NumberedLines(out, 1)
    for part in ("a", "b\n", "c"):
        first.write(part)
        second.write(part.upper())
    assert out.getvalue() == "  0 | ab\n  1 | AB\n"
