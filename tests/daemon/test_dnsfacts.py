"""DNS answers as facts: what is found, remembered and waited for."""

import time

import dns.rcode
import pytest

from daemon.dnsfacts import FAILING_SECONDS, NO_SUCH_TTL_SECONDS, TxtLookups
from helpdesk.core.dkimcheck import NO_ANSWER, NO_SUCH_TXT, TxtAnswer
from tests.daemon.dnsserver import SILENT, DnsServer

KEY = "s1._domainkey.a.example"
TEXT = TxtAnswer((b"v=DKIM1; p=AAAA",))
RECORD = ('"v=DKIM1; p=AAAA"',)


class MovableClock:
    """The real time plus what a test adds to it."""

    def __init__(self) -> None:
        self.added = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.added


def lookups_at(server: DnsServer, clock: MovableClock | None = None, budget: float = 0.5) -> TxtLookups:
    return TxtLookups(("127.0.0.1",), server.port, budget, clock or MovableClock())


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        pytest.param(RECORD, TEXT, id="one record"),
        pytest.param(('"v=DKIM1; " "p=AAAA"',), TEXT, id="a record in two strings"),
        pytest.param(('"x"', '"y"'), TxtAnswer((b"x", b"y")), id="two records"),
        pytest.param(('"\\255\\000"',), TxtAnswer((b"\xff\x00",)), id="bytes"),
        pytest.param((), NO_SUCH_TXT, id="a name without texts"),
        pytest.param(dns.rcode.NXDOMAIN, NO_SUCH_TXT, id="no such name"),
        pytest.param(dns.rcode.SERVFAIL, NO_ANSWER, id="a server in trouble"),
        pytest.param(dns.rcode.REFUSED, NO_ANSWER, id="a server that will not"),
        pytest.param(SILENT, NO_ANSWER, id="silence"),
    ],
)
def test_an_answer_is_texts_or_that_there_are_none_or_that_there_is_no_answer(
    content: object, answer: TxtAnswer
) -> None:
    with DnsServer({KEY: content}) as server:
        found = lookups_at(server).answers_for([KEY])
        assert {name: sorted(one.texts or ()) for name, one in found.items()} == {
            KEY: sorted(answer.texts or ())
        }
        assert (found[KEY].texts is None) == (answer.texts is None)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(f"{'a' * 64}.example", id="a long label"),
        pytest.param(f"{'a.' * 130}example", id="a long name"),
        pytest.param("a..example", id="an empty label"),
        pytest.param("\xff\u2028.example", id="odd characters"),
    ],
)
def test_a_name_that_cannot_be_asked_for_does_not_exist(name: str) -> None:
    with DnsServer({}) as server:
        assert lookups_at(server).answers_for([name]) == {name: NO_SUCH_TXT}


@pytest.mark.parametrize(
    ("content", "remembered_seconds"),
    [
        pytest.param(RECORD, 120, id="as long as its TTL"),
        pytest.param(dns.rcode.NXDOMAIN, NO_SUCH_TTL_SECONDS, id="no such name"),
        pytest.param(SILENT, FAILING_SECONDS, id="silence"),
    ],
)
def test_an_answer_is_remembered_for_a_time(content: object, remembered_seconds: int) -> None:
    clock = MovableClock()
    with DnsServer({KEY: content}, ttl=120) as server:
        lookups = lookups_at(server, clock)
        first = lookups.answers_for([KEY])
        asked = server.asked.count(KEY)
        clock.added = remembered_seconds - 5
        assert lookups.answers_for([KEY]) == first
        assert server.asked.count(KEY) == asked
        clock.added = remembered_seconds + 5
        lookups.answers_for([KEY])
        assert server.asked.count(KEY) > asked


