"""``once``: empty the mailboxes and the outbox, then end; nothing that was taken for it is kept."""

import asyncio
import contextlib
import logging
import os

from daemon import wiring
from daemon.alertlog import AlertLog
from daemon.imap import ImapInbox
from daemon.parsers import ParsePool
from daemon.pools import Pools
from daemon.sealing import Sealing
from daemon.watch import LEASE_SECONDS
from helpdesk import killpoints
from helpdesk.actions.desk import Desk
from helpdesk.actions.leases import Lease
from helpdesk.config import ImapSettings, Settings
from helpdesk.errors import HelpdeskError, MailboxAway, StoreAway
from helpdesk.logs import event
from helpdesk.opening import desk_of, opened_database
from helpdesk.store.schema import require_current

LOG = logging.getLogger("helpdesk.service")


def once(settings: Settings, pools: Pools) -> int:
    """Empty every mailbox and then the outbox; 1 when a server was away or letters still wait."""
    killpoints.arm(os.environ)
    with wiring.only_daemon_here(settings.desk.state_dir) as unclean:
        database = opened_database(settings, make=True)
        require_current(database)
        desk = desk_of(settings, database)
        owner = wiring.owner_name(settings)
        status = 0
        for mailbox in settings.mailboxes:
            try:
                _empty(settings, mailbox, desk, pools[mailbox.name], unclean, owner)
            except HelpdeskError as trouble:
                event(LOG, "away", logging.ERROR, mailbox=mailbox.name, error=trouble)
                status = 1
        alarms = AlertLog(desk, settings.suspicion.alert_file, owner)
        with contextlib.suppress(StoreAway):  # told of above
            while alarms.write():
                pass
        result = asyncio.run(wiring.delivery_of(settings, database).drain())
        sealing = Sealing(desk, settings.audit, owner)
        sealing.look()
        sealing.finish()
        event(
            LOG,
            "drained",
            sent=result.sent,
            later=result.later,
            dead=result.dead,
            problem=result.problem or None,
        )
        database.close()
        return 1 if status or result.problem or result.later or result.dead else 0


def _empty(
    settings: Settings, mailbox: ImapSettings, desk: Desk, pool: ParsePool, unclean: bool, owner: str
) -> None:
    """Empty one mailbox. Raises HelpdeskError when a server is away, or another daemon is at it."""
    lease = Lease(desk.database, f"mailbox:{mailbox.name}", owner, LEASE_SECONDS)
    if not lease.keep():
        raise MailboxAway(f"mailbox {mailbox.name}: another daemon is working on it")
    try:
        with ImapInbox(wiring.account_of(mailbox)) as inbox:
            intake = wiring.intake_of(settings, mailbox, desk, pool, lambda: None, unclean, lease)
            folders = wiring.folders_of(mailbox)
            inbox.make_folders((folders.done, folders.held, folders.quarantine))
            while intake.drain(inbox, lease.keep):
                pass
    finally:
        with contextlib.suppress(StoreAway):  # then it runs out by itself
            lease.release()
