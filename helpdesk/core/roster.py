"""The file of a class: CSV as Excel and others write it, read line by line, each line good or bad by its number.

UTF-8 or UTF-16 with or without BOM, else windows-1252; commas, semicolons or tabs. Nothing of the file is quoted in
a refusal before its first line has named our columns: whoever imports a file may not be allowed to read it.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from helpdesk.core.address import normal_address
from helpdesk.core.names import MAX_TEAM_CHARS, Said, name_problem, tidy
from helpdesk.core.people import Language
from helpdesk.core.terminal import term_safe
from helpdesk.errors import Refused

MAX_BYTES = 8 * 2**20
MAX_LINES = 100_000
FIRST_YEAR, LAST_YEAR = 2000, 2199  # a typing mistake, not a wish
COLUMNS = {  # the words that a column may be called by, as English and French schools write them
    "email": "email e-mail mail courriel adresse address",
    "name": "name nom",
    "language": "language langue",
    "team": "team équipe equipe",
    "valid_from": "valid_from valide_du début debut",
    "valid_until": "valid_until valide_au fin",
}
_COLUMN_OF = {word: column for column, words in COLUMNS.items() for word in words.split()}
_DATES = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"),
    re.compile(
        r"(?P<day>[0-9]{1,2})[/.](?P<month>[0-9]{1,2})[/.](?P<year>[0-9]{4})"
    ),  # the day first, as in France
)
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One good line. ``number`` counts the lines of the file from 1; both days are valid ones."""

    number: int
    address: str
    name: str
    language: Language | None = None
    team: str = ""
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be taken, and why."""

    number: int
    problem: Said


class _Bad(Exception):
    def __init__(self, english: str, french: str) -> None:
        super().__init__(english)
        self.said = (english, french)


def read_roster(data: bytes, today: date) -> tuple[list[RosterLine], list[BadLine]]:
    """Return the good and the bad lines of a file. Raises Refused where it is no such file at all."""
    if len(data) > MAX_BYTES:
        raise Refused(
            f"the file has more than {MAX_BYTES // 2**20} MiB; split it",
            f"le fichier dépasse {MAX_BYTES // 2**20} Mio ; découpez-le",
        )
    lines = _text_of(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise Refused(
            f"the file has more than {MAX_LINES} lines; split it",
            f"le fichier a plus de {MAX_LINES} lignes ; découpez-le",
        )
    skipped = 1 if re.fullmatch(r"sep=.", lines[0]) else 0  # what Excel writes, and reads, as the first line
    delimiter = lines[0][-1] if skipped else _delimiter_of(lines[0])
    rows = _rows(lines[skipped:], delimiter, skipped)
    columns = _columns(next(rows, None))
    good: list[RosterLine] = []
    bad: list[BadLine] = []
    seen: dict[str, int] = {}
    for number, cells in rows:
        try:
            line = _line(number, cells, columns, today)
            if first := seen.get(line.address):
                raise _Bad(
                    f"{line.address} stands in line {first} already",
                    f"{line.address} figure déjà à la ligne {first}",
                )
        except _Bad as problem:
            bad.append(BadLine(number, problem.said))
            continue
        seen[line.address] = number
        good.append(line)
    return good, bad


def _text_of(data: bytes) -> str:
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused(
        "this is no text in UTF-8, UTF-16 or windows-1252; save it as CSV",
        "ce n'est pas un texte en UTF-8, UTF-16 ou windows-1252 ; enregistrez-le en CSV",
    )


def _delimiter_of(first: str) -> str:
    return max(";,\t", key=first.count)


def _rows(lines: Sequence[str], delimiter: str, skipped: int) -> Iterator[tuple[int, list[str] | _Bad]]:
    """Yield each row that is not blank with the number of its first line; what cannot be read, as its problem."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield (
                number,
                _Bad(
                    "its quotes do not match, or a cell is too long",
                    "ses guillemets ne correspondent pas, ou une cellule est trop longue",
                ),
            )
            continue
        if any(cell.strip() for cell in cells):
            yield number, cells


