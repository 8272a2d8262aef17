"""A section of another project's configuration, whose values are checked as they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vits.common.bounds import shown
from vits.common.errors import InputError

REQUIRED = object()


@dataclass(frozen=True)
class Section:
    """One section of a JSON file, read with checks; `name` is empty of what stands at its top."""

    name: str
    values: Mapping[str, Any]
    source: str = "the reference configuration"

    @classmethod
    def of(cls, config: Mapping[str, Any], name: str, source: str) -> Section:
        """The section of that name of a file's content.

        Raises:
            InputError: there is none.
        """
        section = config.get(name)
        if not isinstance(section, Mapping):
            raise InputError(f"{source} lacks its section {name!r}; give the JSON file beside the checkpoint")
        return cls(name, section, source)

    def get(self, key: str, default: object = REQUIRED) -> Any:
        """A value as it stands there.

        Raises:
            InputError: it doesn't, and there is no default.
        """
        if key in self.values:
            return self.values[key]
        if default is REQUIRED:
            raise InputError(f"{self.source} lacks {self.place(key)}; give the file beside the checkpoint")
        return default

    def refuse(self, key: str, value: object, allowed: str) -> InputError:
        """The error that says what is allowed."""
        return InputError(f"{self.place(key)}={shown(value)} of {self.source} isn't built here; {allowed}")

    def place(self, key: str) -> str:
        """A setting as messages name it."""
        return f"{self.name}.{key}" if self.name else key

    def must_be(self, key: str, allowed: object) -> None:
        """A setting of which only one value is built here, which is also what it is where it isn't given.

        Raises:
            InputError: it has another.
        """
        value = self.get(key, allowed)
        if value != allowed:
            raise self.refuse(key, value, f"it must be {shown(allowed)}")

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise self.refuse(key, value, "it must be true or false")
        return value

    def count(self, key: str, default: object = REQUIRED, *, least: int = 1) -> int:
        value = self.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.refuse(key, value, f"it must be a whole number of at least {least}")
        return value

    def number(self, key: str, default: object = REQUIRED, *, least: float = 0.0) -> float:
        value = self.get(key, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or value < least:
            raise self.refuse(key, value, f"it must be a number of at least {least}")
        return float(value)

    def counts(self, key: str, default: object = REQUIRED) -> list[int]:
        value = self.get(key, default)
        if not are_counts(value):
            raise self.refuse(key, value, "it must be a list of whole numbers of at least 1")
        return list(value)

    def choice(self, key: str, allowed: Sequence[str], default: object = REQUIRED) -> str:
        value = self.get(key, default)
        if not isinstance(value, str) or value not in allowed:
            raise self.refuse(key, value, f"it must be one of {', '.join(allowed)}")
        return value


def are_counts(value: object) -> bool:
    """Whether a value is a list of whole numbers of at least 1."""
    return isinstance(value, Sequence) and all(
        isinstance(item, int) and not isinstance(item, bool) and item >= 1 for item in value
    )
