"""Tell the contacts of certificates that are about to end: three weeks, a week and a day before."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import partial

from helpdesk.actions.contacts import tell_contacts
from helpdesk.actions.desk import Desk
from helpdesk.core.alertwords import CERTIFICATE_ENDS
from helpdesk.core.certificates import Certificate, ending, in_short
from helpdesk.core.datewords import shown_time
from helpdesk.core.letters import Notice
from helpdesk.core.people import Language
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
        worded = partial(_notice, one, desk.stationery.zone, now)
        tell_contacts(work, desk, f"certificate_ends:{days}", one.fingerprint, worded)
    return in_short(certificates, now)


def _notice(one: Certificate, zone: tzinfo, now: datetime, language: Language) -> Notice:
    ends = shown_time(one.ends_at, zone, language)
    return Notice(CERTIFICATE_ENDS[language], now, 1, f"{one.where}: {ends}")
