"""Whether a mail is small enough to be looked at, asked of its bytes before anything is decoded."""

from helpdesk.core.fields import OverCap
from helpdesk.core.mail import Caps
from helpdesk.core.mimewalk import walk


def measure(raw: bytes, caps: Caps) -> str:
    """Return why *raw* will not be read: which cap, what was found, what is allowed; empty when it may be.

    Size, every header block (bytes, fields, longest field), number and depth of parts. A forwarded mail
    (``message/rfc822``) counts as one part, since it is never opened. Linear time; copies nothing.
    """
    try:
        walk(raw, caps)
    except OverCap as over:
        return str(over)
    return ""
