"""The homework on a stand-in for VCTK: the reference's layout, ids and file formats, spoken by the demo voices."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from reference_files import ReferenceFiles

from runners.checkpoints.importing import import_bundle
from runners.results.cell_folder import CellFolder
from vits.bundle import load_bundle, save_bundle
from vits.corpus.audio import read_audio
from vits.corpus.clip import Clip
from vits.corpus.folder import FolderCorpus
from vits.model_spec import ModelSpec
from vits.text.phonemizer import EspeakPhonemizer

NEW_VOICES = {"040": ("p329", "103"), "041": ("p294", "104")}
BASE_VOICES = {"042": ("p1", "0"), "043": ("p3", "2")}
LISTS = {"finetune_train.txt": ("train", 4), "finetune_val.txt": ("validation", 1), "finetune_test.txt": ("test", 1)}
TASKS = {
    ("standard_normal", "none", "none", "pretrained"),
    ("nearest", "none", "none", "pretrained"),
    ("nearest", "all_but_embedding", "none", "pretrained"),
    ("random", "none", "none", "scratch"),
    ("nearest", "none", "decoder_film", "pretrained"),
}


class StandIn:
    """A folder of wavs at VCTK's paths, and the reference's lists of them with IPA and spellings."""

    def __init__(self, folder: Path) -> None:
        self.root, self.lists = folder / "wavs", folder / "filelists"
        self.lists.mkdir(parents=True)
        self.clips = FolderCorpus(root="assets/demo_voices").clips()
        self.spellings: list[str] = []
        for name, (split, count) in LISTS.items():
            chosen = [clip for voice in NEW_VOICES for clip in self.first(voice, split, count)]
            self.write(name, chosen, NEW_VOICES)
        self.write("base.txt", [clip for voice in BASE_VOICES for clip in self.first(voice, "train", 2)], BASE_VOICES)
        (self.lists / "transcripts.tsv").write_text("\n".join(self.spellings) + "\n")

    def first(self, voice: str, split: str, count: int) -> list[Clip]:
        return [clip for clip in self.clips if (clip.speaker, clip.split) == (voice, split)][:count]

    def write(self, name: str, clips: Sequence[Clip], ids: dict[str, tuple[str, str]]) -> None:
        """Write a list and its wavs."""
        lines = []
        for clip, phonemes in zip(clips, EspeakPhonemizer()([clip.text for clip in clips]), strict=True):
            speaker, number = ids[clip.speaker]
            utterance = f"{speaker}_{len(self.spellings) + 1:03}"
            wav = f"DUMMY2/{speaker}/{utterance}.wav"
            (self.root / wav).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(self.root / wav, read_audio(clip.path, 22050), 22050)
            lines.append(f"{wav}|{number}|{phonemes}")
            self.spellings.append(f"{utterance}\t{clip.text}")
        (self.lists / name).write_text("\n".join(lines) + "\n")


def narrow_discriminators(bundle: Path, out: Path) -> None:
    """The bundle with discriminators that a step of training is quick with: the reference's have 46 million weights."""
    made = load_bundle(bundle)
    audio = made.spec.parts["adversary"]["audio"]
    discriminator = {**audio["discriminator"], "width": 16, "periods": [2, 3]}
    adversary = {**made.spec.parts["adversary"], "audio": {**audio, "discriminator": discriminator}}
    spec = ModelSpec({**made.spec.parts, "adversary": adversary})
    save_bundle(replace(made, spec=spec, adversary=spec.adversary()), out, "# A card\n")


@pytest.mark.slow
def test_five_tasks_are_compared_when_the_homework_runs_on_imported_checkpoints(
    tmp_path: Path, run_here: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    stand_in, seed = StandIn(tmp_path), ReferenceFiles(tmp_path)
    import_bundle(seed.arguments(filelist=str(stand_in.lists / "base.txt"), wavs=str(stand_in.root)))
    narrow_discriminators(tmp_path / "bundle", tmp_path / "narrow")
    done = run_here(
        "grid.py",
        "experiment=homework",
        f"data.root={stand_in.root}",
        f"data.filelists={stand_in.lists}",
        "data.test=1",
        f"base={tmp_path / 'narrow'}",
        "epochs=1",
        "eval_every=1",
        "training.batch_size=8",
        "metrics=[secs]",
        "evaluation.retention_utterances=1",
        "evaluation=recorded",
        "evaluation.utterances_per_speaker={validation: 1, homework: 0, test: 1}",
        f"results={tmp_path / 'runs'}",
        "jobs=1",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    cells = {_task(CellFolder(path)): CellFolder(path) for path in (tmp_path / "runs" / "homework").glob("strategy=*")}
    assert set(cells) == TASKS
    for (_, _, _, base), cell in cells.items():
        scores = cell.table("scores")
        assert cell.finished
        base_voices = set() if base == "scratch" else {"retention"}
        assert set(scores["split"]) == {"validation", "homework", "test"} | base_voices
        assert {0} < set(scores["step"])
        assert set(scores.loc[scores["split"] != "retention", "speaker"]) == {"103", "104"}
    step_0 = [
        cells[name].table("scores").query("step == 0 and metric == 'secs'")["value"].tolist()
        for name in (
            ("nearest", "none", "none", "pretrained"),
            ("nearest", "none", "decoder_film", "pretrained"),
        )
    ]
    assert step_0[0] == step_0[1]  # conditioning changes nothing before it is trained


def _task(cell: CellFolder) -> tuple[str, str, str, str]:
    """Strategy, freeze policy, adapter and base of a cell."""
    axes = cell.record["axes"]
    return axes["strategy"], axes["freeze"], axes["adapter"], cell.record["base"]
