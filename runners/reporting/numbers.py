"""Numbers as they are printed."""

from __future__ import annotations

import math
from collections.abc import Iterable

NONE = "–"  # for a value that isn't there
MINUS = "\N{MINUS SIGN}"
MOST_DECIMALS = 3


def decimals_for(values: Iterable[float]) -> int:
    """How many decimals show what tells values of this size apart: three below 10, fewer above."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    digits_before = len(str(int(largest)))
    return max(0, MOST_DECIMALS + 1 - digits_before)


def plain(value: float, decimals: int) -> str:
    """`0.207`, or a dash for NaN."""
    if not math.isfinite(value):
        return NONE
    return f"{value:.{decimals}f}".replace("-", MINUS)


def signed(value: float, decimals: int) -> str:
    """`+0.207`, or a dash for NaN."""
    if not math.isfinite(value):
        return NONE
    return f"{value:+.{decimals}f}".replace("-", MINUS)


def interval(lower: float, upper: float, decimals: int) -> str:
    """`[0.112, 0.301]`; nothing where a bound is unknown."""
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return ""
    return f"[{plain(lower, decimals)}, {plain(upper, decimals)}]"


def signed_interval(value: float, lower: float, upper: float, decimals: int = MOST_DECIMALS) -> str:
    """`+0.207 [0.112, 0.301]`; the number alone where a bound is unknown."""
    return f"{signed(value, decimals)} {interval(lower, upper, decimals)}".strip()


def percent(share: float) -> str:
    """`95 %`."""
    return f"{100 * share:.4g} %"


def listed(names: Iterable[str], most: int = 6) -> str:
    """`a, b and c`; of a long list the first ones and how many more."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
