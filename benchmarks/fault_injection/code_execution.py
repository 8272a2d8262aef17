"""Somebody else's bundles, cells, tables and checkpoints, which hold code instead of data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from fault_injection.code_in_pickles import pickle_faults
from fault_injection.fault import End, Fault
from fault_injection.forging import change_model, forge_bundle, forge_cell
from fault_injection.place import Material, Place
from fault_injection.process import Command, Ended

KIND = "code"
User = Callable[[Place], Command]


def faults(material: Material) -> Iterator[Fault]:
    """All members of the kind."""
    for number, (name, attack) in enumerate(ATTACKS.items()):
        users = list(USERS.items())
        yield _in_model(name, attack, *users[number % len(users)])
    for name, text in TEXTS.items():
        yield Fault(KIND, f"model.yaml is {name}", lambda place, text=text: _raw_model(place, text))
    for name, change in SIZES.items():
        yield Fault(KIND, f"model.yaml with {name}", lambda place, change=change: _sized(place, change))
    yield from _of_cells()
    yield from _of_tables()
    yield from pickle_faults(KIND)


def _call(path: str, *arguments: str, **more: object) -> Callable[[str], dict[str, Any]]:
    return lambda canary: {"_target_": path, "_args_": [part.format(canary) for part in arguments], **more}


ATTACKS: Mapping[str, Callable[[str], Any]] = {
    "os.system": _call("os.system", "touch {}"),
    "subprocess through vits": _call("vits.common.atomic_files.os.system", "touch {}"),
    "pathlib through vits": _call("vits.bundle.Path.touch", "{}"),
    "torch.load through vits": _call("vits.checkpoint.torch.load", "{}"),
    "builtins.open through __builtins__": _call("vits.flow.__builtins__.open", "{}", "w"),
    "shutil through runners": _call("runners.results.own_files.shutil.copy", "base/card.md", "{}"),
    "hydra.utils.instantiate": lambda canary: {
        "_target_": "hydra.utils.instantiate",
        "config": {"_target_": "pathlib.Path.touch", "_args_": [canary]},
    },
    "hydra._internal.utils._locate": _call("hydra.utils.get_method", "os.system"),
    "an adapter's class": _call("strategies.adapters.lora.Lora"),
    "_args_ beside a name": lambda canary: {"name": "plain", "_args_": [canary]},
    "_partial_ beside a name": lambda canary: {"name": "plain", "_partial_": True},
    "_convert_ and _recursive_": lambda canary: {"name": "plain", "_convert_": "all", "_recursive_": True},
    "an environment variable": lambda canary: {"name": "plain", "n_layers": "${oc.env:HOME}"},
    "an interpolation of a file": lambda canary: {"name": "${oc.decode:${oc.env:PATH}}"},
    "a resolver that creates": lambda canary: {"name": "plain", "n_layers": "${oc.create:{a: 1}}"},
    "a name that is a path": lambda canary: {"name": "../../../" + canary},
    "a name with a null byte": lambda canary: {"name": "plain\0"},
    "a list of parts": lambda canary: [{"name": "plain"}],
    "a target that is a list": lambda canary: {"_target_": ["os.system"], "_args_": [f"touch {canary}"]},
    "a registered class of another kind": _call("vits.decoder.HiFiGANDecoder"),
    "a private class of the same module": _call("vits.flow.coupling.torch.nn.Linear", "1", "1"),
    "__import__": _call("builtins.__import__", "os"),
}
"""What stands in the place of the flow, by the canary's path."""
USERS: Mapping[str, User] = {
    "grid": lambda place: place.grid("name=attacked"),
    "pretrain": lambda place: place.pretrain("model=of_base", "start_from=base", "steps=1", "name=attacked"),
    "export_checkpoint": lambda place: place.command("export_checkpoint.py", "base=base", "out=out/there"),
    "speak": lambda place: place.command(
        "speak.py", "run=base", "speaker=ada", "text=Hello.", "out=out/a.wav", "device=cpu"
    ),
    "convert": lambda place: place.command(
        *("convert.py", "run=base", "speaker=ada", "audio=corpus/test/040/000.opus", "out=out/a.wav", "device=cpu")
    ),
    "export": lambda place: place.command("export.py", "run=base", "out=out/a.onnx"),
}
TEXTS: Mapping[str, str] = {
    "a python object": "flow: !!python/object/apply:os.system ['touch {}']\n",
    "a python name": "flow: !!python/name:os.system\n",
    "a python module": "!!python/module:os\n",
    "a tag of its own": "flow: !part {{name: plain}}\n",
    "a nesting bomb": "flow: " + "[" * 100_000 + "]" * 100_000 + "\n",
    "a mapping bomb": "".join(f"{' ' * depth}a:\n" for depth in range(500)) + " " * 500 + "b: 1\n",
    "an alias bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nflow: [*c,*c]\n",
    "a merge of itself": "a: &a\n  <<: *a\nflow: *a\n",
    "two documents": "flow: {{name: plain}}\n---\nflow: {{name: plain}}\n",
    "a number of 100,000 digits": "latent_channels: 1" + "0" * 100_000 + "\n",
    "a sexagesimal number": "latent_channels: 190:20:30:59:59:59:59:59:59\n",
    "a binary": "flow: !!binary aGVsbG8=\n",
    "nothing but a comment": "# nothing\n",
    "too large": "# " + "x" * 3_000_000 + "\n",
}
SIZES: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "30,000 speaker channels everywhere": lambda parts: _everywhere(parts, "speaker_channels", 30_000),
    "a million symbols": lambda parts: parts["text_encoder"].update(n_symbols=10**12),
    "a hop of 1": lambda parts: parts["analysis"].update(hop_length=1),
    "a window of 2**40": lambda parts: parts["analysis"].update(n_fft=2**40, win_length=2**40),
    "a kernel of 10**9 + 1": lambda parts: parts["duration_predictor"].update(kernel_size=10**9 + 1),
    "a hundred upsamplings": lambda parts: parts["decoder"].update(upsample_rates=[2] * 100),
    "a negative dilation": lambda parts: parts["decoder"].update(resblock_dilations=[[-1, 3]]),
    "a dropout of 2": lambda parts: parts["duration_predictor"].update(dropout=2.0),
    "a sample rate of 0": lambda parts: parts["analysis"].update(sample_rate=0),
    "a frequency that is NaN": lambda parts: parts["analysis"].update(fmin_hz=float("nan")),
    "nine opponents": lambda parts: parts.update(adversary={f"a{n}": parts["adversary"]["audio"] for n in range(9)}),
    "an opponent called forward": lambda parts: parts.update(adversary={"forward": parts["adversary"]["audio"]}),
}


