"""What the user is told, and with which exit status, when something can't be done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException

import runners.grid
import runners.pretrain
from runners.cli.entry_point import main, told_in_one_line, with_base_paths
from vits.common.errors import InputError
from vits.common.registry import registered

ROOT = Path(__file__).parents[3]

Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """What an entry point says on standard error, in a folder where it must leave nothing, ending with status 2."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")  # which `main` sets, so that it is undone

    def run(*arguments: str, script: str = "grid") -> str:
        monkeypatch.setattr(sys, "argv", [f"{script}.py", *arguments])
        module = {"grid": runners.grid, "pretrain": runners.pretrain}[script]
        try:
            with pytest.raises(SystemExit) as left:
                main(module.job, script, module.EXAMPLES)
        finally:
            GlobalHydra.instance().clear()
            HydraConfig.instance().cfg = None
        assert left.value.code == 2
        assert list(here.iterdir()) == []
        captured = capsys.readouterr()
        assert captured.err.startswith("error: ")
        assert captured.err.count("\n") == 1
        return captured.err.removeprefix("error: ")

    return run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["strategy=foo"],
            "Could not find 'strategy/foo'; Available options in 'strategy': convex; ecapa; inversion; likeliest;",
        ),
        (["strategy=null"], "Could not find 'strategy/null'; Available options in 'strategy': convex; ecapa;"),
        (["wandb=true"], "Could not find 'wandb/true'; Available options in 'wandb': auto"),
        (["training=1.5"], "Could not find 'training/1.5'; Available options in 'training': "),
        (["metrics=[[secs]]"], "'[[secs]]' is no choice; give an option, or a list of options as [one,two]"),
        (["metrics=[secs,null]"], "Could not find 'metrics/null'"),
        (["strategy=[mean]"], "'[mean]' is a list; give one option alone"),
        (["freeze=none,[decoder]"], "is a list; give one option alone"),
        (["=1"], "'=1' names no setting; give name=value"),
        (["--nosuch"], "unrecognized arguments: --nosuch; --help lists what can be given"),
        (["--config-name"], "expected one argument; --help lists what can be given"),
        (["penalty=[l2_sp,l2_sp]"], "'[l2_sp,l2_sp]' names an option more than once; name each once"),
        (["penalty=[fisher,'l2_sp', l2_sp]"], "names an option more than once"),
        (["metrics=[secs],[wer,cer,wer]"], "names an option more than once"),
        (["report.ratings=[nope.json]"], "there is no file nope.json; create it or correct the path"),
        (["report.ratings=[/]"], "/ is a folder; give a file"),
        (["data.speakers=['040','040']"], "data.speakers names '040' more than once; name each speaker once"),
        (["strategy.neighbours=abc"], "strategy.neighbours=abc; Value 'abc' of type 'str' could not be converted"),
        (["strategy.neighbours=0"], "strategy.neighbours=0 must be a whole number of at least 1\n"),
        (["epochs=-1"], "epochs=-1 must be a whole number of at least 0"),
        (["precision=8"], "precision=8 is unknown; choose one of 32, bf16\n"),
        (["device=tpu"], "device=tpu is unknown; choose one of auto, cpu, cuda, mps\n"),
        (["+nosuch=1"], "nosuch is no setting; choose from strategy, freeze, "),
        (["+training.nosuch=1"], "nosuch"),
        (["+strategy.nosuch=1"], "nosuch"),
        (["wandb.project=a/b"], "wandb.project='a/b' is no name there; give up to 128 characters, none of"),
        (["wandb.entity='a:b'"], "wandb.entity='a:b' is no name there"),
        (["wandb.entity=''"], "wandb.entity='' is no name there"),
        (["wandb.project=''"], "wandb.project='' is no name there"),
        ([f"wandb.tags=[{'x' * 65}]"], "a tag has 1 to 64 visible characters"),
        (["wandb.tags=['']"], "wandb.tags has ''; a tag has 1 to 64"),
        (["training.loss_weights.mel=nan"], "training.loss_weights.mel=nan must be a finite number"),
        (["max_duration_s=-1"], "max_duration_s=-1.0 must be a finite number above 0"),
        (["evaluation.length_scale=-1"], "evaluation.length_scale=-1.0 must be a finite number of at least 0.1"),
        (["evaluation.selection.level=inf"], "evaluation.selection.level=inf must be a finite number"),
        ([f"seed={2**64}"], f"seed={2**64} must be a whole number"),
        (["epoch=3"], "Key 'epoch' not in 'GridSchema'"),
        (["data.root=nowhere"], "there is no folder 'nowhere' (looked at "),
        (["data.speakers=[eve]"], "no such speaker in "),
        (["+evaluation.utterances_per_speaker.dev=1"], "no clip is in the split 'dev'; choose one of test, train"),
        (["training.segment_frames=100000"], "no clip of 8 can be used (8 shorter than the minimum;"),
        (["training.optimizer.betas=[0.8]"], "betas=[0.8] must be a list of 2 to 2 items"),
    ],
)
def test_bad_input_is_told_in_one_line_when_given(
    arguments: list[str], message: str, told: Told, material: Any
) -> None:
    assert message in told(*material.overrides, *arguments)


