from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from runners.bases.base import FromScratch, PretrainedBase
from vits.bundle import Bundle, load_bundle
from vits.common.errors import InputError
from vits.model_spec import ModelSpec


def test_untrained_rows_are_no_base_speakers_when_started(material: Any, small_bundle: Bundle) -> None:
    start = PretrainedBase(str(material.base)).start(None)
    trained = [0, 1, 3, 4]
    assert start.speakers.names == ("ada", "ben", "cleo", "dan")
    assert torch.equal(start.speakers.embeddings, small_bundle.synthesizer.speaker_embedding.weight[trained])
    assert torch.equal(start.speakers.voiceprints, small_bundle.voiceprints[trained])
    assert not start.speakers.embeddings.requires_grad
    assert start.synthesizer.speaker_embedding.n_speakers == 5
    assert start.warnings == ()


def test_model_is_accepted_when_it_is_the_bases_own(material: Any, small_spec: ModelSpec) -> None:
    start = PretrainedBase(str(material.base)).start(small_spec.parts)
    assert start.spec.parts == small_spec.parts


def test_differences_are_named_when_the_model_is_another(material: Any, small_spec: ModelSpec) -> None:
    asked = {**small_spec.parts, "flow": {**small_spec.parts["flow"], "n_layers": 9, "gate": "hard"}}
    with pytest.raises(InputError) as raised:
        PretrainedBase(str(material.base)).start(asked)
    assert "(2 differences: flow.gate is None there and hard here; flow.n_layers is 1 there and 9 here)" in str(
        raised.value
    )


def test_user_is_warned_when_the_base_has_no_discriminators(material: Any, tmp_path: Path) -> None:
    shutil.copytree(material.base, tmp_path / "base")
    (tmp_path / "base" / "adversary.safetensors").unlink()
    start = PretrainedBase(str(tmp_path / "base")).start(None)
    (warning,) = start.warnings
    assert "has no trained discriminators" in warning
    assert start.identity != PretrainedBase(str(material.base)).start(None).identity


@pytest.mark.parametrize("forget", [False, True])
def test_a_described_base_is_the_one_that_is_started(material: Any, forget: bool) -> None:
    base = PretrainedBase(str(material.base), forget)
    described, start = base.described(None), base.start(None)
    assert (described.identity, described.spec.parts) == (start.identity, start.spec.parts)


def test_a_base_is_described_as_another_when_a_byte_of_its_weights_is(material: Any, tmp_path: Path) -> None:
    shutil.copytree(material.base, tmp_path / "base")
    weights = tmp_path / "base" / "generator.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    one, other = (PretrainedBase(str(path)).described(None).identity for path in (material.base, tmp_path / "base"))
    assert one != other


def test_base_is_found_below_the_current_directory_when_its_path_is_relative(
    material: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(material.base.parent)
    assert PretrainedBase("base").start(None).identity == PretrainedBase(str(material.base)).start(None).identity


def test_started_model_is_a_copy_when_started_twice(material: Any) -> None:
    base = PretrainedBase(str(material.base))
    one, other = base.start(None), base.start(None)
    one.synthesizer.speaker_embedding.weight.data.zero_()
    assert not torch.equal(other.synthesizer.speaker_embedding.weight, one.synthesizer.speaker_embedding.weight)
    assert torch.equal(
        other.speakers.embeddings, load_bundle(material.base).synthesizer.speaker_embedding.weight[[0, 1, 3, 4]]
    )


def test_nobody_is_known_when_started_from_scratch(small_spec: ModelSpec) -> None:
    start = FromScratch().start(small_spec.parts)
    assert start.speakers.names == ()
    assert start.speakers.embeddings.shape == (0, 8)
    assert start.synthesizer.speaker_embedding.n_speakers == 0
    assert start.synthesizer.speaker_embedding.add(torch.zeros(8)) == 0


def test_scratch_is_refused_when_no_model_is_chosen() -> None:
    with pytest.raises(InputError, match=r"base=scratch has no model of its own; choose one, such as model=tiny"):
        FromScratch().start(None)


def test_identity_follows_the_model_when_started_from_scratch(small_spec: ModelSpec, miniature_spec: ModelSpec) -> None:
    small, again, other = (FromScratch().start(s.parts).identity for s in (small_spec, small_spec, miniature_spec))
    assert small == again != other
    assert FromScratch().described(small_spec.parts).identity == small
