"""Log lines: one physical line per event, ``name key=value …``, ASCII only, no address in clear.

Under systemd a line begins with its priority (sd-daemon(3)) and journald adds the time; elsewhere it begins
with time and level.
"""

import hmac
import json
import logging
import os
import re
import secrets
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

MAX_VALUE_CHARS = 2000
MAX_TRACE_CHARS = 16_000  # journald cuts a line at 48 KiB (journald.conf(5), LineMax=)
CUT = "..."
# At debug level these write protocol lines, addresses and even logins.
THIRD_PARTY = ("aiosmtplib", "alembic", "asyncio", "dkim", "imapclient", "sqlalchemy")
_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
_BARE = re.compile(r"[!#-<>-~]++")  # printable ASCII but blank, quote and equals sign
_WORD = r"[^\s<>()\[\]\"',;:=|/\\@]"
_ADDRESS = re.compile(rf"(?<!{_WORD}){_WORD}++@{_WORD}++")
_pepper = secrets.token_bytes(32)  # until the settings are read: then the same address always looks the same


def start(
    level: str, pepper: bytes, stream: TextIO | None = None, environ: Mapping[str, str] = os.environ
) -> None:
    """Send all log lines of this process, from *level* (debug, info, warning, error) on, to *stream*.

    *stream* is stderr by default. *pepper* keys the hashes that stand for addresses.
    """
    global _pepper
    _pepper = pepper
    target = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(target)
    handler.setFormatter(_OneLine(goes_to_journal(target, environ)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in THIRD_PARTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def event(log: logging.Logger, name: str, level: int = logging.INFO, /, **fields: object) -> None:
    """Log one event. Fields that are None are left out."""
    if log.isEnabledFor(level):  # made without looking up the line of code, which takes longer than the rest
        log.handle(log.makeRecord(log.name, level, "", 0, name, (), None, extra={"fields": fields}))


def failed(log: logging.Logger, name: str, error: BaseException, /, **fields: object) -> None:
    """Log an error with its type and text; its traceback, on the same line, at debug level only.

    Other handlers find the error itself on the record, as ``failure``.
    """
    trace = "".join(traceback.format_exception(error)) if log.isEnabledFor(logging.DEBUG) else None
    told = {**fields, "error": f"{type(error).__name__}: {error}", "trace": trace}
    log.error(name, extra={"fields": told, "failure": error})


def who(address: str) -> str:
    """Return what stands for *address* in the log: the same for the same address, no way back; "-" for none."""
    if not address:
        return "-"
    return f"a:{hmac.digest(_pepper, address.lower().encode(errors='surrogatepass'), 'sha256').hex()[:12]}"


def without_addresses(text: str) -> str:
    """Return *text* with what stands for an address in place of each."""
    return _ADDRESS.sub(lambda found: who(found[0]), text)


def goes_to_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Say whether systemd reads *stream*: $JOURNAL_STREAM holds its device and inode (systemd.exec(5)).

    $INVOCATION_ID is no sign: a terminal inside a desktop session has it as well.
    """
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError, AttributeError):  # a stream without a file, or a closed one
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class _OneLine(logging.Formatter):
    def __init__(self, journal: bool) -> None:
        super().__init__()
        self._journal = journal

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of one event."""
        fields: Mapping[str, object] | None = getattr(record, "fields", None)
        if fields is None:  # somebody else's message
            name, fields = "note", {"logger": record.name, "text": record.getMessage(), **_raised(record)}
        else:
            name = record.msg
        pairs = [f"{key}={_value(key, value)}" for key, value in fields.items() if value is not None]
        line = " ".join((name, *pairs))
        if self._journal:
            return f"<{_PRIORITIES.get(record.levelno, _PRIORITIES[logging.INFO])}>{line}"
        when = datetime.fromtimestamp(record.created, UTC)
        moment = when.replace(tzinfo=None).isoformat(timespec="milliseconds")
        return f"{moment}Z {record.levelname.lower()} {line}"


def _raised(record: logging.LogRecord) -> dict[str, object]:
    if not record.exc_info or record.exc_info[1] is None:
        return {}
    error = record.exc_info[1]
    debug = logging.getLogger().isEnabledFor(logging.DEBUG)
    trace = "".join(traceback.format_exception(error)) if debug else None
    return {"error": f"{type(error).__name__}: {error}", "trace": trace}


def _value(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    limit = MAX_TRACE_CHARS if key == "trace" else MAX_VALUE_CHARS
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    if len(text) > limit:
        text = text[: limit - len(CUT)] + CUT
    if "@" in text:  # texts of errors name whom they are about
        text = without_addresses(text)
    return text if _BARE.fullmatch(text) else json.dumps(text)
