"""F13: machines that answer whatever they get. Each ticket costs two letters at most, and every exchange ends."""

import base64
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from helpdesk.store.engine import open_database
from helpdesk.store.work import in_work
from tests.endtoend.world import DESK, World, from_learner
from tests.faults.answering import (
    MARKS,
    THREAD,
    Answer,
    at_the_border,
    by_the_book,
    counting,
    dsn_storm,
    of_a_list,
    of_exchange,
    rude,
    silent,
    to_the_envelope,
    without,
)
from tests.faults.desk import database_server
from tests.faults.fault import Fault, Tally
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import Received, SmtpSink

OTHER_DESK = "support@autre.example"
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
OTHERS_NUMBERS = 500  # the tickets of two desks bear other numbers
MAX_LETTERS_PER_TICKET = 2
MAX_TICKETS = 3  # the first mail's, and two of a machine that looks like a person: then it is not answered
QUIET_LOOKS = 10  # one after the other: on a busy machine a single one takes longer than a letter
LIMIT_SECONDS = 120.0
MAX_LETTERS = 40  # an exchange that goes on for so long would go on for ever
TICKETS = 2
STRIPPED = ((), MARKS, (*MARKS, *THREAD))
MACHINES: tuple[Answer, ...] = (
    by_the_book,
    of_exchange,
    silent,
    to_the_envelope,
    rude,
    of_a_list,
    dsn_storm,
)
SELECTED = (by_the_book, rude, dsn_storm)
UNCAPPED, CAPPED, CAP = "per_address_hour = 100000", "per_address_hour = 10", 10
BUSY = "SELECT COUNT(*) FROM letters WHERE state IN ('queued', 'sending') AND last_error = ''"
WAITING = "SELECT COUNT(*) FROM letters WHERE state = 'queued' AND last_error <> ''"
PER_TICKET = "SELECT COUNT(*) FROM letters WHERE ticket_id IS NOT NULL GROUP BY ticket_id"


@dataclass
class Post:
    """Carries what a desk sends to whoever answers it, and the answers back."""

    world: World
    answer: Answer
    carried: int = 0
    answers: int = 0

    def carry(self) -> int:
        """Answer the letters that came since the last time; return how many they were."""
        fresh = self.world.sink.messages[self.carried :]
        for letter in fresh:
            self.carried += 1
            raws = self.answer(letter, self.carried)
            if raws:
                self.world.dovecot.append_many(self.world.user, raws)
            self.answers += len(raws)
        return len(fresh)

    @property
    def busy(self) -> bool:
        """Whether the desk has something to do now; a letter over a cap waits for its hour."""
        inbox = self.world.dovecot.folder_counts(self.world.user)["INBOX"]
        return bool(inbox or self.count(BUSY))

    def count(self, query: str) -> int:
        """Return the one number that a query finds."""
        return int(self.world.rows(query)[0][0])


def exchange(posts: Sequence[Post], max_tickets: int = MAX_TICKETS) -> list[str]:
    """Carry mail until nothing moves any more; return what may not be."""
    deadline = time.monotonic() + LIMIT_SECONDS
    quiet_looks = 0
    while quiet_looks < QUIET_LOOKS:
        moved = sum(post.carry() for post in posts)
        quiet_looks = 0 if moved or any(post.busy for post in posts) else quiet_looks + 1
        if sum(post.carried for post in posts) > MAX_LETTERS or time.monotonic() > deadline:
            return ["the exchange did not end"]
        time.sleep(0.1)
    return [problem for post in posts for problem in _excesses(post, max_tickets)]


def _excesses(post: Post, max_tickets: int) -> Iterator[str]:
    worst = max((row[0] for row in post.world.rows(PER_TICKET)), default=0)
    if worst > MAX_LETTERS_PER_TICKET:
        yield f"{worst} letters about one ticket"
    tickets = post.count("SELECT COUNT(*) FROM tickets")
    if tickets > max_tickets * TICKETS:
        yield f"{tickets} tickets"


@contextmanager
def desks(engine: str, folder: Path, count: int, caps: str = UNCAPPED) -> Iterator[list[World]]:
    """Give desks with a mailbox, a database and a key each; each knows the other's address. Their daemons run."""
    certificates = Certificates()
    users = ("desk", "second")[:count]
    with (
        Dovecot(users=dict.fromkeys(users, PASSWORD), certificates=certificates) as dovecot,
        database_server(engine, folder, certificates) as server,
        ExitStack() as stack,
    ):
        made = []
        for number, user in enumerate(users):
            sink = stack.enter_context(SmtpSink(certificates=certificates))
            own = {} if number == 0 else {"HELPDESK_SECRET_KEY": OTHER_KEY}
            place = folder / user
            place.mkdir(parents=True)
            world = World(place, server.fresh_database(), dovecot, sink, own, user=user).prepare()
            world.settings.write_text(world.settings.read_text().replace(UNCAPPED, caps))
            if number:
                world.settings.write_text(world.settings.read_text().replace(DESK, OTHER_DESK))
                _number_from(world, OTHERS_NUMBERS)
            if count > 1:
                world.register(OTHER_DESK if number == 0 else DESK, "The other desk")
            stack.callback(world.end)
            world.daemon()
            made.append(world)
        yield made


