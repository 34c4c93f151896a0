"""Tell the contacts of certificates that are about to end: three weeks, a week and a day before."""

from collections.abc import Iterable

from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.core.alertwords import CERTIFICATE_ENDS
from helpdesk.core.certificates import Certificate, ending
from helpdesk.core.letters import Addressee, Notice, alert, dedupe_key, shown_time
from helpdesk.store.rows import Row
from helpdesk.store.work import Work, in_work


def tell_of_certificates(desk: Desk, seen: Iterable[Certificate]) -> int:
    """Queue an alert to each contact for each of *seen* that has come to its next step; return how many end soon.

    Raises StoreAway.
    """
    certificates = list(seen)
    return in_work(desk.database, lambda work: _tell(work, desk, certificates))


def _tell(work: Work, desk: Desk, certificates: list[Certificate]) -> int:
    now = desk.clock(work)
    found = ending(certificates, now)
    rows: dict[str, Row] = {}
    for one, days in found:
        ends = shown_time(one.ends_at, desk.stationery.zone, desk.language)
        notice = Notice(CERTIFICATE_ENDS[desk.language], now, 1, f"{one.where}: {ends}")
        for address in desk.alert_addresses:
            dedupe = dedupe_key("certificate", one.fingerprint, str(days), address)
            letter = alert(desk.stationery, Addressee(address, desk.language), notice, dedupe, now)
            rows[dedupe] = letter_row(letter, now)
    told = work.letters.known(rows)
    work.letters.add([row for dedupe, row in rows.items() if dedupe not in told])
    return len(found)
