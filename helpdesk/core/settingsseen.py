"""Which settings changed since they were seen last, told by keyed fingerprints: no value is kept."""

import hmac
from collections.abc import Mapping

FINGERPRINT_HEX = 32
KEY_ITSELF = "secret_key"


def fingerprints(key: bytes, values: Mapping[str, str]) -> dict[str, str]:
    """Return what stands for each setting, by its name; the key that they are made with has one of its own."""
    return {name: _fingerprint(key, name, text) for name, text in ({KEY_ITSELF: ""} | dict(values)).items()}


def _fingerprint(key: bytes, name: str, text: str) -> str:
    return hmac.digest(key, f"{name}\0{text}".encode(errors="surrogatepass"), "sha256").hex()[
        :FINGERPRINT_HEX
    ]


def changed_names(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names of what changed, in order; of a mailbox that came or went, its name alone.

    With another key nothing can be compared but the key. A setting that only one of two releases has is none.
    """
    if before.get(KEY_ITSELF) != after.get(KEY_ITSELF):
        return [KEY_ITSELF]
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    return sorted(changed | (_mailboxes(before) ^ _mailboxes(after)))


def _mailboxes(seen: Mapping[str, str]) -> set[str]:
    parts = (name.split(".") for name in seen)
    return {f"imap.{some[1]}" for some in parts if some[0] == "imap" and len(some) > 2}
