"""The reference's checkpoints in and out, with a small model in the reference's format made here."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import torch
from reference_files import ReferenceFiles, small_config

from runners.checkpoints.exporting import export_bundle
from runners.checkpoints.importing import import_bundle
from runners.cli.checkpoint_arguments import ExportCheckpointArguments, ImportCheckpointArguments
from vits.bundle import load_bundle
from vits.common.errors import InputError
from vits.trained_on import TrainedOn, fingerprint, read_trained_on


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ReferenceFiles:
    return ReferenceFiles(tmp_path_factory.mktemp("seed"))


@pytest.fixture(scope="module")
def imported(made: ReferenceFiles) -> Path:
    """The bundle of all files as they are, to look at."""
    import_bundle(made.arguments())
    return made.folder / "bundle"


@pytest.fixture
def seed(made: ReferenceFiles, tmp_path: Path) -> ReferenceFiles:
    return made.copied_to(tmp_path)


def test_files_are_bit_identical_when_imported_and_exported(seed: ReferenceFiles, imported: Path) -> None:
    paths = export_bundle(ExportCheckpointArguments(base=str(imported), out=str(seed.folder / "back")))
    assert [path.name for path in paths] == ["G_0.pth", "D_0.pth", "DUR_0.pth"]
    for path, tensors in zip(paths, (seed.G, seed.D, seed.DUR), strict=True):
        back = torch.load(path, weights_only=True)["model"]
        assert list(back) == list(tensors)
        assert all(torch.equal(back[name], tensors[name]) for name in tensors)


def test_untrained_rows_are_marked_when_the_list_names_nobody_for_them(imported: Path) -> None:
    bundle = load_bundle(imported)
    assert [speaker.utterances for speaker in bundle.speakers] == [1, 0, 2]
    assert bundle.trained_rows == [0, 2]


def test_bundle_knows_its_sentences_when_imported(seed: ReferenceFiles, imported: Path) -> None:
    known = read_trained_on(imported)
    sounds = frozenset(map(fingerprint, "hˈaɪ"))
    assert known == TrainedOn(phonemes=frozenset({fingerprint("hˈaɪ")}), spelling=frozenset(), symbol=sounds)
    (seed.folder / "spellings.tsv").write_text("p1_1\tHi!\np3_1\tHi!\np3_2\tHigh.\n")
    import_bundle(seed.arguments(transcripts=str(seed.folder / "spellings.tsv")))
    known = read_trained_on(seed.folder / "bundle")
    assert known is not None
    assert known.spelling == {fingerprint("hi"), fingerprint("high")}


def test_new_style_weight_norm_is_read_when_a_checkpoint_uses_it(seed: ReferenceFiles, imported: Path) -> None:
    new_style = {
        name.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): tensor
        for name, tensor in seed.G.items()
    }
    seed.save(seed.folder / "new.pth", new_style)
    import_bundle(seed.arguments(G=str(seed.folder / "new.pth"), out=str(seed.folder / "new")))
    one, other = (load_bundle(path).synthesizer.state_dict() for path in (seed.folder / "new", imported))
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_costs_are_told_when_discriminators_and_recordings_are_missing(
    seed: ReferenceFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    import_bundle(seed.arguments(D=None, DUR=None))
    told = capsys.readouterr().out
    assert "no checkpoint of the audio discriminator" in told
    assert "no checkpoint of the duration discriminator" in told
    assert "no voiceprints" in told
    assert not load_bundle(seed.folder / "bundle").trained_adversary


def test_moments_follow_their_parameters_by_name_when_the_optimizer_is_kept(
    seed: ReferenceFiles, imported: Path
) -> None:
    import_bundle(seed.arguments(optimizer=True))
    state = load_bundle(seed.folder / "bundle").optimizer_state
    number = list(seed.G).index("dec.conv_pre.weight_v")
    expected = torch.full_like(seed.G["dec.conv_pre.weight_v"], (1.0 + number) * 0.2)  # (1 - beta 1) times the gradient
    torch.testing.assert_close(state["decoder.trunk.input.parametrizations.weight.original1:exp_avg"], expected)
    assert not any(name.startswith("speaker_embedding") for name in state)
    assert load_bundle(imported).optimizer_state == {}


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("ran code",))


def test_nothing_runs_when_a_checkpoint_holds_more_than_tensors(
    seed: ReferenceFiles, imported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed.save(seed.folder / "evil.pth", seed.G, extra=Malicious())
    import_bundle(seed.arguments(G=str(seed.folder / "evil.pth"), out=str(seed.folder / "evil")))
    assert "ran code" not in capsys.readouterr().out
    one, other = (load_bundle(path).synthesizer.state_dict() for path in (seed.folder / "evil", imported))
    assert all(torch.equal(one[name], other[name]) for name in other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"n_layers": 4}}, "missing"),
        ({"model": {"hidden_channels": 16}}, "of another shape"),
        ({"model": {"transformer_flow_type": "pre_conv"}}, "missing"),
    ],
)
def test_first_names_are_told_when_the_configuration_is_another(
    seed: ReferenceFiles, change: dict[str, dict[str, Any]], message: str
) -> None:
    config = small_config()
    for section, values in change.items():
        config[section] |= values
    (seed.folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=message):
        import_bundle(seed.arguments())
    assert not (seed.folder / "bundle").exists()


def test_line_is_told_when_the_list_names_an_unknown_speaker(seed: ReferenceFiles) -> None:
    (seed.folder / "list.txt").write_text("a.wav|0|x\nb.wav|3|x\n")
    with pytest.raises(InputError, match=r"list.txt: recording 2, b, is of speaker '3'; .* ids below 3"):
        import_bundle(seed.arguments())


@pytest.mark.parametrize("speaker", ["²", "٣", "-1", "1.0", "1e0", "9" * 5000])
def test_line_is_told_when_a_speaker_is_no_number(seed: ReferenceFiles, speaker: str) -> None:
    (seed.folder / "list.txt").write_text(f"a.wav|{speaker}|x\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"list.txt: recording 1, a, is of speaker") as told:
        import_bundle(seed.arguments())
    assert len(str(told.value)) < 500


def test_list_is_refused_when_it_is_empty(seed: ReferenceFiles) -> None:
    (seed.folder / "list.txt").write_text("\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"list\.txt lists no recording"):
        import_bundle(seed.arguments())
    assert not (seed.folder / "bundle").exists()


@pytest.mark.parametrize("out", ["G_1.pth", "G_1.pth/below"])
def test_place_is_told_when_a_checkpoint_cannot_be_written_there(
    seed: ReferenceFiles, imported: Path, out: str
) -> None:
    with pytest.raises(InputError, match=r"can't write to .*G_1\.pth"):
        export_bundle(ExportCheckpointArguments(str(imported), str(seed.folder / out)))


def test_file_is_named_when_a_checkpoint_is_damaged(seed: ReferenceFiles) -> None:
    (seed.folder / "G_1.pth").write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match=r"G_1\.pth"):
        import_bundle(seed.arguments())


@pytest.mark.parametrize("arguments", [ExportCheckpointArguments, ImportCheckpointArguments])
def test_format_is_refused_when_it_is_unknown(arguments: type) -> None:
    needed = {column.name: "x" for column in fields(arguments) if column.default is MISSING}
    assert arguments(**needed).format in (None, "mb_istft_vits2")
    with pytest.raises(InputError, match="format=sherpa is unknown; choose one of mb_istft_vits2"):
        arguments(**needed, format="sherpa")