def _number_from(world: World, number: int) -> None:
    database = open_database(world.url)
    in_work(database, lambda work: work.tickets.next_numbers(number))
    database.close()


def _across(other: World, address: str, stripped: tuple[str, ...], post: Post) -> Answer:
    """Return what puts a letter to *address* into the other desk's mailbox; nothing comes back from there at once."""

    def deliver(letter: Received, _number: int) -> list[bytes]:
        content = without(letter.content, stripped)
        domain = (OTHER_DESK if address == DESK else DESK).rpartition("@")[2]
        if letter.recipients == (address,):
            other.dovecot.append_many(other.user, [at_the_border(content, domain)])
            post.answers += 1
        return []

    return deliver


def two_desks(engine: str, stripped: tuple[str, ...], folder: Path, _quick: bool) -> Tally:
    """Let two desks write to each other through a gateway that drops the fields *stripped*."""
    with desks(engine, folder, 2) as (first, second):
        posts = [Post(first, silent), Post(second, silent)]
        posts[0].answer = _across(second, OTHER_DESK, stripped, posts[0])
        posts[1].answer = _across(first, DESK, stripped, posts[1])
        for number in range(TICKETS):
            opening = from_learner(
                f"Question {number}", message_id=f"<{number}@autre.example>", sender=f"Support <{OTHER_DESK}>",
                proof="spf=pass smtp.mailfrom=autre.example; dmarc=pass header.from=autre.example",
            )  # fmt: skip
            first.dovecot.append_many(first.user, [opening])
        return _tally(posts, exchange(posts))


def machine(engine: str, answer: Answer, folder: Path, _quick: bool) -> Tally:
    """Let a machine answer every letter of a desk."""
    with desks(engine, folder, 1) as (desk,):
        _ask(desk)
        posts = [Post(desk, answer)]
        return _tally(posts, exchange(posts))


def endless(engine: str, folder: Path, _quick: bool) -> Tally:
    """Let a machine answer that nothing tells from a person: what ends it is the cap on letters to one address."""
    with desks(engine, folder, 1, CAPPED) as (desk,):
        hours = [_hour()]
        _ask(desk)
        posts = [Post(desk, counting)]
        problems = exchange(posts, MAX_LETTERS)
        hours.append(_hour())
        if posts[0].carried > CAP * len(set(hours)):
            problems.append(f"{posts[0].carried} letters; the cap is {CAP} an hour")
        if not posts[0].count(WAITING):
            problems.append("no letter waits for its hour")
        return _tally(posts, problems)


def _ask(desk: World) -> None:
    opening = [
        from_learner(f"Question {number}", message_id=f"<{number}@ecole.example>")
        for number in range(TICKETS)
    ]
    desk.dovecot.append_many(desk.user, opening)


def _hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _tally(posts: Sequence[Post], problems: list[str]) -> Tally:
    """Count what came of an exchange: each mail has one fate, each of the first mails its ticket."""
    answers = sum(post.answers for post in posts)
    fates = sum(post.count("SELECT COUNT(*) FROM mails WHERE fate IS NOT NULL") for post in posts)
    rows = sum(post.count("SELECT COUNT(*) FROM mails") for post in posts)
    tickets = sum(post.count("SELECT COUNT(*) FROM tickets") for post in posts)
    mails = TICKETS + answers
    note = f"{tickets} tickets, {sum(post.carried for post in posts)} letters"
    if waiting := sum(post.count(WAITING) for post in posts):
        note += f", {waiting} more wait"
    lost, doubled = max(0, mails - fates), max(0, rows - mails)
    return Tally(answers, mails, lost, doubled, 0, None, tuple(problems), note)


def _name(stripped: tuple[str, ...]) -> str:
    return {0: "as they are", len(MARKS): "without marks"}.get(len(stripped), "without marks and threads")


FAULTS = [
    *(
        Fault(
            f"F13 two desks, {_name(stripped)}",
            engine,
            partial(two_desks, engine, stripped),
            in_selection=engine == "SQLite" and stripped == STRIPPED[-1],
        )
        for engine in ("SQLite", "MariaDB")
        for stripped in STRIPPED
    ),
    *(
        Fault(
            f"F13 {answer.__name__.replace('_', ' ')}",
            "SQLite",
            partial(machine, "SQLite", answer),
            in_selection=answer in SELECTED,
        )
        for answer in MACHINES
    ),
    Fault("F13 a machine like a person", "SQLite", partial(endless, "SQLite")),
]
