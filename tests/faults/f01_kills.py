"""F1: a daemon dies by SIGKILL at every named place, again and again, while mail keeps coming."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from helpdesk.killpoints import AMBIGUOUS
from tests.faults.checker import check, copied_twice, look, message_id_of
from tests.faults.desk import SEED, FaultDesk, database_server
from tests.faults.fault import Fault, Tally
from tests.faults.kills import OUTSIDE, Killing, blame, places
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

DESKS = 2  # at once: a daemon's start waits as much as it works
BATCH = "batch_mails = 4\n"  # the first eight mails after a kill go one by one; then batches follow


@dataclass(frozen=True, slots=True)
class Way:
    """How daemons are killed in one line of the table, and how often in its long and in its quick version.

    ``selected_on``: the engine on which the ten-minute selection has it.
    """

    name: str
    kills: int
    quick_kills: int
    selected_on: str
    daemons: int = 1
    move: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """What came of one desk: ``killed`` and ``again`` count kills and second copies of letters by place."""

    tally: Tally
    killed: Counter[str]
    again: Counter[str]


WAYS = (
    Way("F1 kills, one daemon", 200, 8, "SQLite"),
    Way("F1 kills, IMAP without MOVE", 100, 6, "SQLite", move=False),
    Way("F1 kills, two daemons", 200, 8, "MariaDB", daemons=2),
)


def run(engine: str, way: Way, folder: Path, quick: bool) -> Tally:
    """Kill on several desks at once and add up what came of it."""
    certificates = Certificates()
    users = [f"desk{number}" for number in range(DESKS)]
    without = () if way.move else ("MOVE",)
    with (
        Dovecot(users=dict.fromkeys(users, PASSWORD), certificates=certificates, without=without) as dovecot,
        database_server(engine, folder, certificates) as server,
        ExitStack() as stack,
        ThreadPoolExecutor(DESKS) as threads,
    ):
        kills = (way.quick_kills if quick else way.kills) // DESKS
        desks = []
        for number, user in enumerate(users):
            sink = stack.enter_context(SmtpSink(certificates=certificates))
            desk = FaultDesk(
                folder / user,
                server.fresh_database(),
                dovecot,
                sink,
                user=user,
                imap_settings=BATCH,
                seed=SEED + number,
            )
            desks.append(stack.enter_context(desk))
        stories = list(threads.map(lambda desk: killed(desk, way, kills), desks))
    return together(stories, [] if quick else missed_places(way, stories))


def killed(desk: FaultDesk, way: Way, count: int) -> Story:
    """Kill the daemons of one desk so often; say what came of it."""
    killing = Killing(desk, daemons=way.daemons, move=way.move)
    killing.run(count)
    received = [(message_id_of(letter.content), letter.at) for letter in desk.sink.messages]
    again, unexplained = blame(received, killing.kills)
    problems = [*killing.problems]
    if unexplained:
        problems.append(f"{unexplained} letters came again although nobody was killed then")
    if not way.move:
        problems += copied_twice(desk.delivered, look(desk).in_folders)
    tally = Tally(len(killing.kills), 0, 0, 0, 0, problems=tuple(problems))
    return Story(check(desk, tally), Counter(kill.place for kill in killing.kills), again)


def together(stories: Sequence[Story], problems: Sequence[str]) -> Tally:
    """Add up what came of several desks."""
    tallies = [story.tally for story in stories]
    died: Counter[str] = sum((one.killed for one in stories), Counter())
    again: Counter[str] = sum((one.again for one in stories), Counter())
    expected = {*AMBIGUOUS, OUTSIDE}
    by_chance = sum(count for place, count in again.items() if place not in expected)
    copies = [f"{place} {count}" for place, count in sorted(again.items()) if place in expected]
    if by_chance:  # the letters' thread was between the dot and its commit when another place was reached
        copies.append(f"a letter was on its way at another place {by_chance}")
    kills = ", ".join(f"{place} {count}" for place, count in sorted(died.items()))
    return Tally(
        sum(one.faults for one in tallies),
        sum(one.mails for one in tallies),
        sum(one.lost for one in tallies),
        sum(one.doubled for one in tallies),
        sum(one.extra_letters for one in tallies),
        None,
        (*problems, *(problem for one in tallies for problem in one.problems)),
        f"killed: {kills}; letters again: {', '.join(copies) or 'none'}",
    )


def missed_places(way: Way, stories: Sequence[Story]) -> list[str]:
    """Return a complaint for each place where nobody was killed."""
    reached = set().union(*(story.killed for story in stories))
    return [f"nobody was killed at {point}" for point in places(way.move) if point not in reached]


FAULTS = [
    Fault(
        way.name,
        engine,
        partial(run, engine, way),
        extra_allowed=True,
        in_selection=engine == way.selected_on,
    )
    for way in WAYS
    for engine in ("SQLite", "MariaDB")
]
