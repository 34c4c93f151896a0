"""F6: the IMAP server refuses, hangs, cuts, lies or dies, at every command in turn; it forgets its UIDs."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from helpdesk.actions.intake import file_batch, known_source, mark_settled
from helpdesk.core.tickets import Fate
from tests.actions.intakes import IntakeBench, a_mail, arrival
from tests.faults.fault import Fault, Tally
from tests.faults.imap_script import How, Script, at_command, in_peace
from tests.faults.scripted_imap import USER, ScriptedImap
from tests.faults.small_desk import What, mails_of_each_kind
from tests.faults.watched import PATIENCE_SECONDS, TIMEOUT_SECONDS, Desks, Watched, in_haste, watched
from tests.servers.certificates import Certificates

SOMEBODYS = a_mail("Deleted by hand", sender="News <news@shop.example>", extra=["Precedence: bulk"])
LATE = a_mail("Late", message_id="<9@univ.example>")
QUICK_STEP = 23  # of the quick version: one command in so many only
MAX_TOLD = 8
PATHS = {"": (), ", MOVE absent": ("MOVE", "IDLE"), ", no UIDPLUS either": ("MOVE", "UIDPLUS", "IDLE")}


@dataclass(slots=True)
class _Sum:
    """What the runs showed together."""

    faults: int = 0
    runs: int = 0
    lost: int = 0
    doubled: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, where: str, missing: Counter[What], more: Counter[What], trouble: str) -> None:
        """Count one run."""
        self.lost += missing.total()
        self.doubled += more.total()
        self.problems += [f"{where}: {trouble}"] if trouble else []
        for words, some in (("missing", missing), ("too much", more)):
            self.problems += [f"{where}: {words}: {what}" for what in some]

    def tally(self) -> Tally:
        """Return it as a line of the table."""
        mails = self.runs * (len(mails_of_each_kind()) + 1)
        problems = tuple(self.problems[:MAX_TOLD])
        return Tally(
            self.faults, mails, self.lost, self.doubled, 0, problems=problems, note=f"{self.runs} runs"
        )


def conversation(
    desks: Desks,
    server: ScriptedImap,
    script: Script,
    timeout_seconds: float = TIMEOUT_SECONDS,
    patience_seconds: float = PATIENCE_SECONDS,
) -> tuple[Counter[What], str]:
    """Let a watch file mails of each kind while *script* strikes; return what came of it, and what is wrong."""
    server.script = script
    server.add_deleted(SOMEBODYS)
    server.append_many(USER, mails_of_each_kind())
    fresh = desks.fresh()
    _filed_before(fresh, server)
    with server.serving(), watched(fresh, server, timeout_seconds) as desk:
        trouble = _worked(desk, patience_seconds)
        return desk.state(), trouble


def _filed_before(desk: IntakeBench, server: ScriptedImap) -> None:
    """Let the flagged mail have its fate: when a strike takes it away, nothing else must change."""
    source = known_source(desk.desk, "main", server.inbox.uidvalidity, 14)
    [filed] = file_batch(desk.desk, source, [arrival(SOMEBODYS, 1)])
    assert filed.fate is Fate.IGNORED
    mark_settled(desk.desk, [filed.mail_id])


def each_command(hows: Iterable[How], without: Iterable[str], folder: Path, step: int) -> Tally:
    """Let each command of a conversation go wrong in each way, in a run of its own; every *step*-th only."""
    desks, certificates = Desks(folder), Certificates()
    total = _Sum()
    with in_haste():
        clean = ScriptedImap(folder, certificates, without)
        expected, trouble = conversation(desks, clean, in_peace)
        assert not trouble, trouble
        for place, how in enumerate(hows):
            for number in range(1 + place * step // 3 % step, clean.commands["all"] + 1, step):
                server = ScriptedImap(folder, certificates, without)
                state, trouble = conversation(desks, server, at_command(number, how))
                total.runs += 1
                total.faults += len(server.happened)
                where = f"{how.name} at command {number}, {[one.verb for one in server.happened]}"
                total.add(where, expected - state, state - expected, trouble)
    return total.tally()


def _worked(desk: Watched, patience_seconds: float) -> str:
    """Wait until the inbox is empty, then until a later mail is filed too; return what went wrong."""
    wanted = len(mails_of_each_kind()) + 1  # and the flagged one

    def filed(count: int) -> bool:
        return desk.quiet and len(desk.bench.ledger()) == count

    if trouble := desk.wait_for(lambda: filed(wanted), patience_seconds):
        return trouble
    desk.server.append_many(USER, [LATE])
    return desk.wait_for(lambda: filed(wanted + 1), patience_seconds)


def _each_command(without: tuple[str, ...]) -> Callable[[Path, bool], Tally]:
    def run(folder: Path, quick: bool) -> Tally:
        return each_command(How, without, folder, QUICK_STEP if quick else 1)

    return run


FAULTS = [
    Fault(
        f"F6 each IMAP command{name}", "SQLite", _each_command(without), in_selection="UIDPLUS" not in without
    )
    for name, without in PATHS.items()
]