@pytest.mark.parametrize(
    ("ttl", "seconds", "asked"),
    [
        pytest.param(0, 55, 1, id="at least a minute"),
        pytest.param(0, 65, 2, id="not longer than that"),
        pytest.param(10**9, 86_000, 1, id="at most a day"),
        pytest.param(10**9, 87_000, 2, id="a day is over"),
    ],
)
def test_a_ttl_is_held_within_reason(ttl: int, seconds: int, asked: int) -> None:
    clock = MovableClock()
    with DnsServer({KEY: RECORD}, ttl=ttl) as server:
        lookups = lookups_at(server, clock)
        lookups.answers_for([KEY])
        clock.added = seconds
        assert lookups.answers_for([KEY]) == {KEY: TEXT}
        assert server.asked.count(KEY) == asked


def test_what_was_used_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.dnsfacts.MAX_REMEMBERED", 2)
    with DnsServer({}) as server:
        lookups = lookups_at(server)
        lookups.answers_for(["a", "b", "a", "c"])
        lookups.answers_for(["a", "b"])
        assert server.asked == ["a", "b", "c", "b"]


def test_a_domain_that_does_not_answer_keeps_nobody_else_waiting() -> None:
    with DnsServer({"silent.example": SILENT, KEY: RECORD}) as server:
        lookups = lookups_at(server)
        assert lookups.answers_for(["silent.example"]) == {"silent.example": NO_ANSWER}
        start = time.monotonic()
        assert lookups.answers_for([KEY, "silent.example"]) == {KEY: TEXT, "silent.example": NO_ANSWER}
        assert time.monotonic() - start < 0.2


def test_a_dead_resolver_is_left_alone_for_half_a_minute() -> None:
    clock = MovableClock()
    with DnsServer({KEY: RECORD}, dead=True) as server:
        lookups = lookups_at(server, clock)
        assert lookups.answers_for([KEY]) == {KEY: NO_ANSWER}
        asked = len(server.asked)
        start = time.monotonic()
        assert lookups.answers_for([KEY, "b.example"]) == {KEY: NO_ANSWER, "b.example": NO_ANSWER}
        assert (time.monotonic() - start < 0.2, len(server.asked)) == (True, asked)
        clock.added = FAILING_SECONDS + 1
        lookups.answers_for([KEY])
        assert len(server.asked) > asked


def test_a_resolver_that_comes_back_is_asked_again() -> None:
    clock = MovableClock()
    with DnsServer({KEY: RECORD}) as server:
        lookups = lookups_at(server, clock)
        server._dead = True
        assert lookups.answers_for([KEY]) == {KEY: NO_ANSWER}
        server._dead = False
        clock.added = FAILING_SECONDS + 1
        assert lookups.answers_for([KEY]) == {KEY: TEXT}


def test_nothing_listens_where_the_resolver_should_be() -> None:
    with DnsServer({}) as server:
        port = server.port
    start = time.monotonic()
    assert TxtLookups(("127.0.0.1",), port, 0.5).answers_for([KEY]) == {KEY: NO_ANSWER}
    assert time.monotonic() - start < 1.0


def test_all_names_of_a_call_share_one_budget() -> None:
    names = [f"{number}.silent.example" for number in range(5)]
    with DnsServer(dict.fromkeys(names, SILENT)) as server:
        start = time.monotonic()
        assert lookups_at(server).answers_for(names) == dict.fromkeys(names, NO_ANSWER)
        assert time.monotonic() - start < 1.0


def test_after_much_waiting_there_is_less_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.dnsfacts.PATIENCE_SECONDS", 0.8)
    monkeypatch.setattr("daemon.dnsfacts.HASTY_SECONDS", 0.1)
    names = [f"{number}.silent.example" for number in range(6)]
    clock = MovableClock()
    with DnsServer(dict.fromkeys(names, SILENT) | {KEY: RECORD}) as server:
        lookups = lookups_at(server, clock)
        waits = []
        for name in names:
            start = time.monotonic()
            lookups.answers_for([name])
            waits.append(time.monotonic() - start)
        assert waits[0] > 0.3
        assert max(waits[3:]) < 0.25
        assert lookups.answers_for([KEY]) == {KEY: TEXT}
        clock.added = 60
        start = time.monotonic()
        lookups.answers_for(["0.silent.example"])
        assert time.monotonic() - start > 0.3
