from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.nn.functional import normalize

from vits.bundle import BaseSpeaker, Bundle, bundle_identity, has_adversary, load_bundle, save_bundle
from vits.checkpoint import load_tensors, save_tensors
from vits.common.checksums import MANIFEST
from vits.common.errors import InputError
from vits.model_spec import ModelSpec

NAMES = ("anna", "bert", "célia 3")
UTTERANCES = (12, 0, 1)
NEEDED = ("model.yaml", "generator.safetensors", "speakers.csv", "voiceprints.safetensors")
MODEL_FILES = (*NEEDED, "adversary.safetensors")


@pytest.fixture(scope="module")
def bundle(miniature_spec: ModelSpec) -> Bundle:
    """Three rows, the second of which no utterance trained."""
    torch.manual_seed(0)
    voiceprints = normalize(torch.randn(3, 192), dim=1)
    voiceprints[1] = 0
    return Bundle(
        spec=miniature_spec,
        synthesizer=miniature_spec.synthesizer(3),
        adversary=miniature_spec.adversary(),
        speakers=tuple(BaseSpeaker(name, count) for name, count in zip(NAMES, UTTERANCES, strict=True)),
        voiceprints=voiceprints,
    )


@pytest.fixture
def saved(bundle: Bundle, tmp_path: Path) -> Path:
    """A bundle whose files may be changed: it is from before there were checksums and names of parts."""
    save_bundle(bundle, tmp_path / "saved", "# Card\n")
    (tmp_path / "saved" / MANIFEST).unlink()
    model = tmp_path / "saved" / "model.yaml"
    parts = yaml.safe_load(model.read_text(encoding="utf-8"))
    del parts["posterior_encoder"]["name"]
    parts["posterior_encoder"]["_target_"] = "vits.posterior_encoder.PosteriorEncoder"
    model.write_text(yaml.safe_dump(parts), encoding="utf-8")
    return tmp_path / "saved"


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (lambda sums: None, "is missing or empty, without the checksum of model.yaml"),
        (lambda sums: {}, "is missing or empty, without the checksum of model.yaml"),
        (lambda sums: {**sums, "speakers.csv": None}, "lacks the checksum of speakers.csv"),
        (lambda sums: {**sums, "adversary.safetensors": None}, "lacks the checksum of adversary.safetensors"),
    ],
)
def test_bundle_is_refused_when_a_file_has_no_checksum(
    lost: Callable[[dict[str, str]], dict[str, str | None] | None], told: str, bundle: Bundle, tmp_path: Path
) -> None:
    save_bundle(bundle, tmp_path, "# Card\n")
    path = tmp_path / MANIFEST
    left = lost(json.loads(path.read_text(encoding="utf-8")))
    if left is None:
        path.unlink()
    else:
        path.write_text(json.dumps({name: known for name, known in left.items() if known}), encoding="utf-8")
    assert told in refusal(tmp_path)


def weights(module: nn.Module) -> Mapping[str, Tensor]:
    return module.state_dict()


