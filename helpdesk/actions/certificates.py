"""Tell the contacts of certificates that are about to end: three weeks, a week and a day before."""

from collections.abc import Iterable

from helpdesk.actions.contacts import tell_contacts
from helpdesk.actions.desk import Desk
from helpdesk.core.alertwords import CERTIFICATE_ENDS
from helpdesk.core.certificates import Certificate, ending, in_short
from helpdesk.core.datewords import shown_time
from helpdesk.core.letters import Notice
from helpdesk.store.work import Work, in_work


def tell_of_certificates(desk: Desk, seen: Iterable[Certificate]) -> str:
    """Raise an alarm for each of *seen* that has come to its next step; return in short what was seen.

    Raises StoreAway.
    """
    certificates = list(seen)
    return in_work(desk.database, lambda work: _tell(work, desk, certificates))


def _tell(work: Work, desk: Desk, certificates: list[Certificate]) -> str:
    now = desk.clock(work)
    for one, days in ending(certificates, now):
        ends = shown_time(one.ends_at, desk.stationery.zone, desk.language)
        notice = Notice(CERTIFICATE_ENDS[desk.language], now, 1, f"{one.where}: {ends}")
        tell_contacts(work, desk, f"certificate_ends:{days}", one.fingerprint, notice)
    return in_short(certificates, now)
