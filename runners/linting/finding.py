"""One thing that the linter has to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

COLUMNS = ("severity", "check", "where", "what", "why", "what_to_do", "concerned")
SHOWN = 3  # examples in a line


class Severity(StrEnum):
    """An error makes results worthless or a run impossible, a warning makes them worth less.

    A skipped check has found nothing because it couldn't look.
    """

    ERROR = "error"
    WARNING = "warning"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """Something about a corpus that its owner should know before believing in results.

    `check` is what was looked for, `where` the split, speaker or base that it was found in, `what` the fact in
    numbers, `why` what it does to results, and `remedy` what to do. `concerned` names the clips or texts, the
    worst first.
    """

    severity: Severity
    check: str
    where: str
    what: str
    why: str
    remedy: str
    concerned: tuple[str, ...] = ()

    @property
    def examples(self) -> str:
        """The first of those concerned, and how many more there are."""
        more = len(self.concerned) - SHOWN
        return ", ".join(self.concerned[:SHOWN]) + (f", and {more} more" if more > 0 else "")

    @property
    def line(self) -> str:
        """All of it in one line."""
        examples = f" ({self.examples})" if self.concerned else ""
        return f"{self.severity}: {self.where}: {self.what}{examples}; {self.why}; {self.remedy}"


def skipped(check: str, where: str, what: str, remedy: str) -> Finding:
    """A check that couldn't be made."""
    return Finding(Severity.SKIPPED, check, where, what, "it may hide faults", remedy)


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """A row for each finding, with all that it concerns separated by `; `."""
    rows = [(str(f.severity), f.check, f.where, f.what, f.why, f.remedy, "; ".join(f.concerned)) for f in findings]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS))


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Errors, then warnings, then what was skipped; otherwise in their order."""
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))
