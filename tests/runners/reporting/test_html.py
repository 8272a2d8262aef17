"""The page as a browser shows it, and as text where no browser is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chromium import browser
from playwright.sync_api import Page

from runners.reporting.analysis import Analysis
from runners.reporting.contents import document
from runners.reporting.writing import write_report

N_SYSTEMS = 4
DECODED = "audio => [...document.querySelectorAll('audio')].every(a => a.readyState >= 1)"


@dataclass(frozen=True)
class Seen:
    """The page in a browser, all addresses that it asked for, and what it said on its console."""

    page: Page
    requests: list[str]
    console: list[str]


@pytest.fixture(scope="module")
def html(analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(document(analysis), tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def seen(html: Path) -> Iterator[Seen]:
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        requests: list[str] = []
        console: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: console.append(message.text))
        page.on("pageerror", lambda error: console.append(str(error)))
        page.goto(html.as_uri())
        yield Seen(page, requests, console)


def evaluate(seen: Seen, script: str) -> Any:
    return seen.page.evaluate(script)


def test_page_renders_all_its_sections_when_opened(seen: Seen, analysis: Analysis) -> None:
    titles = evaluate(
        seen, "[...document.querySelectorAll('main > section')].map(s => s.querySelector('h2').innerText)"
    )
    assert titles == [section.title for section in document(analysis).sections]
    heights = evaluate(seen, "[...document.querySelectorAll('main > section')].map(s => s.offsetHeight)")
    assert min(heights) > 50
    assert evaluate(seen, "document.querySelectorAll('figure svg').length") == len(document(analysis).pictures)
    drawn = evaluate(seen, "[...document.querySelectorAll('figure:not(details *) svg')].map(s => s.clientHeight)")
    assert min(drawn) > 100
    assert seen.console == []


def test_every_player_decodes_when_the_page_is_open(seen: Seen) -> None:
    seen.page.wait_for_function(DECODED)
    players = evaluate(
        seen, "[...document.querySelectorAll('audio')].map(a => [a.duration, a.src.slice(0, 15), a.error])"
    )
    assert len(players) == 5 * (1 + N_SYSTEMS)
    for duration_s, source, error in players:
        assert error is None
        assert source == "data:audio/ogg;"
        assert 0.09 < duration_s < 0.6  # 0.1 s synthesised, 0.5 s recorded
    longest = max(duration_s for duration_s, *_ in players)
    assert longest == pytest.approx(0.5, abs=0.02)


def test_sound_comes_out_when_a_player_is_started(seen: Seen) -> None:
    played = evaluate(
        seen,
        """async () => {
            const audio = document.querySelector('audio'); audio.muted = true; await audio.play();
            await new Promise(done => audio.onended = done); return audio.currentTime; }""",
    )
    assert played == pytest.approx(0.5, abs=0.05)


def test_nothing_is_fetched_when_the_page_is_open(seen: Seen, html: Path) -> None:
    seen.page.wait_for_function(DECODED)
    assert [url for url in seen.requests if not url.startswith("data:")] == [html.as_uri()]


def test_transcripts_are_text_when_they_look_like_markup(seen: Seen) -> None:
    assert evaluate(seen, "document.querySelectorAll('script, b').length") == 0
    assert evaluate(seen, "document.title").startswith("small: which strategy")
    heard = evaluate(seen, "[...document.querySelectorAll('.heard')].map(p => p.innerText)")
    assert any("<script>document.title = 'taken over'</script>" in text for text in heard)
    assert "“A dog <b>barked</b> & ran.”" in evaluate(seen, "document.querySelector('#listen').innerText")


def test_page_stays_within_the_screen_when_it_is_a_phone(html: Path, seen: Seen) -> None:
    context = seen.page.context.browser
    assert context is not None
    phone = context.new_page(viewport={"width": 380, "height": 700}, color_scheme="dark")
    phone.goto(html.as_uri())
    assert phone.evaluate("document.documentElement.scrollWidth") <= 380
    light, dark = (p.evaluate("getComputedStyle(document.body).backgroundColor") for p in (seen.page, phone))
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(20, 23, 27)")
    phone.close()


def test_every_table_names_its_rows_and_columns_when_read_aloud(seen: Seen) -> None:
    lacking = """[...document.querySelectorAll('table')].filter(t =>
        [...t.tHead.rows[0].cells].some(c => c.scope !== 'col') || [...t.tBodies[0].rows].some(r =>
        r.cells[0].scope !== 'row' || r.cells.length !== t.tHead.rows[0].cells.length)).length"""
    assert evaluate(seen, lacking) == 0
    assert evaluate(seen, "[...document.querySelectorAll('audio')].every(a => a.getAttribute('aria-label'))")
    assert evaluate(seen, "[...document.querySelectorAll('.drawing')].every(d => d.getAttribute('aria-label'))")


def test_page_needs_no_other_file_when_read_as_text(html: Path) -> None:
    text = html.read_text(encoding="utf-8")
    outside = re.findall(r'(?:src|href)="(?!data:|#)([^"]*)"', text)
    assert outside == []
    assert "url(http" not in text
    assert "@import" not in text


def test_no_identifier_is_used_twice_when_many_figures_are_in_the_page(html: Path) -> None:
    found = re.findall(r'\bid="([^"]*)"', html.read_text(encoding="utf-8"))
    assert len(found) == len(set(found))
