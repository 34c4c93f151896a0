"""The parse workers of each mailbox, from the settings; apart from the wiring, since they start before the rest.

A worker takes as long to import its modules as the daemon does for its own: both at once, on two processors.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

from daemon.parsers import ParsePool, WorkerLimits
from helpdesk.config import ImapSettings, Settings
from helpdesk.core.classify import OwnMarks

Pools: TypeAlias = Mapping[str, ParsePool]


@contextmanager
def parse_pools(settings: Settings) -> Iterator[Pools]:
    """Start the workers of every mailbox, by its name; they end with the block. Raises WorkerBroken."""
    with ExitStack() as stack:
        yield {one.name: stack.enter_context(parse_pool(settings, one)) for one in settings.mailboxes}


def parse_pool(settings: Settings, mailbox: ImapSettings) -> ParsePool:
    """Start the workers that examine a mailbox's mails."""
    limits = settings.limits
    return ParsePool(
        limits.workers,
        limits.caps,
        own_marks(settings.keys.install_id, settings.desk.addresses),
        mailbox.trust,
        settings.dns.nameservers,
        WorkerLimits(
            memory_bytes=limits.worker_memory_mib * 1024 * 1024, wall_s=float(limits.worker_seconds)
        ),
        settings.dns.port,
    )


def own_marks(install_id: str, addresses: Sequence[str]) -> OwnMarks:
    """Return the marks by which letters of the desk with these *addresses*, its main one first, are known."""
    domain = addresses[0].rpartition("@")[2] if addresses else ""
    return OwnMarks(install_id, domain, frozenset(addresses))
