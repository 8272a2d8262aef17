"""Safe YAML within bounds: what reading it costs is proportional to its length."""

from __future__ import annotations

import re
from typing import Any

import yaml

DEEPEST = 30
_FLOAT = re.compile(r"[-+]?\d[\d_]*(\.[\d_]*)?[eE][-+]?\d+$")
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Those of safe YAML, but `1e-4` is a number, as Hydra has it, and a date is a text."""
    plain = {
        first: [resolver for resolver in resolvers if resolver[0] != _TIMESTAMP]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for first in "-+0123456789":
        plain[first] = [("tag:yaml.org,2002:float", _FLOAT), *plain.get(first, [])]
    return plain


class BoundedLoader(yaml.SafeLoader):
    """Safe YAML without aliases, deep nesting, keys that are no texts and keys that stand twice."""

    yaml_implicit_resolvers = _resolvers()
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.YAMLError(f"nested more than {DEEPEST} deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) < len(node.value) or len(set(keys)) < len(keys):
            raise yaml.YAMLError("a key is no text or stands twice")
        return super().construct_mapping(node, deep=deep)
