"""What the daemon would see in mail files, told without touching anything.

Thousands of files in one call: read and examined batch by batch, told in the order given, each isolated from
the others by the same worker processes that the daemon uses.
"""

import json
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from daemon.evidence import Judged
from daemon.examine import Examined
from daemon.parsers import ParsePool, WorkerLimits
from daemon.pools import own_marks
from helpdesk.config.settings import InspectSettings
from helpdesk.core.folds import visible_text
from helpdesk.core.mail import Mail, Unreadable
from helpdesk.core.terminal import term_safe, term_safe_block
from helpdesk.core.trust import Trust
from helpdesk.core.verdict import Judgement, bomb
from helpdesk.core.verdicts import Verdict

BATCH_FILES = 64
BATCH_BYTES = 16 * 1024 * 1024
PROVEN = (Verdict.PASS, Verdict.PASS_DKIM)


@dataclass(frozen=True, slots=True)
class _File:
    """One file: its mail as the wire has it, or ``told`` where that is not looked at; ``problem`` when unread."""

    path: Path
    raw: bytes = b""
    problem: str = ""
    told: Examined | None = None


def inspect_files(
    paths: Sequence[Path],
    as_json: bool,
    settings: InspectSettings,
    now: datetime,
    out: TextIO,
) -> int:
    """Write what each file holds to *out*; return 0 if every file could be read, else 1.

    *as_json*: one object per line and file, ASCII only. A mail that breaks a cap is told as such and is no
    failure. The first mailbox's trust settings count.
    """
    limits = settings.limits
    worker = WorkerLimits(limits.worker_memory_mib * 1024 * 1024, wall_s=float(limits.worker_seconds))
    trust = next(iter(settings.trust.values()), Trust())
    workers = min(limits.workers, len(paths)) or 1
    failed = False
    own = own_marks(settings.install_id, settings.addresses)
    with ParsePool(
        workers, limits.caps, own, trust, settings.dns.nameservers, worker, settings.dns.port
    ) as pool:
        for files in _batches(paths, limits.caps.max_bytes):
            fresh = [file.raw for file in files if not (file.problem or file.told)]
            examined = iter(pool.examine(fresh, int(now.timestamp())) if fresh else ())
            for file in files:
                failed = failed or bool(file.problem)
                found = file.told or (None if file.problem else next(examined))
                out.write(_json_line(file, found) if as_json else _block(file, found))
    return 1 if failed else 0


def wire_form(stored: bytes) -> bytes:
    """Return a mail file as a server would send it.

    A file with any CRLF is taken as it is. One without is a local form (Maildir, mbox, an editor): the "From "
    line of an mbox goes, every LF becomes CRLF.
    """
    if b"\r\n" in stored:
        return stored
    if stored.startswith(b"From "):
        stored = stored.partition(b"\n")[2]
    return stored.replace(b"\n", b"\r\n")


def _batches(paths: Sequence[Path], max_bytes: int) -> Iterator[list[_File]]:
    batch: list[_File] = []
    size = 0
    for path in paths:
        file = _read(path, max_bytes)
        batch.append(file)
        size += len(file.raw)
        if len(batch) >= BATCH_FILES or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(path: Path, max_bytes: int) -> _File:
    try:
        kind = path.stat()
        if not stat.S_ISREG(kind.st_mode):  # a pipe could keep the others waiting for ever
            form = "a directory" if stat.S_ISDIR(kind.st_mode) else "no regular file"
            return _File(path, problem=f"is {form}")
        if kind.st_size > max_bytes:
            reason = f"{kind.st_size} bytes; the limit is {max_bytes}"
            return _File(
                path, told=Examined(Unreadable(kind.st_size, "", reason), Judged(bomb(reason), None))
            )
        with path.open("rb") as file:
            return _File(path, wire_form(file.read(max_bytes + 1)))
    except (OSError, ValueError) as error:
        return _File(path, problem=(error.strerror if isinstance(error, OSError) else None) or str(error))


def _json_line(file: _File, found: Examined | None) -> str:
    mail = found.mail if found and isinstance(found.mail, Mail) else None
    judgement = found.judged.judgement if found else None
    told = {
        "file": str(file.path),
        "subject": mail.subject if mail else "",
        "from": _sender(mail, judgement),
        "from_name": mail.from_name if mail else "",
        "date": mail.date.astimezone(UTC).isoformat() if mail and mail.date else None,
        "message_id": mail.message_id if mail else "",
        "references": list(mail.references) if mail else [],
        "text": mail.text if mail else "",
        "visible_text": visible_text(mail.text, mail.folds) if mail else "",
        "class": mail.kind.value if mail else None,
        "suppress_reply": bool(mail.suppress_reply) if mail else True,
        "attachments": [
            {"name": part.name, "size": part.size, "sha256": part.sha256, "content_type": part.content_type}
            for part in (mail.attachments if mail else ())
        ],
        "bounce_recipients": list(mail.bounce.recipients) if mail and mail.bounce else [],
        "verdict": judgement.verdict.value if judgement else None,
        "verdict_reason": judgement.reason if judgement else None,
        "proven": judgement is not None and judgement.verdict in PROVEN,
        "problem": _problem(file, found) or None,
    }
    return json.dumps(told) + "\n"


def _sender(mail: Mail | None, judgement: Judgement | None) -> str:
    if judgement and judgement.sender:
        return judgement.sender.address
    return mail.shown_from if mail else ""


def _problem(file: _File, found: Examined | None) -> str:
    if found is None:
        return file.problem
    return found.mail.problem if isinstance(found.mail, Mail) else found.mail.reason


def _block(file: _File, found: Examined | None) -> str:
    """The form for people: one line per fact, then the text as a reader would see it."""
    mail = found.mail if found and isinstance(found.mail, Mail) else None
    facts = [*_facts(mail, found.judged.judgement if found else None), ("Problem", _problem(file, found))]
    lines = [
        term_safe(str(file.path)),
        *(f"  {name + ':':<13}{term_safe(value)}" for name, value in facts if value),
    ]
    if mail:
        hidden = sum(mail.text.count("\n", fold.start, fold.end - 1) + 1 for fold in mail.folds)
        lines.append(
            f"  Text:        {len(mail.text)} characters" + (f", {hidden} lines folded" if hidden else "")
        )
        shown = term_safe_block(visible_text(mail.text, mail.folds))
        lines.extend(f"  | {line}".rstrip() for line in shown.split("\n"))
    return "\n".join(lines) + "\n\n"


def _facts(mail: Mail | None, judgement: Judgement | None) -> Iterator[tuple[str, str]]:
    if judgement:
        proven = "proven" if judgement.verdict in PROVEN else "not proven"
        yield "From", f"{_sender(mail, judgement)} ({proven})"
        yield "Verdict", f"{judgement.verdict.value}: {judgement.reason}"
    if mail is None:
        return
    yield "Name", mail.from_name
    yield "Subject", mail.subject
    yield "Date", mail.date.astimezone(UTC).isoformat(" ", "seconds") if mail.date else ""
    yield "Message-ID", mail.message_id
    yield "References", " ".join(mail.references)
    yield "Class", mail.kind.value
    yield "No answer", mail.suppress_reply
    if mail.bounce:
        yield "Bounced", ", ".join(mail.bounce.recipients) or "nobody named"
    for part in mail.attachments:
        yield "Attachment", f"{part.name} ({part.content_type}, {part.size} bytes, sha256 {part.sha256})"
