"""What is read out of one mail: its parts and the verdict on its sender. Runs in the worker processes."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.evidence import Judged, judged
from helpdesk.core.classify import OwnMarks
from helpdesk.core.fingerprint import fingerprint_of
from helpdesk.core.mail import Caps, Mail, Unreadable
from helpdesk.core.parse import parse
from helpdesk.core.trust import Trust
from helpdesk.core.verdict import bomb


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything about one mail that can be known without the database."""

    mail: Mail | Unreadable
    judged: Judged


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker needs to examine mails. No ``nameservers``: those of the machine are asked."""

    caps: Caps
    own: OwnMarks
    trust: Trust
    nameservers: tuple[str, ...] = ()
    dns_port: int = 53


Examiner = Callable[[bytes, int], Examined]


def examiner(setup: Setup) -> Examiner:
    """Return the function that examines one mail as the wire has it, at a time in seconds since 1970."""
    lookups = None
    if setup.trust.configured and setup.trust.recheck_dkim:
        from daemon.dnsfacts import TxtLookups  # takes longer to load than all the rest

        lookups = TxtLookups(setup.nameservers, setup.dns_port)

    def examine(raw: bytes, now_epoch: int) -> Examined:
        mail = parse(raw, setup.caps, setup.own)
        if isinstance(mail, Unreadable):
            return Examined(mail, Judged(bomb(mail.reason), None))
        return Examined(mail, judged(raw, setup.caps, setup.trust, lookups, now_epoch))

    return examine


def given_up(raw: bytes, reason: str) -> Examined:
    """Return what stands for a mail that could not be examined; *reason* says what happened to its worker."""
    return Examined(Unreadable(len(raw), fingerprint_of(raw), reason), Judged(bomb(reason), None))
