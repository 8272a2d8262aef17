"""Which error rate guards the words, by what was scored and by the language."""

from __future__ import annotations

import pytest

from runners.reporting.settings import ReportSettings
from runners.reporting.word_guards import guards_of


@pytest.mark.parametrize(
    ("named", "scored", "language", "guards"),
    [
        (["wer", "retention"], ["wer", "cer", "wer_fw_base"], "en-us", ["wer", "retention"]),
        (["wer", "retention"], ["cer_fw_base", "wer_fw_base"], "de", ["wer_fw_base", "retention"]),
        (["wer", "distillmos"], ["wer", "cer", "wer_fw_base"], "ja", ["cer", "distillmos"]),
        (["wer", "wer_fw_base"], ["cer_fw_base", "wer_fw_base"], "cmn", ["cer_fw_base"]),
        (["wer"], ["wer_fw_base"], "th", ["wer_fw_base"]),
        (["wer", "cer"], ["secs"], "de", ["wer", "cer"]),
        (["cer"], ["wer", "cer_fw_base"], "en-gb", ["cer"]),
    ],
)
def test_guard_of_words_is_the_rate_that_was_scored(
    named: list[str], scored: list[str], language: str, guards: list[str]
) -> None:
    assert guards_of(named, scored, language) == guards


def test_default_guard_speaks_for_other_languages_when_their_judge_was_asked() -> None:
    assert guards_of(ReportSettings().guards, ["wer_fw_base", "secs"], "de")[0] == "wer_fw_base"
