"""One section of the settings, read key by key.

So that all problems come out at once, nothing here raises: a bad value is noted and replaced by a stand-in,
and whoever reads throws everything away if any problem was noted.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from helpdesk.config.values import PATH, SHOWN, Kind, Unfit, shown
from helpdesk.core.terminal import term_safe

ENV_PREFIX = "HELPDESK_"
SECRET_KEYS = frozenset({"password", "passwd", "pass", "secret", "secret_key", "token", "db_url", "dsn"})

Value = TypeVar("Value")


@dataclass(slots=True)
class Source:
    """Where the settings come from, and what is wrong with them.

    ``file`` is what messages call the file; relative paths in it begin at ``folder``. ``variables`` collects
    the environment variables that could have been given.
    """

    file: str
    folder: Path
    environ: Mapping[str, str]
    problems: list[str] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Found:
    """A value as given, and the start of every message about it."""

    where: str
    value: object


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return " (did you mean x?)" where something known is close, else nothing."""
    close = difflib.get_close_matches(given, sorted(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


class Section:
    """One section. *use_env* is False where a variable could mean more than one section."""

    def __init__(self, source: Source, path: tuple[str, ...], table: object, use_env: bool = True) -> None:
        self.label = f"{source.file}: [{'.'.join(path)}]"
        self.sound = True  # until a value of this section is refused
        self._source = source
        self._path = path
        self._use_env = use_env
        self._known: set[str] = set()
        self._table: Mapping[str, object] = {}
        if isinstance(table, dict):
            self._table = table
        elif table is not None:
            source.problems.append(f"{self.label}: expected a section, found {shown(table)}")

    def child(self, key: str) -> "Section":
        """Return the section inside this one, empty where there is none."""
        self._known.add(key)
        return Section(self._source, (*self._path, key), self._table.get(key), self._use_env)

    def required(self, key: str, kind: Kind[Value]) -> Value:
        """Return the value of *key*, which must be given."""
        found = self._found(key, kind)
        if found is None:
            self.complain(key, "missing")
            return kind.stand_in
        return self._read(found, kind)

    def optional(self, key: str, kind: Kind[Value], default: Value) -> Value:
        """Return the value of *key*, or *default*."""
        found = self._found(key, kind)
        return default if found is None else self._read(found, kind)

    def maybe(self, key: str, kind: Kind[Value]) -> Value | None:
        """Return the value of *key*, or None where it is not given."""
        found = self._found(key, kind)
        return None if found is None else self._read(found, kind)

    def given(self, key: str) -> bool:
        """Say whether *key* stands in the file or in the environment."""
        return self._found(key, PATH) is not None

    def path(self, key: str) -> Path | None:
        """Return a path, which begins at the folder of the settings, or None where it is not given."""
        given = self.maybe(key, PATH)
        return None if given is None else self._source.folder / given

    def existing_file(self, key: str) -> Path | None:
        """Return the path of a file, which must exist, or None where it is not given."""
        path = self.path(key)
        if path is not None and not path.is_file():
            self.refuse(key, f"expected a file, found none at {path}")
        return path

    def refuse(self, key: str, text: str) -> None:
        """Note what is wrong with *key* although its value is of the right kind."""
        found = self._found(key, PATH)
        self._note(found.where if found else f"{self.label} {key}", text)

    def complain(self, key: str, text: str) -> None:
        """Note what is wrong with *key*, wherever it was or was not given."""
        self._note(f"{self.label} {key}", text)

    def done(self) -> None:
        """Note every key that nobody asked for: what has no effect must not look as if it had."""
        for key in self._table:
            if key in self._known:
                continue
            why = f"no such setting{did_you_mean(key, self._known)}"
            if key.lower() in SECRET_KEYS:
                why = "a secret never stands in this file: write it to its own file in the credentials folder"
            self.complain(term_safe(key, SHOWN), why)

    def variable(self, key: str) -> str | None:
        """Return the environment variable for *key*, which then counts as known; None where there is none."""
        if not self._use_env:
            return None
        variable = ENV_PREFIX + "_".join((*self._path, key)).upper()
        self._source.variables.add(variable)
        return variable

    def _note(self, where: str, text: str) -> None:
        self.sound = False
        self._source.problems.append(f"{where}: {text}")

    def _found(self, key: str, kind: Kind[Value]) -> Found | None:
        self._known.add(key)
        variable = self.variable(key)
        if variable and variable in self._source.environ:
            return Found(f"environment: {variable}", kind.from_env(self._source.environ[variable]))
        if key in self._table:
            return Found(f"{self.label} {key}", self._table[key])
        return None

    def _read(self, found: Found, kind: Kind[Value]) -> Value:
        try:
            return kind.read(found.value)
        except Unfit as unfit:
            self._note(found.where, f"expected {kind.expected}, found {shown(unfit.found)}")
            return kind.stand_in
