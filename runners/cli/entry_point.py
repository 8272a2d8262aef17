"""What every entry point does around its job: a quick --help, and bad input told in one line."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import yaml

from runners.cli.arguments import show_help
from vits.common.errors import InputError
from vits.common.names import shown

CONF = Path(__file__).resolve().parents[2] / "conf"
BAD_INPUT, FAILURE, INTERRUPTED = 2, 1, 130
LESS_MEMORY = "make the batch size smaller, or give less at a time"
OTHER_PLACES = ("--config", "-cd", "-cp", "hydra.searchpath")  # from which options may come, too
NOT_FOR_USERS = ("object_type=", "reference_type=", "Config search path:", "provider=")


def main(job: Callable[[], Callable[[], None]], config_name: str, examples: str) -> None:
    """Answer --help, or run what `job` gives; `job` does the slow imports.

    Exit status: 0 when all went well, 2 for bad input, 1 when something else failed.
    """
    if {"--help", "-h"} & set(sys.argv[1:]):
        show_help(help_text(CONF, config_name, examples))
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # so that Hydra raises instead of printing and exiting with 1
    with told_in_one_line():
        sys.argv[1:] = with_base_paths(sys.argv[1:])
        _check_options(CONF / f"{config_name}.yaml", sys.argv[1:])
        job()()


def _check_options(config: Path, arguments: Sequence[str]) -> None:
    """Refuse an option that no file holds, before the slow imports; functions such as choice(...) are left to Hydra.

    Raises:
        InputError: there is no such option, flag or setting.
    """
    _check_flags(arguments)
    if any(argument.startswith(OTHER_PLACES) for argument in arguments):
        return
    defaults = _defaults_of(config)
    options = {group: [path.stem for path in sorted((CONF / group).glob("*.yaml"))] for group in defaults}
    for group, _, value in (argument.partition("=") for argument in arguments):
        for name in _words(value, isinstance(defaults[group], list)) if group in options else ():
            if name not in options[group] and re.fullmatch(r"[\w.+-]+", name):
                known = "; ".join(options[group])
                raise InputError(f"Could not find '{group}/{name}'; Available options in '{group}': {known}")


def _check_flags(arguments: Sequence[str]) -> None:
    """Refuse what Hydra's own parser would answer with its usage, and a setting without a name.

    Raises:
        InputError: there is one.
    """
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()
    parser.error = _refuse
    unnamed = [override for override in parser.parse_args(arguments).overrides if override.startswith("=")]
    if unnamed:
        raise InputError(f"{shown(unnamed[0])} names no setting; give name=value")


def _refuse(message: str) -> NoReturn:
    raise InputError(f"{message}; --help lists what can be given")


def _words(value: str, several: bool) -> list[str]:
    """The options that a choice or a sweep of choices names; `several` says whether one choice may be a list.

    Raises:
        InputError: there is a list where there may be none, or one that names an option twice, which would count once.
    """
    if not several and re.search(r"(^|,)\s*\[", value):
        raise InputError(f"{shown(value)} is a list; give one option alone")
    if re.search(r"\[[^\]]*\[", value):
        raise InputError(f"{shown(value)} is no choice; give an option, or a list of options as [one,two]")
    for listed in map(_names, re.findall(r"\[([^\]]*)\]", value)):
        if len(set(listed)) < len(listed):
            raise InputError(f"{shown(value)} names an option more than once; name each once")
    return _names(value)


def _names(text: str) -> list[str]:
    return [name.strip(" []'\"") for name in text.split(",")]


def with_base_paths(arguments: Sequence[str]) -> list[str]:
    """The arguments with `base=<folder>` as Hydra takes it: the option `bundle` and its path.

    So are several bases of a sweep, `base=demo,<folder>`; `base=demo,bundle base.path=<folder>` means the same, where
    Hydra would give the path to both.
    """
    given = {name: value for name, _, value in (argument.partition("=") for argument in arguments)}
    chosen, path = given.get("base", ""), given.get("base.path", "")
    bases = [chosen] if Path(chosen).is_dir() else [base.strip(" '\"") for base in chosen.split(",")]
    if len(bases) > 1 and path:
        bases = [part.strip(" '\"") for base in bases for part in (path.split(",") if base == "bundle" else [base])]
    folders = [base for base in bases if base and not _is_option(base)]
    paths = [_path_of(base) for base in bases]
    if not folders or None in paths or not (path or all(Path(folder).is_dir() for folder in folders)):
        return list(arguments)
    others = [argument for argument in arguments if not argument.startswith(("base=", "base.path="))]
    return [*others, "base=bundle", f"base.path={','.join(map(repr, paths))}"]


def _is_option(base: str) -> bool:
    return (CONF / "base" / f"{base}.yaml").is_file()


def _path_of(base: str) -> str | None:
    """The folder of a base: itself, or what its option says; None for an option that says none."""
    if not _is_option(base):
        return base
    return yaml.safe_load((CONF / "base" / f"{base}.yaml").read_text(encoding="utf-8")).get("path")


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Leave with one line on standard error where the input is bad, work broke off or the user interrupts.

    So it is told what the system refuses to do with a file. Other exceptions are defects, and keep their traceback.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from vits.common.errors import BrokenOffError
    from vits.common.memory import memory_is_told
    from vits.common.readers import shown_path

    try:
        with memory_is_told(LESS_MEMORY):
            yield
    except InputError as error:
        _leave(str(error), BAD_INPUT)
    except BrokenOffError as error:
        _leave(str(error), FAILURE)
    except (HydraException, OmegaConfBaseException) as error:
        _leave(_one_line(error), BAD_INPUT)
    except OSError as error:
        if error.filename is None:
            raise
        _leave(f"{shown_path(Path(os.fsdecode(error.filename)))} can't be used ({error.strerror})", FAILURE)
    except KeyboardInterrupt:
        _leave("interrupted; run the same command again to go on", INTERRUPTED)


def _leave(message: str, status: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)


def _one_line(error: BaseException) -> str:
    """What a configuration error and those behind it say; if one of them is our own, only that."""
    said: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, InputError):
            return str(seen)
        lines = (line.strip() for line in str(seen).splitlines())
        said += [line for line in lines if line and not line.startswith(NOT_FOR_USERS) and line not in said]
        seen = seen.__cause__
    return "; ".join(said).replace(":;", ":")


def help_text(conf: Path, config_name: str, examples: str) -> str:
    """The entry point's purpose, examples, and every group of the configuration with its options."""
    lines = (conf / f"{config_name}.yaml").read_text(encoding="utf-8").splitlines()
    used = _defaults_of(conf / f"{config_name}.yaml")
    out = [lines[0].lstrip("# "), "", examples, "", "Settings (setting=value):"]
    started = False
    for line in lines:
        started = started or line == ""
        if line.startswith("hydra:"):
            break
        if started and line and not line.startswith((" ", "defaults:")):
            out.append(f"  {line}")
    out += ["", "Choices (group=option; an option's own settings are group.setting=value):"]
    for group in used:
        out.append(f"  {group}")
        out += [f"    {name:22} {what}" for name, what in _options(conf / group)]
        for nested in sorted(child for child in (conf / group).rglob("*") if child.is_dir()):
            names = ", ".join(name for name, _ in _options(nested))
            out.append(f"    {nested.relative_to(conf).as_posix()}: {names}")
    return "\n".join([*out, "", "--cfg job prints the whole configuration, -m runs the product of comma lists."])


def _defaults_of(path: Path) -> dict[str, Any]:
    """The groups in a configuration's defaults list, in its order, and what is chosen of each."""
    defaults = yaml.safe_load(path.read_text(encoding="utf-8"))["defaults"]
    chosen = [next(iter(entry.items())) for entry in defaults if isinstance(entry, dict)]
    return {group: choice for group, choice in chosen if not group.startswith("override ")}


def _options(folder: Path) -> list[tuple[str, str]]:
    """The options of a group, with what the first comment of each file says."""
    options = []
    for path in sorted(folder.glob("*.yaml")):
        comments = [line.lstrip("# ") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
        spoken = [comment for comment in comments if not comment.startswith("@package")]
        options.append((path.stem, spoken[0] if spoken else ""))
    return options
