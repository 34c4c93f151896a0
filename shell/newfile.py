"""A file that a verb writes: new, for its owner alone, and gone again where it could not be finished."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from helpdesk.core.jsontext import json_text
from helpdesk.core.terminal import csv_cell
from helpdesk.errors import Refused

FORMATS = ("csv", "jsonl")


def format_of(path: Path, wanted: str | None) -> str:
    """Return the form of a file: as wanted, else by its name. Raises Refused where neither says it."""
    found = wanted or path.suffix.removeprefix(".").lower()
    found = "jsonl" if found in ("json", "ndjson") else found
    if found not in FORMATS:
        raise Refused(
            f"{path.name}: call it .csv or .jsonl, or say --format csv or --format jsonl",
            f"{path.name} : nommez-le .csv ou .jsonl, ou précisez --format csv ou --format jsonl",
        )
    return found


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """Open a file that is not there yet, mode 0600. Raises Refused; what was not finished is removed."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Refused(
            f"{path}: cannot be made ({error.strerror}); nothing that is there is ever written over",
            f"{path} : ne peut être créé ({error.strerror}) ; rien d'existant n'est écrasé",
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise Refused(
            f"{path}: cannot be written ({error.strerror})", f"{path} : ne peut être écrit ({error.strerror})"
        ) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_rows(
    out: TextIO, form: str, heads: Sequence[str], pages: Iterator[Sequence[Mapping[str, object]]]
) -> int:
    """Write rows with these keys as CSV, no cell of which is a formula, or as JSON lines; return how many."""
    count = 0
    writer = csv.writer(out)
    if form == "csv":
        writer.writerow(heads)
    for page in pages:
        count += len(page)
        if form == "csv":
            writer.writerows([csv_cell(_text(row[head])) for head in heads] for row in page)
        else:
            out.writelines(f"{json_text({head: row[head] for head in heads})}\n" for row in page)
    return count


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return json_text(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value)
    return str(value)