def equal(one: nn.Module, other: nn.Module) -> bool:
    mine, theirs = weights(one), weights(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def change_tensor(path: Path, shift: float = 1e-3) -> None:
    tensors = load_tensors(path)
    first = min(tensors)
    save_tensors(tensors | {first: tensors[first] + shift}, path)


def test_bundle_is_the_same_when_saved_and_loaded(bundle: Bundle, saved: Path) -> None:
    loaded = load_bundle(saved)
    assert loaded.spec.parts == bundle.spec.parts
    assert loaded.speakers == bundle.speakers
    assert torch.equal(loaded.voiceprints, bundle.voiceprints)
    assert equal(loaded.synthesizer, bundle.synthesizer)
    assert equal(loaded.adversary, bundle.adversary)
    assert (saved / "card.md").read_text(encoding="utf-8") == "# Card\n"


def test_trained_rows_leave_out_those_without_utterances_when_listed(saved: Path) -> None:
    assert load_bundle(saved).trained_rows == [0, 2]


def test_old_bundle_is_replaced_when_saved_again(bundle: Bundle, saved: Path) -> None:
    (saved / "adversary.safetensors").unlink()
    fewer = replace(
        bundle,
        synthesizer=bundle.spec.synthesizer(1),
        speakers=bundle.speakers[:1],
        voiceprints=bundle.voiceprints[:1],
    )
    save_bundle(fewer, saved, "new")
    assert sorted(path.name for path in saved.iterdir()) == sorted([*MODEL_FILES, "card.md", MANIFEST])
    assert [speaker.name for speaker in load_bundle(saved).speakers] == ["anna"]
    assert [path.name for path in saved.parent.iterdir()] == ["saved"]


def test_saving_is_refused_when_a_bundle_has_got_other_files(bundle: Bundle, saved: Path) -> None:
    (saved / "holiday.jpg").touch()
    with pytest.raises(InputError, match=r"would remove 'holiday\.jpg'; choose another bundle="):
        save_bundle(bundle, saved, "new")
    assert (saved / "holiday.jpg").exists()


def test_saving_is_refused_when_the_folder_holds_something_else(bundle: Bundle, tmp_path: Path) -> None:
    recording = tmp_path / "recordings" / "one.wav"
    recording.parent.mkdir()
    recording.touch()
    for place in (recording.parent, recording):
        with pytest.raises(InputError, match="is no base bundle, and writing one would remove what it holds"):
            save_bundle(bundle, place, "")
    assert recording.exists()


def test_bundle_is_written_when_the_folder_is_empty(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    save_bundle(bundle, tmp_path / "empty", "")
    assert len(load_bundle(tmp_path / "empty").speakers) == 3


def test_identity_is_the_same_when_only_place_and_card_differ(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "card.md").write_text("another card", encoding="utf-8")
    assert bundle_identity(saved) == bundle_identity(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("generator.safetensors", change_tensor),
        ("adversary.safetensors", change_tensor),
        ("voiceprints.safetensors", change_tensor),
        ("adversary.safetensors", Path.unlink),
        ("speakers.csv", lambda path: path.write_text(path.read_text().replace("anna", "hanna"))),
        ("speakers.csv", lambda path: path.write_text(path.read_text().replace("|12", "|13"))),
        ("model.yaml", lambda path: path.write_text(path.read_text().replace("dropout: 0.5", "dropout: 0.4"))),
    ],
)
def test_identity_changes_when_a_file_of_the_model_does(
    file: str, change: Callable[[Path], object], saved: Path
) -> None:
    before = bundle_identity(saved)
    change(saved / file)
    load_bundle(saved)
    assert bundle_identity(saved) != before


@pytest.mark.parametrize("file", NEEDED)
@pytest.mark.parametrize("use", [load_bundle, bundle_identity])
def test_bundle_is_refused_when_a_file_is_missing(file: str, use: Callable[[Path], object], saved: Path) -> None:
    (saved / file).unlink()
    with pytest.raises(InputError, match=rf"saved is no base bundle: it lacks {file}; give a folder that runners/"):
        use(saved)


def test_all_missing_files_are_named_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"it lacks {', '.join(NEEDED)};"):
        load_bundle(tmp_path / "nowhere")


def test_discriminators_are_new_when_the_bundle_has_none(bundle: Bundle, saved: Path) -> None:
    (saved / "adversary.safetensors").unlink()
    assert not has_adversary(saved)
    loaded = load_bundle(saved)
    assert weights(loaded.adversary).keys() == weights(bundle.adversary).keys()
    assert not equal(loaded.adversary, bundle.adversary)


@pytest.mark.parametrize("file", [name for name in MODEL_FILES if name.endswith(".safetensors")])
def test_bundle_is_refused_when_weights_are_damaged(file: str, saved: Path) -> None:
    content = (saved / file).read_bytes()
    (saved / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=rf"{file} is no readable safetensors file"):
        load_bundle(saved)


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


