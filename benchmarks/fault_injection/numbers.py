"""Settings that are no numbers, or none that can be meant; of every number of every command one or two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from fault_injection.fault import Fault
from fault_injection.place import Material, Place
from fault_injection.process import Command
from fault_injection.tensors import tensor_faults

KIND = "numbers"
FLOATS = ("nan", "inf", "-inf", "1e999", "-1e300", "'1,5'", "[1]", "nan()", "null0")
INTEGERS = ("-9223372036854775809", "1.5", "nan", "-7", "1e3", "0x1p3", "99999999999999999999999", "true")
GROUPS = (
    "strategy",
    "freeze",
    "adapter",
    "penalty",
    "rehearsal",
    "average",
    "stop",
    "training",
    "evaluation",
    "metrics",
    "report",
)
SETTINGS = ("training", "evaluation", "report")  # groups whose one class is chosen already
TYPED = (
    ("speak", "SpeakArguments"),
    ("listen", "ListenArguments"),
    ("join_corpora", "JoinCorporaArguments"),
    ("make_corpus", "MakeCorpusArguments"),
    ("transform_corpus", "TransformCorpusArguments"),
)
PLAIN_FLOATS = ("nan", "inf", "-inf", "1e999", "-1", "0,5", "")
PLAIN_INTEGERS = ("-1", "1.5", "nan", "99999999999999999999999", "0x10", "")


def faults(material: Material) -> Iterator[Fault]:
    """All members of the kind."""
    for place, (setting, kind) in enumerate(grid_numbers()):
        values = FLOATS if kind is float else INTEGERS
        yield _of_grid(setting, values[place % len(values)])
    yield from _of_schemas()
    yield from _of_typed()
    yield from (_of_grid(*pair) for pair in ODD_SETTINGS)
    yield from (_of_pretrain(*pair) for pair in ODD_PRETRAINING)
    yield from tensor_faults(KIND)


ODD_SETTINGS = (
    (("seed",), "18446744073709551616"),
    (("seed",), "-0x1"),
    (("max_duration_s",), "0.0"),
    (("max_duration_s",), "-inf"),
    (("jobs",), "0"),
    (("jobs",), "-2"),
    (("jobs",), "nan"),
    (("jobs",), "1.5"),
    (("jobs_per_device",), "0"),
    (("stop_after",), "0"),
    (("training.optimizer.betas",), "[nan,0.9]"),
    (("training.optimizer.betas",), "[0.9,1.0]"),
    (("training.optimizer.betas",), "[]"),
    (("training.optimizer.betas",), "[0.8,0.9,0.99]"),
    (("evaluation.utterances_per_speaker.test",), "-1"),
    (("evaluation.utterances_per_speaker.test",), "nan"),
    (("+report.margins.secs",), "nan"),
    (("+report.margins.secs",), "-0.1"),
    (("+report.margins.secs",), "0"),
    (("data.utterances_per_speaker",), "-5"),
    (("steps",), "10000000000000000"),
)
ODD_PRETRAINING = (
    (("validate_every",), "0"),
    (("save_every_minutes",), "nan"),
    (("save_every_minutes",), "0"),
    (("devices",), "0"),
    (("devices",), "-1"),
    (("log_every",), "0"),
    (("steps",), "-1"),
    (("validation_sentences",), "-3"),
)


def grid_numbers() -> Iterator[tuple[tuple[str, ...], type]]:
    """Every number of every option of the grid: what chooses the option, and the setting; and whether it is whole."""
    from vits.common.registry import registered

    for group in GROUPS:
        for option, cls in registered(group).items():
            if group == "metrics" and option in ("distillmos", "dnsmos", "wer_faster_whisper"):
                continue  # each needs packages of its own
            choice, where = _chosen(group, option)
            for name, kind in _numbers_of(cls):
                yield (*choice, f"{where}.{name}"), kind


def _chosen(group: str, option: str) -> tuple[tuple[str, ...], str]:
    if group in SETTINGS:
        return (), group
    if group in ("penalty", "metrics"):
        return (f"{group}=[{option}]",), f"{group}.{option}"
    needs = ("average=none",) if group != "average" else ()
    return (*needs, f"{group}={option}"), group


def _numbers_of(cls: type, prefix: str = "") -> Iterator[tuple[str, type]]:
    """The dotted names of a class's plain numbers, and their types."""
    hints = get_type_hints(cls, include_extras=True)
    for column in fields(cls):  # pyright: ignore[reportArgumentType]
        hint = hints[column.name]
        if is_dataclass(hint):
            yield from _numbers_of(hint, f"{prefix}{column.name}.")  # pyright: ignore[reportArgumentType]
        elif (kind := _plain_kind(hint)) is not None:
            yield f"{prefix}{column.name}", kind


def _plain_kind(hint: Any) -> type | None:
    """int or float, where a setting is one of them, or None beside it."""
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    kinds = [_plain_kind(part) for part in get_args(inner) if part is not type(None)] if get_args(inner) else []
    if get_origin(inner) in (list, dict):
        return None
    return inner if inner in (int, float) else next((kind for kind in kinds if kind), None)


def _of_grid(setting: Sequence[str], value: str) -> Fault:
    *choice, name = setting
    asked = (*choice, f"{name}={value}")
    return Fault(KIND, f"grid {' '.join(asked)}", lambda place: place.grid("name=odd", *asked))


def _of_pretrain(setting: Sequence[str], value: str) -> Fault:
    (name,) = setting
    return Fault(KIND, f"pretrain {name}={value}", lambda place: place.pretrain("name=odd", f"{name}={value}"))


def _of_schemas() -> Iterator[Fault]:
    """The numbers at the top of the three configurations."""
    from runners.config.schemas import GridSchema, LintSchema, PretrainSchema

    commands = (
        ("grid", GridSchema, Place.grid),
        ("pretrain", PretrainSchema, Place.pretrain),
        ("lint", LintSchema, Place.lint),
    )
    for script, schema, command in commands:
        for place, (name, kind) in enumerate(_numbers_of(schema)):
            value = (FLOATS if kind is float else INTEGERS)[place % 4]
            yield Fault(
                KIND, f"{script} {name}={value}", lambda here, use=command, given=f"{name}={value}": use(here, given)
            )


def _of_typed() -> Iterator[Fault]:
    """The numbers of commands whose arguments are plain `name=value`."""
    import importlib

    modules = {"speak": "inference", "listen": "listen"}
    for script, schema in TYPED:
        module = importlib.import_module(f"runners.cli.{modules.get(script, 'corpus')}_arguments")
        cls = getattr(module, schema)
        needed = [f"{column.name}=x" for column in fields(cls) if column.default is MISSING]
        for place, (name, kind) in enumerate(_numbers_of(cls)):
            values = PLAIN_FLOATS if kind is float else PLAIN_INTEGERS
            given = (*needed, f"{name}={values[place % len(values)]}")
            yield Fault(KIND, f"{script} {given[-1]}", lambda here, s=script, given=given: _typed(here, s, given))


def _typed(place: Place, script: str, given: Sequence[str]) -> Command:
    return place.command(f"{script}.py", *given)
