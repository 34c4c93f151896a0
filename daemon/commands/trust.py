"""``helpdeskd.py trust calibrate`` and ``trust explain``: learn or explain why a sender is believed."""

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from daemon.commands.options import Commands, add_config, bytes_of, new_command, new_group, settings_of
from helpdesk.config import load_for_inspect
from helpdesk.core.trust import Trust
from helpdesk.errors import HelpdeskError

T = TypeVar("T")


def add(commands: Commands) -> None:
    """Add the verbs."""
    verbs = new_group(commands, "trust", "learn or explain why a sender is believed")
    calibrate = new_command(
        verbs,
        "calibrate",
        "read the route of recent mails and propose the trust settings",
        _calibrate,
        "Show hops, placement and ids of the last mails and propose [imap.trust]; "
        "the settings are written only after you agreed.",
    )
    add_config(calibrate)
    calibrate.add_argument("--mailbox", metavar="NAME", help="which mailbox (default: the first)")
    calibrate.add_argument("--last", type=int, default=20, metavar="N", help="how many mails (default: 20)")
    calibrate.add_argument(
        "--from-files", nargs="+", type=Path, metavar="FILE", help="read these mails instead"
    )
    explain = new_command(verbs, "explain", "say step by step why a mail was or was not believed", _explain)
    add_config(explain)
    explain.add_argument("--mailbox", metavar="NAME", help="by whose trust settings (default: the first)")
    explain.add_argument("file", type=Path, metavar="FILE", help="the mail, as .eml or from a Maildir")


def _calibrate(given: argparse.Namespace) -> int:
    from daemon.trust import calibrate

    if given.from_files:
        raws = [bytes_of(path) for path in given.from_files]
        return calibrate(raws, _trust(given), None, _agreed, sys.stdout)
    from daemon.imap import ImapInbox
    from daemon.wiring import account_of

    settings = settings_of(given)
    mailbox = _named({one.name: one for one in settings.mailboxes}, given.mailbox)
    with ImapInbox(account_of(mailbox)) as inbox:
        folders = (mailbox.folder, mailbox.done_folder, mailbox.held_folder)
        raws = inbox.newest_heads(folders, given.last)
    return calibrate(raws, mailbox.trust, settings.file, _agreed, sys.stdout, mailbox.name)


def _explain(given: argparse.Namespace) -> int:
    from daemon.dnsfacts import TxtLookups
    from daemon.trust import explain

    settings, trust = load_for_inspect(given.config, os.environ), _trust(given)
    lookups = TxtLookups(settings.dns.nameservers, settings.dns.port) if trust.recheck_dkim else None
    return explain(bytes_of(given.file), trust, settings.limits.caps, lookups, datetime.now(UTC), sys.stdout)


def _trust(given: argparse.Namespace) -> Trust:
    """Return the trust settings of the mailbox asked for; nobody is trusted where there are no settings."""
    by_mailbox = load_for_inspect(given.config, os.environ).trust
    return _named(by_mailbox, given.mailbox) if by_mailbox else Trust()


def _named(mailboxes: Mapping[str, T], name: str | None) -> T:
    """Return what belongs to the mailbox of that name, or to the first one."""
    wanted = next(iter(mailboxes)) if name is None else name
    if wanted not in mailboxes:
        raise HelpdeskError(
            f"there is no mailbox {wanted!r} in the settings; there is {', '.join(mailboxes)}"
        )
    return mailboxes[wanted]


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} ").strip().lower() in ("yes", "y", "oui", "o")
    except EOFError:
        return False
