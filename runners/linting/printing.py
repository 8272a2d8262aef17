"""Findings on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from runners.linting.finding import Finding, Severity

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.SKIPPED: "dim"}
WIDTH = 120  # of a table that doesn't go to a terminal


def print_findings(findings: Sequence[Finding]) -> None:
    """Print a block for each finding, and how many there are of each kind."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 1, 1, 0))
    for finding in findings:
        told = [f"{finding.where}: {finding.what}", f"Why: {finding.why}", f"Do: {finding.remedy}"]
        told += [f"Such as: {finding.examples}"] if finding.concerned else []
        severity = Text(finding.severity, STYLES[finding.severity])
        table.add_row(severity, Text(finding.check), Text("\n".join(told)))  # names are shown as they are
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    console.print(table)
    print(summary(findings))


def summary(findings: Sequence[Finding]) -> str:
    """How many findings there are of each severity."""
    counts = Counter(finding.severity for finding in findings)
    names = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.SKIPPED: "checks skipped"}
    return ", ".join(f"{counts[severity]} {name}" for severity, name in names.items())
