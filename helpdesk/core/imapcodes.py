"""What the response codes of an IMAP server say about a refusal (RFC 5530, RFC 9051 §7.1)."""

import re

# LIMIT and TOOBIG may be about how many mails were named at once, or about one; CORRUPTION about one.
_OF_FOLDERS = frozenset(
    ("OVERQUOTA", "NOPERM", "NONEXISTENT", "TRYCREATE", "UNAVAILABLE", "INUSE", "READ-ONLY")
)
_CODE = re.compile(r"\[([A-Z-]+)[] ]")


def is_about_folder(refusal: str) -> bool:
    """Say whether a NO or BAD is about a whole folder, as far as its code tells: no other mail will fare better."""
    found = _CODE.search(refusal.upper())
    return found is not None and found[1] in _OF_FOLDERS