def _everywhere(parts: dict[str, Any], key: str, value: int) -> None:
    for part in parts.values():
        if isinstance(part, dict) and key in part:
            part[key] = value
    parts["speaker_embedding"]["channels"] = value
    parts[key] = value


def _in_model(name: str, attack: Callable[[str], Any], user: str, use: User) -> Fault:
    def prepare(place: Place) -> Command:
        place.take("base", "corpus")
        change_model(place.folder / "base", lambda parts: parts.update(flow=attack(str(place.canary))))
        return use(place)

    return Fault(KIND, f"model.yaml's flow is {name}, in {user}", prepare)


def _raw_model(place: Place, text: str) -> Command:
    base = place.take("base")
    (base / "model.yaml").write_text(text.format(place.canary), encoding="utf-8")
    forge_bundle(base)
    return place.grid("name=attacked")


def _sized(place: Place, change: Callable[[dict[str, Any]], object]) -> Command:
    change_model(place.take("base"), change)
    return place.grid("name=attacked")


def _of_cells() -> Iterator[Fault]:
    """A finished cell whose record or configuration holds code; it is data for everything that reads it."""
    bad = {"_target_": "os.system", "_args_": ["touch {}"]}
    grid = lambda place: _record(place, bad, place.grid)  # noqa: E731
    yield Fault(KIND, "identity_of.model in cell.json is code, in grid", grid, End.WELL)
    yield Fault(KIND, "identity_of.model in cell.json is code, in speak", _speak_with_record, End.WELL, _spoke)
    yield Fault(KIND, "config.yaml holds a python object, in speak", lambda place: _config(place, PYTHON))
    yield Fault(KIND, "config.yaml names a class for the data, in speak", lambda place: _config(place, TARGETS))
    yield Fault(KIND, "config.yaml's language is code, in speak", lambda place: _config(place, LANGUAGE))
    yield Fault(KIND, "adapters.json names a class path", lambda place: _adapters(place, "os.system"))
    yield Fault(KIND, "adapters.json has code for a setting", lambda place: _adapters(place, "lora"))


