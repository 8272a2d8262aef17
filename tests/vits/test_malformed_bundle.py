"""Bundles whose files can be read, but say what can't be, contradict each other, or name what isn't a part."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from vits.bundle import Bundle, load_bundle
from vits.checkpoint import save_tensors
from vits.common.errors import InputError


@pytest.mark.parametrize("content", ["text_encoder: [1, 2", "- a\n- b\n", "", "42"])
def test_bundle_is_refused_when_the_model_is_no_mapping(content: str, saved: Path) -> None:
    (saved / "model.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"model\.yaml (is not usable YAML|is empty|holds something else).*; restore the file"
    ) as e:
        load_bundle(saved)
    assert "\n" not in str(e.value)


def test_bundle_is_refused_when_voiceprints_are_of_fewer_speakers(bundle: Bundle, saved: Path) -> None:
    save_tensors({"voiceprints": bundle.voiceprints[:2].contiguous()}, saved / "voiceprints.safetensors")
    with pytest.raises(InputError, match="holds 2 voiceprints for 3 speakers"):
        load_bundle(saved)


def test_bundle_is_refused_when_voiceprints_have_another_name(saved: Path) -> None:
    save_tensors({"prints": torch.zeros(3, 192)}, saved / "voiceprints.safetensors")
    with pytest.raises(InputError, match="holds no voiceprints for 3 speakers"):
        load_bundle(saved)


def test_bundle_is_refused_when_weights_have_another_number_of_speakers(saved: Path) -> None:
    lines = (saved / "speakers.csv").read_text(encoding="utf-8").splitlines()
    (saved / "speakers.csv").write_text("\n".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(InputError, match=r"speaker_embedding\.weight \[3, 8\] instead of \[2, 8\]"):
        load_bundle(saved)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"speakers\.csv:1: the header is ''"),
        ("name,utterances\n", r"speakers\.csv:1: the header is 'name,utterances'; it must be 'name\|utterances'"),
        ("name|utterances\nanna|12\nbert\n", r"speakers\.csv:3: 'bert' is no speaker"),
        ("name|utterances\nanna|-1\n", r"speakers\.csv:2: 'anna\|-1' is no speaker"),
        ("name|utterances\nanna|1\nAnna|1\n", "has the speakers 'anna' and 'Anna', which differ only in case"),
        ("name|utterances\ne\u0301|1\n\u00e9|1\n", "which differ only in case, Unicode form"),
        ("name|utterances\nanna|1\nan\u200bna|1\n", "blanks or an invisible character"),
        ("name|utterances\n|4\n", r"speakers\.csv:2: '\|4' is no speaker"),
    ],
)
def test_bundle_is_refused_when_speakers_are_malformed(content: str, message: str, saved: Path) -> None:
    (saved / "speakers.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_bundle(saved)


def test_bundle_is_refused_when_two_rows_are_called_the_same(saved: Path) -> None:
    (saved / "speakers.csv").write_text("name|utterances\nada|3\nben|0\nada|2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"speakers\.csv has the speaker 'ada' twice"):
        load_bundle(saved)


@pytest.mark.parametrize("place", [("flow",), ("adversary", "audio", "discriminator"), ("analysis",)])
def test_class_outside_vits_is_refused_and_not_called_when_the_model_names_it(
    place: tuple[str, ...], saved: Path, tmp_path: Path
) -> None:
    model = yaml.safe_load((saved / "model.yaml").read_text(encoding="utf-8"))
    node = model
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = {"_target_": "os.mkdir", "path": str(tmp_path / "made")}
    (saved / "model.yaml").write_text(yaml.safe_dump(model), encoding="utf-8")
    with pytest.raises(InputError, match=r"'os\.mkdir' is no part that can be built here"):
        load_bundle(saved)
    assert not (tmp_path / "made").exists()


def test_python_objects_are_refused_when_the_model_has_some(saved: Path, tmp_path: Path) -> None:
    (saved / "model.yaml").write_text(f"a: !!python/object/apply:os.mkdir ['{tmp_path / 'made'}']\n", encoding="utf-8")
    with pytest.raises(InputError, match="is not usable YAML"):
        load_bundle(saved)
    assert not (tmp_path / "made").exists()