def test_copy_is_whole_when_only_the_files_of_the_model_are_copied(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    for name in MODEL_FILES:
        shutil.copy(saved / name, tmp_path / "copy")
    assert load_bundle(tmp_path / "copy").speakers == load_bundle(saved).speakers


BOMB = "a: &a [x, x]\n" + "\n".join(f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
MERGED = "a: &a {k: 1}\nb: &b {<<: [*a, *a]}\n"
NO_MODELS = {
    "empty": b"",
    "garbage": b"\x00\x01\x02",
    "not UTF-8": b"a: \xff",
    "cut off": b"text_encoder: {name: plain",
    "aliases": BOMB.encode(),
    "merge keys": MERGED.encode(),
    "endless": b"&a [*a]",
    "tag": b"a: !!python/object/apply:os.mkdir [x]",
    "deep": b"[" * 5000,
    "large": b"a: 1\n" * 100_000,
    "no date": b"a: 2001-99-99",
    "long number": b"a: " + b"9" * 5000,
    "repeated key": b"flow: 1\nflow: 2",
    "list": b"- 1",
    "number": b"3",
    "unhashable key": b"? [a]\n: b",
    "wrong tag": b"a: !!int x",
    "wrong flag": b"a: !!bool x",
}
NO_TABLES = (
    b"",
    b"\xff\xfe",
    b"name|utterances\nanna|\xc2\xb2",
    b"name|utterances\nanna|" + b"9" * 5000,
    b"\x00" * 100,
)


@pytest.mark.parametrize("content", NO_MODELS.values(), ids=NO_MODELS)
def test_one_line_is_said_when_the_model_is_damaged(content: bytes, saved: Path) -> None:
    (saved / "model.yaml").write_bytes(content)
    assert "model.yaml" in refusal(saved)


@pytest.mark.parametrize("content", NO_TABLES)
def test_one_line_is_said_when_the_speakers_are_damaged(content: bytes, saved: Path) -> None:
    (saved / "speakers.csv").write_bytes(content)
    assert "speakers.csv" in refusal(saved)


@pytest.mark.parametrize("file", [*MODEL_FILES, "optimizer.safetensors"])
def test_one_line_is_said_when_a_folder_is_in_a_files_place(file: str, saved: Path) -> None:
    (saved / file).unlink(missing_ok=True)
    (saved / file).mkdir()
    assert file in refusal(saved)


@pytest.mark.parametrize("file", MODEL_FILES)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.8])
def test_one_line_is_said_when_a_file_is_cut_off(file: str, share: float, saved: Path) -> None:
    content = (saved / file).read_bytes()
    (saved / file).write_bytes(content[: int((len(content) - 1) * share)])  # a last line without its end is whole
    assert refusal(saved)


def refusal(bundle: Path) -> str:
    """The error's message, which is one line and not long."""
    with pytest.raises(InputError) as error:
        load_bundle(bundle)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


@pytest.mark.parametrize("file", ["generator.safetensors", "adversary.safetensors", "voiceprints.safetensors"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_tensor_is_named_when_it_is_not_finite(file: str, value: float, saved: Path) -> None:
    tensors = load_tensors(saved / file)
    name = max(tensors)
    tensors[name].view(-1)[-1] = value
    save_tensors(tensors, saved / file)
    with pytest.raises(InputError, match=rf"{file} holds no usable weights: 1 tensors are NaN or infinite \({name}\)"):
        load_bundle(saved)


@pytest.mark.parametrize("kind", [torch.int64, torch.complex64, torch.float8_e4m3fn])
def test_tensor_is_named_when_its_numbers_are_no_weights(kind: torch.dtype, saved: Path) -> None:
    tensors = load_tensors(saved / "generator.safetensors")
    name = min(tensors)
    save_tensors({**tensors, name: tensors[name].to(kind)}, saved / "generator.safetensors")
    with pytest.raises(InputError, match=rf"1 tensors are (complex|of whole numbers|of fewer than 16 bits) \({name}\)"):
        load_bundle(saved)


def test_bundle_is_refused_when_there_is_a_pipe_in_a_files_place(saved: Path) -> None:
    (saved / "generator.safetensors").unlink()
    os.mkfifo(saved / "generator.safetensors")  # which nobody writes to, so that opening it would wait for ever
    with pytest.raises(InputError, match=r"lacks generator\.safetensors"):
        load_bundle(saved)


def test_bundle_is_refused_when_two_rows_are_called_the_same(saved: Path) -> None:
    (saved / "speakers.csv").write_text("name|utterances\nada|3\nben|0\nada|2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"speakers\.csv has the speaker 'ada' twice"):
        load_bundle(saved)
