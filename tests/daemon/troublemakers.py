"""Examiners for tests of the worker pool: what a mail says in its subject happens to its worker."""

import os
import signal
import time

from daemon.evidence import Judged
from daemon.examine import Examined, Examiner, Setup
from helpdesk.core.mail import Mail, Unreadable
from helpdesk.core.parse import parse
from helpdesk.core.verdict import Judgement
from helpdesk.core.verdicts import Verdict

JUDGED = Judged(Judgement(Verdict.PASS, "for the test", None, 9), 1_700_000_000)


def obedient(setup: Setup) -> Examiner:
    """Parse mails for real, after doing what the subject orders."""

    def examine(raw: bytes, now_epoch: int) -> Examined:
        mail = parse(raw, setup.caps, setup.own)
        if isinstance(mail, Mail):
            _obey(mail.subject)
        return Examined(mail, JUDGED)

    return examine


def _obey(order: str) -> None:
    match order.split():
        case ["hang"]:
            time.sleep(600)
        case ["spin"]:
            while True:
                pass
        case ["eat"]:
            hoard = [b"x" * 50_000_000]
            while True:
                hoard.append(hoard[0] * 2)
        case ["raise"]:
            raise KeyError("of this mail")
        case ["recurse"]:
            _obey(order)
        case ["end"]:
            os._exit(3)
        case ["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["segfault"]:
            os.kill(os.getpid(), signal.SIGSEGV)
        case ["sleep", seconds]:
            time.sleep(float(seconds))
        case ["write", path]:
            with open(path, "w") as file:  # noqa: PTH123
                file.write(str(os.getpid()))
            time.sleep(600)


def prints(setup: Setup) -> Examiner:
    """Write to standard output, as a careless library may."""

    def examine(raw: bytes, now_epoch: int) -> Examined:
        print("noise")
        return Examined(Unreadable(len(raw), "", f"seen at {now_epoch}"), JUDGED)

    return examine


class Evil:
    """Data that would run a command where it is unpickled without care."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/helpdesk-evil",)


class Reaching:
    """Data that would fetch what hangs on a class of ours, by the way in which some Pythons write enums."""

    def __reduce__(self) -> tuple[object, tuple[object, str]]:
        return getattr, (Verdict, "__init_subclass__")


def unreadable(setup: Setup) -> object:
    """Answer to every mail, the first plain one included, with what the parent refuses."""
    return lambda raw, now_epoch: Evil()


def taken_over(setup: Setup) -> object:
    """Answer as a worker would that a mail has taken over; the probe at the start is answered well."""
    return _evil


def _evil(raw: bytes, now_epoch: int) -> object:
    if b"evil" in raw:
        return Evil()
    return Reaching() if b"reaching" in raw else Examined(Unreadable(0, "", "fine"), JUDGED)


def useless(setup: Setup) -> Examiner:
    """Fail for every mail."""
    raise RuntimeError("not installed as it should be")


def constant(setup: Setup) -> Examiner:
    """Parse one mail and answer with it for ever."""
    first: list[Examined] = []

    def examine(raw: bytes, now_epoch: int) -> Examined:
        if b"lea" in raw and not first:
            first.append(Examined(parse(raw, setup.caps, setup.own), JUDGED))
        return first[0] if first else Examined(Unreadable(0, "", ""), JUDGED)

    return examine
