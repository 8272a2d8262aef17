"""The page as a listener uses it, in a browser, and what the report makes of many answers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import browser
from command_lines import PATIENCE_S
from playwright.sync_api import Browser, Page
from scipy.special import expit
from small_experiment import write_experiment, write_recordings

from runners.cli.listen_arguments import ListenArguments
from runners.config.registration import register_options
from runners.listening.making import make_listening_test
from runners.reporting.analysis import analyse
from runners.reporting.results import load_experiment
from runners.reporting.sections.ears_section import ears_section
from runners.reporting.settings import ReportSettings
from vits.common.errors import InputError

N_SYSTEMS, N_SENTENCES, N_RATERS = 3, 4, 12
PLANTED = {"nearest · none": 1.5, "nearest · decoder": 0.0, "mean · none": -1.5, "mean · decoder": -1.5}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with an experiment and the recordings that it was made from."""
    register_options()
    folder = tmp_path_factory.mktemp("here")
    write_recordings(folder, 0.1, 16_000)
    write_experiment(folder / "runs" / "small")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def page_path(here: Path) -> Path:
    return make_listening_test(
        ListenArguments("small", systems=N_SYSTEMS, sentences=N_SENTENCES, raters=N_RATERS)
    ).resolve()


@pytest.fixture(scope="module")
def key(page_path: Path) -> dict[str, Any]:
    return json.loads((page_path.parent / "key.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as launched:
        yield launched


def begin(page: Page, rater: int) -> None:
    page.fill("#rater", str(rater))
    page.keyboard.press("Enter")


def content(page: Page) -> dict[str, Any]:
    return json.loads(page.locator("#content").text_content() or "")


def wait_until(page: Page, expression: str) -> None:
    """`Page.wait_for_function` would need a script that the page's policy forbids."""
    until = time.monotonic() + PATIENCE_S
    while not page.evaluate(expression):
        assert time.monotonic() < until, expression
        time.sleep(0.02)


def take(page: Page, key: dict[str, Any], trial: dict[str, Any]) -> None:
    """Hear both sounds and answer by the planted strengths, with the keyboard alone."""
    for number in range(2):
        page.keyboard.press(" ")
        wait_until(page, f"[...document.querySelectorAll('#players audio')][{number}].ended")
    strengths = [PLANTED[key["sounds"][str(sound)]["system"]] for sound in trial["sounds"]]
    if len(strengths) == 2:
        page.keyboard.press("a" if strengths[0] > strengths[1] else "b")
    else:
        page.keyboard.press(str(round(3 + strengths[0])))


def test_answers_are_saved_when_a_listener_comes_back_and_ends(
    chromium: Browser, page_path: Path, key: dict[str, Any], tmp_path: Path
) -> None:
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(page_path.as_uri())
    trials = content(page)["raters"][1]
    begin(page, 2)
    assert page.locator("#choices button").first.is_disabled()
    for trial in trials[:3]:
        take(page, key, trial)
    page.reload()
    begin(page, 2)
    assert page.locator("#progress").inner_text() == f"4 of {len(trials)}"
    for trial in trials[3:]:
        take(page, key, trial)
    with page.expect_download() as saved:
        page.click("#save")
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    assert [url for url in asked if not url.startswith(("data:", "file:", "blob:"))] == []
    assert told == []
    found = json.loads(file.read_text(encoding="utf-8"))
    assert (found["test"], found["rater"], len(found["answers"])) == (key["test"], 2, len(trials))
    ears = heard([file])
    assert [estimate.name for estimate in ears.preferred] == ranked(key)
    assert all(others == 0 for others, _ in ears.contradictions.values())
    context.close()


def test_page_says_nothing_of_systems_when_it_is_read(page_path: Path) -> None:
    text = page_path.read_text(encoding="utf-8")
    assert not any(word in text for word in ("nearest", "decoder", "strategy"))
    assert "script-src 'sha256-" in text
    assert "unsafe" not in text


def ranked(key: dict[str, Any]) -> list[str]:
    """The systems that are heard, the preferred one first."""
    return sorted(key["systems"], key=lambda system: -PLANTED[system])


def heard(files: list[Path]) -> Any:
    found = analyse(load_experiment(Path("runs/small")), ReportSettings(ratings=[str(file) for file in files]))
    assert found.ears is not None
    return found.ears


def answered(chromium: Browser, page_path: Path, key: dict[str, Any], folder: Path) -> list[Path]:
    """The files of all raters, who answer by the planted strengths, with chance."""
    page = chromium.new_page()
    page.goto(page_path.as_uri())
    raters, rng, files = content(page)["raters"], np.random.default_rng(0), []
    page.close()
    for number, trials in enumerate(raters, start=1):
        answers = [{**trial, "answer": _drawn(trial, key, rng)} for trial in trials]
        files.append(folder / f"answers-{number}.json")
        files[-1].write_text(json.dumps({"test": key["test"], "rater": number, "answers": answers}), encoding="utf-8")
    return files


def _drawn(trial: dict[str, Any], key: dict[str, Any], rng: np.random.Generator) -> int:
    strengths = [PLANTED[key["sounds"][str(sound)]["system"]] for sound in trial["sounds"]]
    if len(strengths) == 1:
        return int(np.clip(round(3 + strengths[0] + 0.5 * rng.standard_normal()), 1, 5))
    return trial["sounds"][0 if rng.random() < expit(strengths[0] - strengths[1]) else 1]


def test_planted_preferences_are_found_when_many_have_listened(
    chromium: Browser, page_path: Path, key: dict[str, Any], tmp_path: Path
) -> None:
    files = answered(chromium, page_path, key, tmp_path)
    ears = heard(files)
    assert [estimate.name for estimate in ears.preferred] == ranked(key)
    assert ears.preferred[0].lower > ears.preferred[-1].upper
    assert [estimate.name for estimate in ears.similar] == ranked(key)
    agreement = {estimate.name: estimate.value for estimate in ears.agreement}
    assert agreement["secs"] > 0.6  # nearest has the higher SECS, and is preferred
    found = analyse(load_experiment(Path("runs/small")), ReportSettings(ratings=[str(file) for file in files]))
    section = ears_section(found)
    assert section is not None
    assert section.paragraphs[0].startswith(f"{N_RATERS} listeners answered ")
    assert any("SECS agrees in " in sentence for sentence in section.paragraphs)


def _damage(file: Path, **changes: Any) -> None:
    found = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**found, **changes}), encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"test": "other"}, "belongs to another listening test"),
        ({"rater": 0}, "rater=0 must be"),
        ({"answers": 3}, "no list of answers"),
        ({"answers": [{"sounds": [0, 99], "answer": 0}]}, "names no sounds of the test"),
        ({"answers": [{"sounds": [0, 1], "answer": 7}]}, "none of the choices"),
        ({"answers": [{"sounds": [0], "answer": 6}]}, "none of the choices"),
        ({"answers": ["x"]}, "names no sounds of the test"),
    ],
)
def test_file_is_refused_by_name_when_it_is_damaged(
    changes: dict[str, Any], told: str, key: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"test": key["test"], "rater": 1, "answers": []}), encoding="utf-8")
    _damage(file, **changes)
    with pytest.raises(InputError, match=told) as raised:
        heard([file])
    assert "a.json" in str(raised.value)


def test_file_is_refused_when_a_listener_is_given_twice(key: dict[str, Any], tmp_path: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    for file in files:
        file.write_text(json.dumps({"test": key["test"], "rater": 1, "answers": []}), encoding="utf-8")
    with pytest.raises(InputError, match="are both of listener 1"):
        heard(files)
