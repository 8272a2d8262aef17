"""A bundle that is saved, loaded, replaced and copied, and what isn't one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bundle_files import MODEL_FILES, NEEDED
from torch import Tensor, nn

from vits.bundle import Bundle, bundle_identity, has_adversary, load_bundle, save_bundle
from vits.common.checksums import MANIFEST
from vits.common.errors import InputError


def weights(module: nn.Module) -> Mapping[str, Tensor]:
    return module.state_dict()


def equal(one: nn.Module, other: nn.Module) -> bool:
    mine, theirs = weights(one), weights(other)
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


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


def test_copy_is_whole_when_only_the_files_of_the_model_are_copied(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    for name in MODEL_FILES:
        shutil.copy(saved / name, tmp_path / "copy")
    assert load_bundle(tmp_path / "copy").speakers == load_bundle(saved).speakers
