from __future__ import annotations

from dataclasses import replace

import pytest

from runners.linting.finding import Finding, Severity, findings_table, skipped, worst_first
from runners.linting.printing import print_findings, summary

FINDING = Finding(
    Severity.WARNING, "short audio", "test", "4 clips are short", "they say little", "remove them", ("a", "b", "c", "d")
)


def test_line_says_all_and_a_few_examples_when_printed() -> None:
    assert FINDING.line == ("warning: test: 4 clips are short (a, b, c, and 1 more); they say little; remove them")


def test_table_names_all_concerned_when_written() -> None:
    (row,) = findings_table([FINDING]).to_dict("records")
    assert row == {
        "severity": "warning",
        "check": "short audio",
        "where": "test",
        "what": "4 clips are short",
        "why": "they say little",
        "what_to_do": "remove them",
        "concerned": "a; b; c; d",
    }
    assert list(findings_table([]).columns) == list(row)


def test_errors_come_first_and_skipped_checks_last_when_sorted() -> None:
    error = Finding(Severity.ERROR, "x", "x", "x", "x", "x")
    findings = [skipped("x", "x", "x", "x"), FINDING, error]
    assert worst_first(findings) == [error, FINDING, findings[0]]
    assert summary(findings) == "1 errors, 1 warnings, 1 checks skipped"


@pytest.mark.parametrize("name", ["[bold]x", "[/]", "[link=https://a.example]x[/link]", ":warning:"])
def test_names_are_shown_as_they_are_when_they_look_like_markup(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([replace(FINDING, check=name, where=name, what=name, concerned=(name,))])
    assert capsys.readouterr().out.count(name) == 4
