"""What the log and the figures are told of a batch of mails."""

import logging
import time
from collections.abc import Sequence

from daemon import meters
from helpdesk.actions.arrival import Filed, Source
from helpdesk.logs import event, who

LOG = logging.getLogger("helpdesk.intake")


def tell_filed(source: Source, filed: Sequence[Filed], started: float) -> None:
    """Log one line for each mail; the time is that of its batch, shared out."""
    each_ms = round((time.monotonic() - started) * 1000 / max(len(filed), 1))
    for one in filed:
        meters.count_filed(source.name, one.fate, one.verdict)
        event(
            LOG,
            "filed" if one.fate else "deferred",
            logging.ERROR if one.error else logging.INFO,
            mailbox=source.name,
            uid=one.uid,
            mail=one.mail_id,
            fate=one.fate,
            rule=one.rule,
            verdict=one.verdict,
            sender=who(one.sender),
            ticket=one.ticket_number,
            ms=each_ms,
            error=one.error,
        )
