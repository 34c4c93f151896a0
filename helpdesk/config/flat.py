"""The settings as flat texts by name, to tell which changed; secrets among them, to be compared, never kept."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from helpdesk.config.secret import Secret
from helpdesk.config.settings import Settings

NOT_SETTINGS = frozenset(("file", "keys"))  # where they stand, and what a secret of its own tells
NAMES = {"log_level": "logs.level"}


def flat(settings: Settings) -> dict[str, str]:
    """Return every setting's text by its name: ``desk.name``, ``imap.main.host``."""
    found: dict[str, str] = {}
    for one in fields(settings):
        if one.name == "mailboxes":
            for mailbox in settings.mailboxes:
                found |= dict(_texts(f"imap.{mailbox.name}", mailbox))
        elif one.name not in NOT_SETTINGS:
            found |= dict(_texts(NAMES.get(one.name, one.name), getattr(settings, one.name)))
    return found


def _texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _texts(f"{name}.{one.name}", getattr(value, one.name))
    elif isinstance(value, Secret):
        yield name, value.reveal()
    elif isinstance(value, tuple):
        yield name, "\n".join(str(one) for one in value)
    else:
        yield name, str(value)
