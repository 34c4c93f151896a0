"""F6: a real IMAP server dies in the middle of the work and comes back, or shows all it ever had under new UIDs."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from helpdesk.core.backoff import RECONNECT_SECONDS
from tests.faults.checker import check
from tests.faults.desk import FaultDesk, fault_desk
from tests.faults.fault import Fault, Tally

LIMIT_SECONDS = RECONNECT_SECONDS[-1] + 5.0  # a minute at most until it is asked again, then a batch
AWAY_SECONDS = (0.0, 20.0, 75.0)  # one kill each
QUICK_AWAY_SECONDS = (0.0, 0.0, 5.0)
MAILS, QUICK_MAILS = 600, 180
IN_HAND_SECONDS = 20.0
LOOK_SECONDS = 0.002
LATER_SECONDS = 0.05
DONE = "Done"
SHOWN_MAILS = 300
DUPLICATES = "SELECT COUNT(*) FROM mails WHERE fate = 'duplicate'"
EFFECTS = (
    "SELECT (SELECT COUNT(*) FROM tickets) + (SELECT COUNT(*) FROM posts) + (SELECT COUNT(*) FROM letters)"
)


def killed(engine: str, folder: Path, mails: int, away_seconds: Sequence[float]) -> Tally:
    """Deliver *mails* in as many parts as the server is to die; each time it stays away for so long."""
    with fault_desk(engine, folder) as desk:
        daemon = desk.new_daemon()
        daemon.start()
        left, recoveries = [], []
        for seconds in away_seconds:
            desk.deliver(mails // len(away_seconds))
            _until_moving(desk)
            desk.dovecot.kill()
            left.append(len(desk.dovecot.files(desk.user)))
            time.sleep(seconds)
            desk.dovecot.start()
            recoveries.append(_back_in_service(desk))
            desk.wait_until_quiet()
        problems = [] if daemon.alive else ["the daemon did not survive"]
        if not any(left):
            problems.append("the server never died in the middle of the work")
        daemon.stop()
        away = ", ".join(f"{one:g}" for one in away_seconds)
        note = f"{', '.join(map(str, left))} mails left in the inbox; away {away} s"
        tally = Tally(len(away_seconds), 0, 0, 0, 0, max(recoveries), problems=tuple(problems), note=note)
        return check(desk, tally, shown_again=True)


def _until_moving(desk: FaultDesk) -> None:
    """Wait until the daemon begins to move mails out of the inbox, and a moment longer."""
    done = len(desk.dovecot.files(desk.user, DONE))
    until = time.monotonic() + IN_HAND_SECONDS
    while len(desk.dovecot.files(desk.user, DONE)) == done and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    time.sleep(desk.chance.uniform(0, LATER_SECONDS))


def _back_in_service(desk: FaultDesk) -> float:
    """Return how long it takes until one more mail is filed, of those that wait or of some more."""
    filed = desk.filed()
    desk.deliver(5)
    return desk.wait_until_filed(filed + 1)


def shown_again(engine: str, folder: Path, mails: int) -> Tally:
    """File *mails*, then put all of them back into the inbox under a new UIDVALIDITY, as a restored backup does."""
    with fault_desk(engine, folder) as desk:
        daemon = desk.new_daemon()
        daemon.start()
        desk.deliver(mails)
        desk.wait_until_quiet()
        effects, duplicates = desk.rows(EFFECTS), desk.rows(DUPLICATES)[0][0]
        validity = desk.dovecot.uidvalidity(desk.user)
        shown = desk.dovecot.restore(desk.user, DONE)
        desk.wait_until_filed(desk.filed() + shown)
        desk.wait_until_quiet()
        daemon.stop()
        again = desk.rows(DUPLICATES)[0][0] - duplicates
        problems = [] if desk.dovecot.uidvalidity(desk.user) != validity else ["UIDVALIDITY is the same"]
        if desk.rows(EFFECTS) != effects:
            problems.append("mails that were shown again had an effect")
        if again != shown:
            problems.append(f"{shown} mails shown again, {again} duplicates in the ledger")
        tally = check(desk, Tally(1, 0, 0, 0, 0, problems=tuple(problems)), shown_again=True)
        return replace(tally, note=f"{shown} mails shown again, {again} duplicates")


def _killed(engine: str, folder: Path, quick: bool) -> Tally:
    return killed(
        engine, folder, QUICK_MAILS if quick else MAILS, QUICK_AWAY_SECONDS if quick else AWAY_SECONDS
    )


def _shown_again(engine: str, folder: Path, _quick: bool) -> Tally:
    return shown_again(engine, folder, SHOWN_MAILS)


ENGINES = ("SQLite", "MariaDB")
FAULTS = [
    *(
        Fault(
            "F6 IMAP server killed",
            engine,
            partial(_killed, engine),
            recover_limit_seconds=LIMIT_SECONDS,
            in_selection=engine == "SQLite",
        )
        for engine in ENGINES
    ),
    *(
        Fault("F6 new UIDVALIDITY", engine, partial(_shown_again, engine), in_selection=engine == "MariaDB")
        for engine in ENGINES
    ),
]
