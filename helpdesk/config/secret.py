"""Secrets: a value that does not print, and the folder that they are read from."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 64 * 1024
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Secret:
    """Text that shows as *** wherever it is printed, logged or formatted. ``reveal`` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where secrets come from. Where ``folder`` is None no secret is wanted, and none is missed.

    ``from_systemd``: systemd filled ``folder`` for us alone, and ``kept_in`` is where it may have taken them
    from; else both folders are the same. ``environ`` wins over a file. Whatever is wrong with a file is added
    to ``problems``. Where ``wanted`` is given, other secrets are neither read nor missed.
    """

    folder: Path | None
    kept_in: Path
    from_systemd: bool
    environ: Mapping[str, str]
    problems: list[str]
    wanted: frozenset[str] | None = None

    def secret(self, name: str, variable: str | None) -> Secret:
        """Return the secret in the file *name* or in the environment *variable*; an empty one means none."""
        if self.folder is None or not self._is_wanted(name):
            return NO_SECRET
        if variable and self.environ.get(variable):
            return Secret(self.environ[variable])
        return self._from_file(self.folder / name)

    def required(self, name: str, variable: str | None, label: str, advice: str = "write it to") -> Secret:
        """Return the same, or note that *label* has none, unless it may be there and cannot be read."""
        before = len(self.problems)
        secret = self.secret(name, variable)
        if not secret and len(self.problems) == before and self.folder is not None and self._is_wanted(name):
            self.problems.append(f"{label}: missing: {advice} {self.where(name, variable)}")
        return secret

    def _is_wanted(self, name: str) -> bool:
        return self.wanted is None or name in self.wanted

    def where(self, name: str, variable: str | None) -> str:
        """Return where to put the secret *name*, in words for a person."""
        file = str(self.kept_in / name)
        if self.from_systemd:
            file += f" (the unit must say LoadCredential={name}:{file})"
        return f"{file} or ${variable}" if variable else file

    def _from_file(self, path: Path) -> Secret:
        try:
            with path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                content = file.read(MAX_BYTES + 1)
            text = content.decode()
        except FileNotFoundError:
            return NO_SECRET
        except OSError as error:
            self.problems.append(
                f"{path}: cannot be read ({error.strerror}); it must belong to the daemon's user"
            )
            return NO_SECRET
        except UnicodeDecodeError:
            self.problems.append(f"{path}: expected UTF-8 text, found other bytes")
            return NO_SECRET
        if mode & OTHERS and not self.from_systemd:
            self.problems.append(
                f"{path}: others can read it (mode {mode:04o}); expected 0600: chmod 600 {path}"
            )
        if len(content) > MAX_BYTES:
            self.problems.append(f"{path}: expected one secret of at most {MAX_BYTES} bytes, found more")
        return Secret(text.rstrip("\r\n"))