def test_mode_of_the_environment_is_refused_when_unknown(
    told: Told, material: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "foo")
    assert told(*material.overrides).startswith("WANDB_MODE='foo' is unknown; set it to one of online, offline,")


def test_help_ends_quietly_when_nobody_reads_it_to_its_end() -> None:
    command = f"{sys.executable} {ROOT / 'runners' / 'speak.py'} --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_base_is_refused_when_its_folder_is_no_bundle(told: Told, material: Any) -> None:
    folder = material.corpus
    message = told(*material.overrides, f"base.path={folder}")
    assert message.startswith(f"{folder} is no base bundle: it lacks model.yaml, generator.safetensors,")


def test_bases_are_compared_when_folders_are_among_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "a,b").mkdir()
    both = ["-m", "base=bundle", "base.path='assets/demo_base','mine'"]
    assert with_base_paths(["-m", "base=demo,mine"]) == both
    assert with_base_paths(["-m", "base=demo,bundle", "base.path=mine"]) == both
    assert with_base_paths(["base=mine"]) == ["base=bundle", "base.path='mine'"]
    assert with_base_paths(["base=a,b"]) == ["base=bundle", "base.path='a,b'"]
    for unchanged in (["base=demo"], ["base=bundle", "base.path=mine"], ["-m", "base=demo,scratch"], ["base=nothing"]):
        assert with_base_paths(unchanged) == unchanged


def test_base_is_refused_when_its_path_is_missing(told: Told) -> None:
    assert "base.path" in told("base=bundle")


def test_model_is_refused_when_the_base_is_another(told: Told, material: Any) -> None:
    message = told(*material.overrides, "model=mb_istft_vits2")
    assert "is another model than model=... asks for" in message
    assert "analysis.sample_rate is 16000 there and 22050 here" in message
    assert message.endswith("leave model out to take the base's own, or train it with base=scratch\n")


def test_scratch_is_refused_when_the_strategy_needs_speakers(told: Told) -> None:
    message = told("base=scratch", "strategy=mean")
    assert "a model from scratch has no speakers to start from" in message
    assert message.endswith("use strategy=random freeze=none and none on all other axes\n")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_device_is_refused_when_there_is_none(told: Told, material: Any) -> None:
    assert "device=cuda, but there is no CUDA device" in told(*material.overrides, "device=cuda")


def test_strategy_is_refused_when_base_speakers_are_too_few(told: Told, material: Any) -> None:
    message = told(*material.overrides, "strategy=nearest", "strategy.neighbours=5")
    assert message.startswith("strategy=nearest needs 5 trained base speakers, the base has 4; use strategy=random")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "data.root"),
        (["data.root=nowhere"], "there is no folder 'nowhere'"),
        (["data.root=nowhere", "steps=0"], "steps=0 must be a whole number of at least 1"),
        (["data.root=nowhere", "model=of_base"], "model=of_base takes the model of a base, but start_from=null"),
        (["data.root=nowhere", "model=huge"], "Could not find 'model/huge'"),
        (["data.root=nowhere", "strategy=mean"], "strategy"),
        *((["data.root=nowhere", f"name={name}"], "can't name a folder") for name in ("..", "a/b", "/tmp", ".", "''")),
        (["data.root=nowhere", "bundle=''"], "bundle='' can't be a folder"),
    ],
)
def test_pretraining_tells_bad_input_in_one_line_when_given(arguments: list[str], message: str, told: Told) -> None:
    assert message in told(*arguments, script="pretrain")


