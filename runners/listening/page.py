"""The listening test as one page: its sounds, style and script lie in it, and it asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from runners.listening.plan import Trial
from runners.reporting.listening_audio import Listening


def as_page(test: str, heard: Listening, trials: Sequence[Sequence[Trial]], order: Sequence[int]) -> str:
    """The page. Its policy allows this script and this style by their hashes, and sounds from itself, alone."""
    environment = Environment(
        loader=PackageLoader("runners.listening"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    script, style = (environment.get_template(f"listen.{kind}").render() for kind in ("js", "css"))
    return environment.get_template("listen.html").render(
        script=Markup(script),
        style=Markup(style),
        script_hash=_hash(script),
        style_hash=_hash(style),
        content=Markup(_as_data(_content(test, heard, trials, order))),
    )


def _content(test: str, heard: Listening, trials: Sequence[Sequence[Trial]], order: Sequence[int]) -> dict[str, Any]:
    """Everything that the script needs; no name of a system is in it."""
    n_systems = len(order) // len(heard.sentences)
    sounds: dict[int, str | None] = {}
    for place, sentence in enumerate(heard.sentences):
        for number, player in enumerate(sentence.players[1:]):
            sounds[order[place * n_systems + number]] = player.uri
    return {
        "test": test,
        "sentences": [
            {"text": sentence.text, "speaker": sentence.speaker, "recording": sentence.players[0].uri}
            for sentence in heard.sentences
        ],
        "sounds": [sounds[number] for number in sorted(sounds)],
        "raters": [
            [{"sentence": t.sentence, "sounds": [order[s] for s in t.stimuli], "repeats": t.repeats} for t in of_rater]
            for of_rater in trials
        ],
    }


def _as_data(content: dict[str, Any]) -> str:
    """JSON that can't end the element it stands in."""
    return json.dumps(content, ensure_ascii=True).replace("<", "\\u003c")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
