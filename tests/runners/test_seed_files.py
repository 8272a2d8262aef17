"""The seed's checkpoints in and out, with a small model in the seed's format made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from runners.export_seed import ExportSeedArguments
from runners.import_seed import ImportArguments
from runners.seed_export import export_bundle
from runners.seed_import import import_bundle
from vits.bundle import load_bundle
from vits.checkpoint import seed_state_dict
from vits.errors import InputError
from vits.seed_config import model_spec_from_seed
from vits.seed_names import DURATION_DISCRIMINATOR, MULTI_PERIOD_DISCRIMINATOR, seed_named

GOLDEN = Path(__file__).parent.parent / "vits" / "golden" / "finetune_mb_pre_conv2"


def small_config() -> dict[str, Any]:
    config = json.loads((GOLDEN / "config.json").read_text())
    config["model"] |= {"inter_channels": 8, "hidden_channels": 8, "filter_channels": 16, "gin_channels": 8}
    config["model"] |= {"n_layers": 3, "upsample_initial_channel": 16}
    config["data"]["n_speakers"] = 108  # what fine-tuning asks for; the checkpoint has fewer rows
    return config


class SeedFiles:
    """G, D and DUR of three speakers, the second of whom no list names, as the seed would have saved them."""

    def __init__(self, folder: Path) -> None:
        config = small_config()
        spec = model_spec_from_seed(config)
        torch.manual_seed(0)
        self.G = seed_state_dict(spec.synthesizer(3))
        adversary = spec.adversary()
        self.D = seed_named(adversary.opponents["audio"].discriminator.state_dict(), MULTI_PERIOD_DISCRIMINATOR)
        self.DUR = seed_named(adversary.opponents["duration"].discriminator.state_dict(), DURATION_DISCRIMINATOR)
        for name in ("G", "D", "DUR"):
            self.save(folder / f"{name}_1.pth", getattr(self, name))
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "list.txt").write_text(
            "DUMMY2/p1/p1_1.wav|0|hˈaɪ\nDUMMY2/p3/p3_1.wav|2|hˈaɪ\nDUMMY2/p3/p3_2.wav|2|hˈaɪ\n"
        )
        self.folder = folder

    def save(self, path: Path, tensors: dict[str, Tensor], **changes: Any) -> None:
        parameters = [torch.nn.Parameter(tensor.clone()) for tensor in tensors.values()]
        optimizer = torch.optim.AdamW(parameters, lr=2e-4, betas=(0.8, 0.99), eps=1e-9)
        for number, parameter in enumerate(parameters):
            parameter.grad = torch.full_like(parameter, 1.0 + number)
        optimizer.step()
        content = {"model": tensors, "iteration": 7, "optimizer": optimizer.state_dict(), "learning_rate": 2e-4}
        torch.save(content | changes, path)

    def arguments(self, **changes: Any) -> ImportArguments:
        given = {"G": "G_1.pth", "D": "D_1.pth", "DUR": "DUR_1.pth", "config": "config.json", "filelist": "list.txt"}
        paths: dict[str, Any] = {name: str(self.folder / file) for name, file in given.items()}
        return ImportArguments(**(paths | {"out": str(self.folder / "bundle")} | changes))


@pytest.fixture
def seed(tmp_path: Path) -> SeedFiles:
    return SeedFiles(tmp_path)


def test_files_are_bit_identical_when_imported_and_exported(seed: SeedFiles) -> None:
    import_bundle(seed.arguments())
    paths = export_bundle(ExportSeedArguments(base=str(seed.folder / "bundle"), out=str(seed.folder / "back")))
    assert [path.name for path in paths] == ["G_0.pth", "D_0.pth", "DUR_0.pth"]
    for path, tensors in zip(paths, (seed.G, seed.D, seed.DUR), strict=True):
        back = torch.load(path, weights_only=True)["model"]
        assert list(back) == list(tensors)
        assert all(torch.equal(back[name], tensors[name]) for name in tensors)


def test_untrained_rows_are_marked_when_the_list_names_nobody_for_them(seed: SeedFiles) -> None:
    import_bundle(seed.arguments())
    bundle = load_bundle(seed.folder / "bundle")
    assert [speaker.utterances for speaker in bundle.speakers] == [1, 0, 2]
    assert bundle.trained_rows == [0, 2]


def test_new_style_weight_norm_is_read_when_a_checkpoint_uses_it(seed: SeedFiles) -> None:
    new_style = {
        name.replace("weight_g", "parametrizations.weight.original0").replace(
            "weight_v", "parametrizations.weight.original1"
        ): tensor
        for name, tensor in seed.G.items()
    }
    seed.save(seed.folder / "new.pth", new_style)
    import_bundle(seed.arguments(G=str(seed.folder / "new.pth"), out=str(seed.folder / "new")))
    import_bundle(seed.arguments())
    one, other = (load_bundle(seed.folder / name).synthesizer.state_dict() for name in ("new", "bundle"))
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_costs_are_told_when_discriminators_and_recordings_are_missing(
    seed: SeedFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    import_bundle(seed.arguments(D=None, DUR=None))
    told = capsys.readouterr().out
    assert "no checkpoint of the audio discriminator" in told
    assert "no checkpoint of the duration discriminator" in told
    assert "no voiceprints" in told
    assert not load_bundle(seed.folder / "bundle").trained_adversary


def test_moments_follow_their_parameters_by_name_when_the_optimizer_is_kept(seed: SeedFiles) -> None:
    import_bundle(seed.arguments(optimizer=True))
    state = load_bundle(seed.folder / "bundle").optimizer_state
    number = list(seed.G).index("dec.conv_pre.weight_v")
    expected = torch.full_like(seed.G["dec.conv_pre.weight_v"], (1.0 + number) * 0.2)  # (1 - beta 1) times the gradient
    torch.testing.assert_close(state["decoder.trunk.input.parametrizations.weight.original1:exp_avg"], expected)
    assert not any(name.startswith("speaker_embedding") for name in state)
    import_bundle(seed.arguments())
    assert load_bundle(seed.folder / "bundle").optimizer_state == {}


class Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("ran code",))


def test_pickle_is_refused_when_it_holds_more_than_tensors(seed: SeedFiles, capsys: pytest.CaptureFixture[str]) -> None:
    seed.save(seed.folder / "evil.pth", seed.G, extra=Malicious())
    with pytest.raises(InputError, match="more than tensors and plain containers"):
        import_bundle(seed.arguments(G=str(seed.folder / "evil.pth")))
    assert "ran code" not in capsys.readouterr().out
    assert not (seed.folder / "bundle").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"n_layers": 4}}, "missing"),
        ({"model": {"hidden_channels": 16}}, "of another shape"),
        ({"model": {"transformer_flow_type": "pre_conv"}}, "missing"),
    ],
)
def test_first_names_are_told_when_the_configuration_is_another(
    seed: SeedFiles, change: dict[str, dict[str, Any]], message: str
) -> None:
    config = small_config()
    for section, values in change.items():
        config[section] |= values
    (seed.folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=message):
        import_bundle(seed.arguments())
    assert not (seed.folder / "bundle").exists()


def test_line_is_told_when_the_list_names_an_unknown_speaker(seed: SeedFiles) -> None:
    (seed.folder / "list.txt").write_text("a.wav|0|x\nb.wav|3|x\n")
    with pytest.raises(InputError, match=r"list.txt:2: .*below 3"):
        import_bundle(seed.arguments())


def test_file_is_named_when_a_checkpoint_is_damaged(seed: SeedFiles) -> None:
    (seed.folder / "G_1.pth").write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match=r"G_1\.pth"):
        import_bundle(seed.arguments())