@pytest.mark.parametrize("bundle", ["..", "{corpus}"])
def test_pretraining_is_refused_when_the_bundle_would_replace_something_else(
    bundle: str, told: Told, material: Any
) -> None:
    corpus = material.corpus
    message = told(f"data.root={corpus}", f"bundle={bundle.format(corpus=corpus)}", "steps=1", script="pretrain")
    assert "bundle" in message
    assert (corpus / "metadata.csv").is_file()


def test_process_leaves_with_one_line_and_nothing_written_when_input_is_bad(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "runners" / "grid.py"), "strategy=foo"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    options = "; ".join(registered("strategy"))
    said = f"error: Could not find 'strategy/foo'; Available options in 'strategy': {options}\n"
    assert result.stderr == said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", ["grid", "pretrain"])
def test_help_comes_without_the_slow_imports_when_asked(script: str, tmp_path: Path) -> None:
    code = (
        "import runpy, sys; sys.argv = ['x', '--help'];"
        f"runpy.run_path({str(ROOT / 'runners' / (script + '.py'))!r}, run_name='__main__');"
        "print({'torch', 'hydra', 'wandb', 'pandas'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    lines = result.stdout.splitlines()
    assert lines[0].endswith((".", "stopped."))
    assert f"  python runners/{script}.py" in result.stdout
    assert lines[-1] == "set()"


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (InputError("epochs=-1 must be 0 or more"), 2, "error: epochs=-1 must be 0 or more\n"),
        (HydraException("one\n\n    two\n"), 2, "error: one; two\n"),
        (KeyboardInterrupt(), 130, "error: interrupted; run the same command again to go on\n"),
    ],
)
def test_exit_status_and_line_fit_the_error_when_it_is_the_users(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left, told_in_one_line():
        raise error
    assert left.value.code == status
    assert capsys.readouterr().err == said


def test_only_our_own_words_are_told_when_they_caused_a_configuration_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    framed = HydraException("Error in call to target 'x'")
    framed.__cause__ = InputError("strengths=[] must be one or more")
    with pytest.raises(SystemExit), told_in_one_line():
        raise framed
    assert capsys.readouterr().err == "error: strengths=[] must be one or more\n"


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (lambda: Path("/dev/null").mkdir(), "error: /dev/null can't be used (File exists)\n"),
        (lambda: Path("/dev/null/runs").mkdir(), "error: /dev/null/runs can't be used (Not a directory)\n"),
        (lambda: Path("a" * 300).touch(), "can't be used (File name too long)\n"),
        (lambda: Path("/proc/mine").write_text("", encoding="utf-8"), "error: /proc/mine can't be used (No such file"),
    ],
)
def test_system_is_quoted_in_one_line_when_it_refuses_a_file(
    use: Callable[[], None], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left, told_in_one_line():
        use()
    assert left.value.code == 1
    assert said in capsys.readouterr().err


def test_error_keeps_its_traceback_when_it_is_a_defect() -> None:
    with pytest.raises(ZeroDivisionError), told_in_one_line():
        _ = 1 / 0


def test_an_option_that_no_file_holds_is_refused_before_the_slow_imports_when_it_is_a_plain_word() -> None:
    script = (
        "import sys\n"
        "from runners.cli.entry_point import main\n"
        "sys.argv = ['grid.py', '-m', 'seed=0,1', 'freeze=none,nosuch']\n"
        "main(lambda: sys.exit('imported'), 'grid', '')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Could not find 'freeze/nosuch'; Available options in 'freeze': all_but_")
