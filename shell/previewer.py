"""The process that reads a kept mail for a preview: within limits, with no secret, and then it ends.

The mail comes on standard input, one JSON object goes to standard output. The shell trusts neither.
"""

import json
import resource
import sys

from helpdesk.core.classify import OwnMarks
from helpdesk.core.encodedwords import decode_words
from helpdesk.core.fields import OverCap, read_block, unfold
from helpdesk.core.mail import Caps, Mail, Unreadable
from helpdesk.core.parse import parse

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 10
ANSWER_BYTES = 4 * 1024 * 1024
MAX_TEXT = 200_000
MAX_HEADERS = 200
MAX_VALUE = 2000


def main() -> None:
    """Read the mail and write what may be shown of it."""
    _confine()
    raw = sys.stdin.buffer.read()
    sys.stdout.write(json.dumps(preview_of(raw)))


def _confine() -> None:
    """Let this process do nothing but compute: hard limits, which it cannot take back."""
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, ANSWER_BYTES),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))


def preview_of(raw: bytes) -> dict[str, object]:
    """Return headers, text and the names of attachments as plain data; never raises for a mail."""
    caps = Caps()
    seen = parse(raw, caps, OwnMarks("", "", frozenset()))
    found: dict[str, object] = {"headers": _headers(raw, caps), "text": "", "attachments": [], "problem": ""}
    if isinstance(seen, Unreadable):
        return found | {"problem": seen.reason}
    return found | _of_mail(seen)


def _of_mail(mail: Mail) -> dict[str, object]:
    attachments = [
        {"name": one.name, "content_type": one.content_type, "size": one.size} for one in mail.attachments
    ]
    return {"text": mail.text[:MAX_TEXT], "attachments": attachments, "problem": mail.problem}


def _headers(raw: bytes, caps: Caps) -> list[tuple[str, str]]:
    try:
        fields = read_block(raw, 0, len(raw), caps).fields
    except OverCap as over:
        return [("", str(over))]
    return [
        (name, decode_words(unfold(value)[: caps.max_field_bytes], caps.max_encoded_words)[:MAX_VALUE])
        for name, value in fields[:MAX_HEADERS]
    ]


if __name__ == "__main__":
    main()