def _columns(head: tuple[int, list[str] | _Bad] | None) -> list[str]:
    names = [] if head is None or isinstance(head[1], _Bad) else [cell.strip().lower() for cell in head[1]]
    columns = [_COLUMN_OF.get(name, "") for name in names]
    if "email" not in columns or "name" not in columns:
        raise Refused(
            "the first line must name the columns: email and name, and, if wanted, language, team, valid_from,"
            " valid_until",
            "la première ligne doit nommer les colonnes : email et nom et, au besoin, langue, équipe, valide_du,"
            " valide_au",
        )
    while columns and not names[-1]:  # Excel keeps columns that were emptied
        columns.pop()
        names.pop()
    for name, column in zip(names, columns, strict=True):
        if not column:
            shown = term_safe(name, _SHOWN)
            raise Refused(
                f"there is no column {shown!r}; there are: {', '.join(COLUMNS)}",
                f"il n'y a pas de colonne {shown!r} ; il y a : {', '.join(COLUMNS)}",
            )
        if columns.count(column) > 1:
            raise Refused(f"two columns are {column}", f"deux colonnes sont {column}")
    return columns


def _line(number: int, cells: list[str] | _Bad, columns: Sequence[str], today: date) -> RosterLine:
    if isinstance(cells, _Bad):
        raise cells
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise _Bad(
            f"it has {len(cells)} cells; the first line names {len(columns)}",
            f"elle a {len(cells)} cellules ; la première ligne en nomme {len(columns)}",
        )
    given = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
    address, name = _address(given.get("email", "")), tidy(given.get("name", ""))
    if problem := name_problem(name):
        raise _Bad(*problem)
    team = tidy(given.get("team", ""))
    if team and (problem := name_problem(team, MAX_TEAM_CHARS)):
        raise _Bad(*problem)
    first, last = _day(given.get("valid_from", "")), _day(given.get("valid_until", ""))
    if problem := dates_problem(first, last, today):
        raise _Bad(*problem)
    return RosterLine(number, address, name, _language(given.get("language", "")), team, first, last)


def _address(text: str) -> str:
    try:
        return normal_address(text)
    except ValueError as error:
        shown = term_safe(text, _SHOWN)
        raise _Bad(
            term_safe(str(error), 3 * _SHOWN),
            f"{shown} n'est pas une adresse mail comme jean@example.org, sans accents avant le @",
        ) from error


def _language(text: str) -> Language | None:
    if not text:
        return None
    try:
        return Language(text.lower())
    except ValueError:
        known = ", ".join(language.value for language in Language)
        shown = term_safe(text, _SHOWN)
        raise _Bad(
            f"{shown} is no language of ours ({known})", f"{shown} n'est pas une langue d'ici ({known})"
        ) from None


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return read_day(text)
    except Refused as refusal:
        raise _Bad(str(refusal), refusal.in_french) from None


def read_day(text: str) -> date:
    """Return a day written as 2026-09-01 or, the day first, 01/09/2026. Raises Refused."""
    for form in _DATES:
        if found := form.fullmatch(text.strip()):
            try:
                day = date(int(found["year"]), int(found["month"]), int(found["day"]))
            except ValueError:
                break
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                return day
    shown = term_safe(text, _SHOWN)
    raise Refused(
        f"{shown} is no day from {FIRST_YEAR} to {LAST_YEAR}, as 2026-09-01 or 01/09/2026",
        f"{shown} n'est pas un jour de {FIRST_YEAR} à {LAST_YEAR}, comme 2026-09-01 ou 01/09/2026",
    )


def dates_problem(first: date | None, last: date | None, today: date) -> Said | None:
    """Say what keeps two days from being the first and the last valid one, None where nothing does."""
    if first and last and last < first:
        return (
            f"its last day, {last}, is before its first, {first}",
            f"le dernier jour, {last}, précède le premier, {first}",
        )
    if last and last < today:
        return (f"its last day, {last}, is past", f"le dernier jour, {last}, est passé")
    return None
