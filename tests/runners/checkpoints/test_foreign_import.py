"""Models of other projects become bundles that say what they are and what they lack."""

from __future__ import annotations

import json
from pathlib import Path

import plain_vits
import pytest
import torch
from piper_files import written

from runners.checkpoints.importing import import_bundle
from runners.cli.checkpoint_arguments import ImportCheckpointArguments
from runners.inference.adapted_model import load_adapted
from runners.inference.text_to_speech import SpeakingStyle, say
from vits.bundle import load_bundle
from vits.common.errors import InputError
from vits.model_spec import ModelSpec


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Piper voice of one speaker."""
    folder = tmp_path_factory.mktemp("voice")
    state = {f"model_g.{name}": tensor for name, tensor in plain_vits.random_weights(9, 0).items()}
    return written(folder, state, {"speaker_id_map": {}})


def arguments(folder: Path, out: Path, **changes: str | bool) -> ImportCheckpointArguments:
    return ImportCheckpointArguments(**{"G": str(folder), "out": str(out), **changes})  # pyright: ignore[reportArgumentType]


def test_costs_are_told_and_the_bundle_speaks_when_a_voice_is_imported(
    voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import_bundle(arguments(voice, tmp_path / "base"))
    told = capsys.readouterr().out
    assert "warning: no audio discriminator" in told
    assert "warning: it was a model of one voice" in told
    assert "piper, 1 voices, 1 of them trained, 16,000 Hz, 9 symbols (decomposed phonemes) of de" in told
    assert "adapt it with data.language=de" in told

    bundle = load_bundle(tmp_path / "base", with_adversary=False)
    assert not bundle.trained_adversary
    assert bundle.trained_rows == [0]
    assert bundle.spec.alphabet().language == "de"
    model = load_adapted(tmp_path / "base", torch.device("cpu"))
    assert model.language == "de"
    ((_, audio),) = say(model, ["Ach, ca."], "0", SpeakingStyle(noise_scale=0.0))
    assert len(audio) % 16 == 0
    assert audio.isfinite().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": True}, "optimizer=true is for format=mb_istft_vits2"),
        ({"DUR": "DUR_1.pth"}, "DUR=... is for format=mb_istft_vits2"),
        ({"format": "coqui"}, "lacks its section 'model_args'"),
        ({"format": "mb_istft_vits2"}, "filelist=... is missing"),
    ],
)
def test_import_is_refused_when_arguments_do_not_fit_the_format(
    changes: dict[str, str | bool], message: str, voice: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        import_bundle(arguments(voice, tmp_path / "base", **changes))
    assert not (tmp_path / "base").exists()


def test_files_are_named_when_it_is_not_clear_which_are_meant(voice: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds 0 checkpoints \(none\); give the one"):
        import_bundle(arguments(tmp_path, tmp_path / "base"))
    (tmp_path / "a.pth").touch()
    with pytest.raises(InputError, match=r"a.pth has no config.json beside it; give config="):
        import_bundle(arguments(tmp_path / "a.pth", tmp_path / "base"))
    (tmp_path / "config.json").write_text(json.dumps({"model": "tacotron"}))
    with pytest.raises(InputError, match=r"config.json is of no model that is known here; give format=<mb_istft_vits2"):
        import_bundle(arguments(tmp_path / "a.pth", tmp_path / "base"))
    (tmp_path / "b.pth").touch()
    with pytest.raises(InputError, match=r"holds 2 checkpoints \(a.pth, b.pth\)"):
        import_bundle(arguments(tmp_path, tmp_path / "base"))


def test_model_stays_silent_about_speakers_when_it_is_written_and_read(voice: Path, tmp_path: Path) -> None:
    import_bundle(arguments(voice, tmp_path / "base"))
    bundle = load_bundle(tmp_path / "base", with_adversary=False)
    assert ModelSpec(bundle.spec.parts) == bundle.spec
    one, other = (torch.full((1, 256, 1), value) for value in (0.0, 9.0))
    z = torch.ones(1, 8, 4)
    decoder = bundle.synthesizer.decoder
    assert torch.equal(decoder(z, one).audio, decoder(z, other).audio)
