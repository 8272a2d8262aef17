"""Metrics as Hydra composes them: several at once, each under its own name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException, InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf

from metrics.secs import SpeakerSimilarity
from runners.config.registration import register_options
from vits.common.errors import InputError
from vits.common.registry import registered

register_options()

CONF = Path(__file__).parents[2] / "conf"


def composed(folder: Path, *overrides: str) -> dict[str, Any]:
    """A main configuration with both metrics, and the project's own options beside it."""
    (folder / "main.yaml").write_text(
        f"hydra:\n  searchpath: ['file://{CONF}']\ndefaults:\n  - metrics: [wer, secs]\n  - _self_\n",
        encoding="utf-8",
    )
    with initialize_config_dir(str(folder), version_base="1.3"):
        return OmegaConf.to_container(compose("main", list(overrides)), resolve=True)  # pyright: ignore


def test_each_metric_has_its_own_key_when_several_are_chosen(tmp_path: Path) -> None:
    assert composed(tmp_path)["metrics"] == {
        "wer": {"_target_": "metrics.wer.WordErrorRate", "model": "tiny.en"},
        "secs": {"_target_": "metrics.secs.Secs", "encoder": "voxceleb"},
    }


def test_one_metric_remains_when_one_is_chosen(tmp_path: Path) -> None:
    assert list(composed(tmp_path, "metrics=[secs]")["metrics"]) == ["secs"]
    assert list(composed(tmp_path, "metrics=secs")["metrics"]) == ["secs"]


def test_every_option_composes_and_becomes_its_class(tmp_path: Path) -> None:
    options = sorted(path.stem for path in (CONF / "metrics").glob("*.yaml") if path.stem != "all")
    assert options == list(registered("metrics"))
    chosen = composed(tmp_path, f"metrics=[{','.join(options)}]")["metrics"]
    for option in options:
        metric = instantiate(chosen[option])
        assert type(metric) is registered("metrics")[option]
        assert metric.values[0] == metric.name
        assert all(value.startswith(metric.name) for value in metric.values)
        assert metric.unit
        assert metric.higher_is_better in (True, False)
        assert metric.weight is None or metric.weight in metric.components
        assert (metric.judge is None) == (not metric.weights)


def test_metric_has_another_identity_when_its_encoder_of_voices_computes_otherwise() -> None:
    versions = {
        cls.judge: cls.encoder_type.version
        for cls in registered("metrics").values()
        if issubclass(cls, SpeakerSimilarity)
    }
    judged = [cls for cls in registered("metrics").values() if cls.judge in versions]
    assert len(judged) > len(versions) > 1
    for cls in judged:
        assert cls.version == versions[cls.judge], cls


def test_all_metrics_are_chosen_by_one_word(tmp_path: Path) -> None:
    assert set(composed(tmp_path, "metrics=all")["metrics"]) == set(registered("metrics"))


def test_composition_fails_when_a_field_or_metric_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(ConfigCompositionException, match=r"metrics\.wer\.modle"):
        composed(tmp_path, "metrics.wer.modle=tiny.en")
    with pytest.raises(ConfigCompositionException, match="metrics/war"):
        composed(tmp_path, "metrics=[war]")


def test_allowed_models_are_listed_when_the_model_is_unknown(tmp_path: Path) -> None:
    chosen = composed(tmp_path, "metrics.wer.model=3x")["metrics"]
    with pytest.raises(InstantiationException) as raised:
        instantiate(chosen["wer"])
    assert isinstance(raised.value.__cause__, InputError)
    told = str(raised.value.__cause__)
    assert told.startswith("there are no whisper weights '3x'; choose one of: tiny.en, tiny, base.en, base,")