PYTHON = "data: !!python/object/apply:os.system ['touch {}']\n"
TARGETS = "data: {{_target_: os.system, _args_: ['touch {}']}}\nbase: {{_target_: os.system}}\nx: &a [*a]\n"
LANGUAGE = "data: {{language: '$(touch {})'}}\n"


def _record(place: Place, attack: dict[str, Any], use: Callable[..., Command]) -> Command:
    place.take("runs")
    text = yaml.safe_dump(attack).format(place.canary)
    forge_cell(place.cell_path, lambda record: record["identity_of"].update(model=yaml.safe_load(text)))
    return use()


def _speak_with_record(place: Place) -> Command:
    attack = {"_target_": "os.system", "_args_": ["touch {}"]}
    return _record(place, attack, lambda: place.speak("text=Hello."))


def _spoke(place: Place, ended: Ended) -> str | None:
    return None if (place.folder / "out" / "said.wav").is_file() else "nothing was spoken"


def _config(place: Place, text: str) -> Command:
    place.take("runs")
    (place.cell_path / "config.yaml").write_text(text.format(place.canary), encoding="utf-8")
    forge_cell(place.cell_path)
    return place.speak("text=Hello.")


def _adapters(place: Place, name: str) -> Command:
    place.take("runs")
    setting = '{"_target_": "os.system", "_args_": ["' + f'touch {place.canary}"]}}'
    path = place.cell_path / "adapters.json"
    path.write_text(f'[{{"name": "{name}", "settings": {{"rank": {setting}}}}}]', encoding="utf-8")
    forge_cell(place.cell_path)
    return place.speak("text=Hello.")


def _of_tables() -> Iterator[Fault]:
    """Tables of others, whose cells would mean something to a spreadsheet, a shell or a path."""
    yield Fault(
        KIND, "speakers.csv counts with code", lambda place: _table(place, "speakers.csv", "ada|__import__('os')\n")
    )
    yield Fault(
        KIND, "trained_on.csv is a pickle", lambda place: _table(place, "trained_on.csv", "\x80\x04cos\nsystem\n")
    )
    yield Fault(KIND, "metadata.csv's path is a pipe to a command", lambda place: _metadata(place, "|touch {}"))
    yield Fault(KIND, "metadata.csv's path is an address", lambda place: _metadata(place, "file://{}"))
    yield Fault(KIND, "metadata.csv's path leads to a device", lambda place: _metadata(place, "/dev/zero"))


def _table(place: Place, name: str, text: str) -> Command:
    base = place.take("base")
    path = base / name
    header = path.read_text(encoding="utf-8").splitlines()[0]
    path.write_text(f"{header}\n{text}", encoding="utf-8")
    forge_bundle(base)
    return place.lint() if name == "trained_on.csv" else place.grid("name=attacked")


def _metadata(place: Place, path: str) -> Command:
    table = place.take("corpus") / "metadata.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    shell = path.format(place.canary).replace("|", "¦")
    table.write_text("\n".join([lines[0], f"{shell}|040|Hello.|train", *lines[1:]]) + "\n", encoding="utf-8")
    return place.grid("name=attacked")
