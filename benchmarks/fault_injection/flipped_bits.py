"""Files that aren't what they were: caches, finished and stopped cells, bundles, states, packs, recordings."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fault_injection.code_in_pickles import importing
from fault_injection.damage import DAMAGES, Damage, flip
from fault_injection.fault import Check, End, Fault
from fault_injection.place import Material, Place
from fault_injection.process import Command, Ended

KIND = "damaged files"
FLIPS = 1
OTHERS = 1
CELL = "runs/small/strategy=*"


@dataclass(frozen=True)
class Target:
    """A file, the command that reads it, and how that should end whatever the damage is."""

    files: str
    user: str
    use: Callable[[Place], Command]
    end: End = End.BAD_INPUT
    check: Check | None = None
    except_for: tuple[str, ...] = ()


def same_scores(folder: str, reference: str) -> Check:
    """The cell in a folder has bit for bit the scores of another, undamaged one."""

    def check(place: Place, ended: Ended) -> str | None:
        mine = sorted((place.folder / folder).glob("*/scores.csv"))
        theirs = sorted(place.material.path(reference).glob("*/scores.csv"))
        same = mine and mine[-1].read_bytes() == theirs[-1].read_bytes()
        return None if same else f"other scores than {reference}" if mine else "no scores"

    return check


def report_two(place: Place) -> Command:
    """A report on the experiment of two strategies."""
    place.take("reports")
    return place.command("report.py", "experiment=two", "results=reports")


def _new_cell(place: Place) -> Command:
    return place.grid("name=odd")


def _go_on(place: Place) -> Command:
    place.take("stopped")
    return place.grid("results=stopped")


def _go_on_longer(place: Place) -> Command:
    place.take("runs")
    return place.grid("steps=3")


def same_as_longer(place: Place, ended: Ended) -> str | None:
    """The longer cell has bit for bit the scores of one that was trained from the start."""
    (theirs,) = place.material.path("longer").glob("small/*/scores.csv")
    mine = [path for path in place.folder.glob("runs/small/*/scores.csv") if path.parent != place.cell_path]
    same = mine and mine[0].read_bytes() == theirs.read_bytes()
    return None if same else "other scores than a training from the start"


def _again(place: Place) -> Command:
    place.take("runs")
    return place.grid()


def _speak_pack(place: Place) -> Command:
    place.take("base", "packs")
    return place.command("speak.py", "pack=packs/040.voice", "base=base", "text=Hello.", "out=out/a.wav", "device=cpu")


def _pretrain_on(place: Place) -> Command:
    place.take("pretraining")
    return place.pretrain("steps=3")


def _listen(place: Place) -> Command:
    place.take("reports")
    return place.command("listen.py", "experiment=two", "results=reports")


def _speak(place: Place) -> Command:
    return place.speak("text=Hello.")


def _pack_up(place: Place) -> Command:
    place.take("base")
    return place.with_cell("pack.py", "speaker=040", "out=out/040.voice")


NEW = same_scores("runs/odd", "runs/small")
WENT_ON = same_scores("stopped/small", "runs/small")
MAY_LACK = ("missing", "a link to nowhere")
TARGETS = (
    *(Target(f"{CELL}/{name}", "grid", _again) for name in ("cell.json", "config.yaml", "split.csv", "scores.csv")),
    *(Target(f"{CELL}/{name}", "grid", _again) for name in ("texts.csv", "losses.csv", "transcripts.csv", "lint.csv")),
    Target(f"{CELL}/checksums.json", "speak", _speak),
    Target(f"{CELL}/generator.safetensors", "speak", _speak),
    Target(f"{CELL}/speakers.csv", "speak", _speak),
    Target(f"{CELL}/model.yaml", "pack", _pack_up),
    Target(f"{CELL}/voiceprints.safetensors", "speak", _speak),
    Target("base/generator.safetensors", "grid", _new_cell),
    Target("base/adversary.safetensors", "grid", _new_cell, except_for=("missing",)),
    Target("base/speakers.csv", "grid", _new_cell),
    Target("base/checksums.json", "grid", _new_cell),
    Target("base/model.yaml", "grid", _new_cell),
    Target("base/trained_on.csv", "grid", _new_cell, End.RIGHT_OR_REFUSED),
    Target("cache/features/*/*.features", "grid", _new_cell, End.WELL, NEW),
    Target("cache/phonemes/*.json", "grid", _new_cell, End.WELL, NEW),
    Target("cache/voiceprints/*", "grid", _new_cell, End.WELL, NEW),
    Target("cache/recordings/*", "grid", _new_cell, End.WELL, NEW),
    Target("cache/leave_one_out/*", "grid", _new_cell, End.WELL, NEW),
    Target("cache/audio_facts/*", "grid", _new_cell, End.WELL, NEW),
    Target("stopped/small/*/state.safetensors", "grid", _go_on, End.RIGHT_OR_REFUSED, WENT_ON),
    Target("stopped/small/*/best.safetensors", "grid", _go_on, End.RIGHT_OR_REFUSED, WENT_ON),
    Target("stopped/small/*/scores.csv", "grid", _go_on, End.RIGHT_OR_REFUSED, WENT_ON),
    Target("stopped/small/*/losses.csv", "grid", _go_on, End.RIGHT_OR_REFUSED, WENT_ON),
    Target("stopped/small/*/cell.json", "grid", _go_on, End.RIGHT_OR_REFUSED, WENT_ON),
    Target(
        f"{CELL}/kept_state/state.safetensors", "a longer grid", _go_on_longer, End.RIGHT_OR_REFUSED, same_as_longer
    ),
    Target(f"{CELL}/kept_state/scores.csv", "a longer grid", _go_on_longer, End.RIGHT_OR_REFUSED, same_as_longer),
    Target(f"{CELL}/kept_state/checksums.json", "a longer grid", _go_on_longer, End.RIGHT_OR_REFUSED, same_as_longer),
    Target("pretraining/base/state/training.safetensors", "pretrain", _pretrain_on, End.RIGHT_OR_REFUSED),
    Target("pretraining/base/state/validation.csv", "pretrain", _pretrain_on, End.RIGHT_OR_REFUSED),
    Target("pretraining/base/best.safetensors", "pretrain", _pretrain_on, End.RIGHT_OR_REFUSED),
    Target("packs/040.voice", "speak", _speak_pack),
    Target("corpus/test/040/*.opus", "grid", _again),
    Target("corpus/metadata.csv", "grid", _again),
    Target("reports/two/strategy*/scores.csv", "report", report_two),
    Target("reports/two/strategy*/cell.json", "report", report_two, except_for=MAY_LACK),
    Target("reports/two/strategy*/audio/*/*/*.flac", "listen", _listen),
    Target("checkpoints/config.json", "import_checkpoint", importing),
    Target("checkpoints/list.txt", "import_checkpoint", importing, End.RIGHT_OR_REFUSED),
    Target("checkpoints/G_1.pth", "import_checkpoint", importing, End.RIGHT_OR_REFUSED),
)


def faults(material: Material) -> Iterator[Fault]:
    """All members of the kind: of each file some flipped bits, and of the other damages each in its turn."""
    rng = random.Random(12)
    names = list(DAMAGES)
    turn = 0
    for target in TARGETS:
        for _ in range(FLIPS):
            where = rng.random()
            yield _fault(target, f"with a bit flipped at {where:.2f}", flip(where))
        for _ in range(OTHERS):
            while names[turn % len(names)] in target.except_for:
                turn += 1
            name = names[turn % len(names)]
            turn += 1
            yield _fault(target, name, DAMAGES[name])


def _fault(target: Target, name: str, damage: Damage) -> Fault:
    def prepare(place: Place) -> Command:
        command = target.use(place)
        damage(_one(place.folder, target.files))
        return command

    return Fault(KIND, f"{target.files} is {name}, in {target.user}", prepare, target.end, target.check)


def _one(folder: Path, files: str) -> Path:
    """The first file of a pattern."""
    found = sorted(path for path in folder.glob(files) if path.is_file())
    if not found:
        raise FileNotFoundError(f"no {files}")
    return found[0]
