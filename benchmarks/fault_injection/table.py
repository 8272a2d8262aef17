"""How all faults ended, kind by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fault_injection.outcome import AS_EXPECTED, UNEXPECTED, Outcome


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """A row for each kind, and one for all; then a line for every fault that didn't end as it should."""
    columns = ("tried", *AS_EXPECTED, *UNEXPECTED)
    print("\n| kind | " + " | ".join(columns) + " |\n|---|" + "---:|" * len(columns))
    for kind in (*dict.fromkeys(outcome.fault.kind for outcome in outcomes), None):
        rows = [outcome for outcome in outcomes if kind in (None, outcome.fault.kind)]
        counts = Counter(outcome.what for outcome in rows)
        numbers = (len(rows), *(counts[what] for what in columns[1:]))
        print(f"| {kind or 'all'} | " + " | ".join(map(str, numbers)) + " |")
    seconds = sorted((outcome.ended.seconds for outcome in outcomes), reverse=True)
    if seconds:
        print(f"\n{sum(seconds):.0f} s; half of the commands took less than {seconds[len(seconds) // 2]:.2f} s each")
    unexpected = [outcome for outcome in outcomes if outcome.unexpected]
    print(f"{len(unexpected)} of {len(outcomes)} ended otherwise than they should")
    for outcome in unexpected:
        print(f"  {outcome.told()}")
