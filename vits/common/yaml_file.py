"""YAML files from others, read as plain data within bounds: scalars, lists and mappings, and nothing that grows.

A file of a few bytes can stand for gigabytes (aliases of aliases, merged mappings), for objects of any class
(tags), or nest deeper than the stack. A model's description needs none of these.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from yaml.events import AliasEvent, NodeEvent
from yaml.nodes import MappingNode, Node

from vits.common.errors import InputError
from vits.common.text_reading import read_utf8

MOST_BYTES = 256 * 1024
DEEPEST = 20


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, tags, merge keys, repeated keys and deep nesting."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()
        if isinstance(event, AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases (*) are not read here", problem_mark=event.start_mark)
        if isinstance(event, NodeEvent) and getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem="tags (!) are not read here", problem_mark=event.start_mark)
        if self.depth >= DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"deeper than {DEEPEST} levels", problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def flatten_mapping(self, node: MappingNode) -> None:
        keys = [key.value for key, _ in node.value if isinstance(key.value, str)]
        repeated = {key for key in keys if keys.count(key) > 1} if len(keys) < 1000 else {"of more than 1000"}
        if "<<" in keys or repeated:
            problem = "merge keys (<<) are not read here" if "<<" in keys else f"the key {min(repeated)!r} repeats"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def read_mapping(path: Path, *, remedy: str) -> dict[Any, Any]:
    """The mapping that a YAML file holds.

    Raises:
        InputError: the file can't be read, is large, is no plain YAML, or holds something else; the message ends in
            `remedy`.
    """
    text = read_utf8(path, most_bytes=MOST_BYTES, remedy=remedy)
    try:
        content = yaml.load(text, Loader=_PlainLoader)  # a stricter SafeLoader
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path} is no plain YAML ({reason}); {remedy}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} must hold a mapping; {remedy}")
    return content
