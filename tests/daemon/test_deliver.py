"""Delivery: each letter goes out, once where that can be known, whatever relay and database do."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.deliver import Delivery, DrainResult
from daemon.links import Links
from daemon.shift import DeliverySettings
from daemon.smtp import Relay, RelaySettings
from daemon.smtplink import Link, Report
from helpdesk.actions.deliver import Ended, Outbox, Settled, Taken
from helpdesk.core.smtpreplies import End
from helpdesk.errors import StoreAway
from tests.actions.outboxes import OutboxBench, bench
from tests.daemon.scripted_relay import CUT, HANG, Authority, ScriptedRelay
from tests.servers.certificates import Certificates, Flaw
from tests.servers.smtp_sink import SmtpSink, Tls

SLOW = DeliverySettings(poll_seconds=60.0)  # what happens within a test happens because somebody woke it


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[OutboxBench]:
    made = bench(f"sqlite:///{tmp_path}/outbox.sqlite3")
    made.now = datetime.now(UTC)
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def relay_for(server: ScriptedRelay, ca_file: str | None = None, **changes: float | str) -> Relay:
    tls = "plain" if server.tls is None else "starttls" if server.starttls else "tls"
    settings = RelaySettings("127.0.0.1", server.port, tls, ca_file=ca_file, hello_name="desk.example")
    return Relay(replace(settings, **changes))  # type: ignore[arg-type]


def real(desk: OutboxBench) -> Outbox:
    """Return the outbox with the real clock."""
    return Outbox(desk.database)


def drain(desk: OutboxBench, relay: Relay, settings: DeliverySettings = SLOW) -> DrainResult:
    return asyncio.run(Delivery(real(desk), relay, settings).drain())


async def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running(delivery: Delivery) -> AsyncIterator[None]:
    """Run a delivery beside the test, and see that it stops within two seconds."""
    stop = asyncio.Event()
    task = asyncio.create_task(delivery.run(stop))
    try:
        yield
    finally:
        began = time.monotonic()
        stop.set()
        await task
        assert time.monotonic() - began < 2.0


def names(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.msg for record in caplog.records if record.name == "helpdesk.letters"]


def message_id_of(content: bytes) -> str:
    return content.partition(b"\r\n")[0].decode().removeprefix("Message-ID: ")


def message_ids(server: ScriptedRelay) -> list[str]:
    return [message_id_of(letter.content) for letter in server.letters]


@pytest.mark.parametrize("tls", list(Tls), ids=lambda tls: tls.name)
def test_every_letter_that_is_due_arrives_once_and_is_marked(
    desk: OutboxBench, certificates: Certificates, tls: Tls
) -> None:
    sent = desk.queue(120)
    names = {Tls.STARTTLS: "starttls", Tls.IMPLICIT: "tls", Tls.NONE: "plain"}
    with SmtpSink(tls=tls, certificates=certificates, user="desk", password="secret") as sink:
        relay = Relay(
            RelaySettings(
                sink.host, sink.port, names[tls], "desk", "secret", str(sink.ca_file), "desk.example"
            )
        )
        assert drain(desk, relay) == DrainResult(sent=120, later=0, dead=0)
        arrived = sink.messages
    assert sorted(message_id_of(one.content) for one in arrived) == sorted(sent)
    assert {one.encrypted for one in arrived} == {tls is not Tls.NONE}
    assert {one.user for one in arrived} == {"desk"}
    assert set(desk.states()) == {"sent"}
    assert sink.connections <= 4


def test_nothing_due_means_no_connection(desk: OutboxBench) -> None:
    desk.queue(2, due_at=desk.now + timedelta(hours=1))
    server = ScriptedRelay()
    with server.serving():
        assert drain(desk, relay_for(server)) == DrainResult(0, 0, 0)
    assert server.connections == 0


def test_one_refused_letter_does_not_keep_the_others_waiting(desk: OutboxBench) -> None:
    desk.queue(20)
    server = ScriptedRelay({"rcpt": b"550 no such user\r\n"}, once={"rcpt"})
    with server.serving():
        result = drain(desk, relay_for(server))
    assert result == DrainResult(sent=19, later=0, dead=1)
    assert sorted(desk.states()) == ["dead", *["sent"] * 19]
    assert [row["detail"]["reason"] for row in desk.audited()] == ["RCPT: 550 no such user"]


def test_a_letter_put_off_by_the_relay_is_tried_again_later(desk: OutboxBench) -> None:
    desk.queue(3)
    server = ScriptedRelay({"content": b"451 greylisted\r\n"}, once={"content"})
    with server.serving():
        result = drain(desk, relay_for(server))
    assert result == DrainResult(sent=2, later=1, dead=0)
    (waiting,) = [row for row in desk.rows() if row["state"] == "queued"]
    assert 50 < (waiting["next_at"] - datetime.now(UTC)).total_seconds() < 70


def test_a_cut_after_the_dot_is_tried_again_with_the_same_message_id(desk: OutboxBench) -> None:
    (message_id,) = desk.queue()
    server = ScriptedRelay({"content": CUT}, once={"content"}, keeps_all=True)
    with server.serving():
        assert drain(desk, relay_for(server)) == DrainResult(sent=0, later=1, dead=0)
        with desk.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE letters SET next_at = '2026-01-01 00:00:00.000000'")
        assert drain(desk, relay_for(server)) == DrainResult(sent=1, later=0, dead=0)
    assert message_ids(server) == [message_id, message_id]


def test_a_letter_is_marked_before_goodbye(desk: OutboxBench) -> None:
    desk.queue()
    server = ScriptedRelay({"quit": CUT})
    with server.serving():
        assert drain(desk, relay_for(server)).sent == 1
    assert desk.states() == ["sent"]
    assert server.commands[-1] == "QUIT"


@pytest.mark.parametrize("flaw", list(Flaw), ids=lambda flaw: "no TLS" if flaw is Flaw.NONE else flaw.value)
def test_nothing_goes_out_in_clear_and_nothing_is_lost(
    desk: OutboxBench, authority: Authority, flaw: Flaw
) -> None:
    desk.queue(3)
    offered = None if flaw is Flaw.NONE else authority.context(flaw)
    server = ScriptedRelay(tls=offered, starttls=offered is not None)
    with server.serving():
        result = drain(desk, relay_for(server, authority.ca_file, tls="starttls"))
        assert result.sent == result.dead == 0
        assert "nothing was sent" in result.problem
        assert server.letters == []
        assert b"MAIL" not in server.in_clear
    assert [(row["state"], row["attempts"]) for row in desk.rows()] == [("queued", 0)] * 3


def test_a_relay_that_is_away_only_delays(desk: OutboxBench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server = ScriptedRelay()
    with server.serving():
        pass  # now its port is known, and nobody listens

    async def main() -> None:
        desk.queue(3)
        async with running(Delivery(real(desk), relay_for(server), SLOW)):
            await until(lambda: "relay-away" in names(caplog))
            await asyncio.sleep(1.5)  # some more attempts to connect
            with server.serving():
                await until(lambda: set(desk.states()) == {"sent"})

    asyncio.run(main())
    assert [row["attempts"] for row in desk.rows()] == [1, 1, 1]
    assert [name for name in names(caplog) if name.startswith("relay")] == ["relay-away", "relay-back"]


def test_a_relay_that_wants_a_login_kills_no_letter(
    desk: OutboxBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = ScriptedRelay({"mail": b"530 authentication required\r\n"})

    async def main() -> None:
        with server.serving():
            desk.queue(3)
            async with running(Delivery(real(desk), relay_for(server), SLOW)):
                await until(lambda: "relay-away" in names(caplog))
                server.script.clear()
                await until(lambda: set(desk.states()) == {"sent"})

    asyncio.run(main())
    assert [name for name in names(caplog) if name.startswith("relay")] == ["relay-away", "relay-back"]
    assert desk.audited() == []


def test_a_letter_that_always_meets_a_fault_does_not_keep_the_others_waiting(desk: OutboxBench) -> None:
    server = ScriptedRelay({"mail": CUT})

    async def main() -> None:
        with server.serving():
            (poison,) = desk.queue()
            settings = replace(SLOW, connections=1)
            async with running(Delivery(real(desk), relay_for(server), settings)):
                await until(lambda: desk.states() == ["queued"] and desk.rows()[0]["attempts"] == 1, 20)
                server.script.clear()
                assert desk.rows()[0]["last_error"] == "MAIL: the connection was lost"
                assert poison not in message_ids(server)

    asyncio.run(main())


def test_a_drain_goes_on_when_one_link_fails_and_another_works_in_the_same_moment(
    desk: OutboxBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.queue(3)
    server = ScriptedRelay({"mail": CUT}, once={"mail"})
    fault = Links.fault

    def fault_then_works(links: Links, reason: str) -> None:
        fault(links, reason)
        links.works()

    monkeypatch.setattr(Links, "fault", fault_then_works)
    with server.serving():
        assert drain(desk, relay_for(server)) == DrainResult(sent=3, later=0, dead=0)


def test_a_letter_that_breaks_us_does_not_stop_the_others(
    desk: OutboxBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.queue(10)
    server = ScriptedRelay()
    send = Link.send

    async def broken(link: Link, sender: str, recipient: str, content: bytes) -> Report:
        if recipient.startswith("learner3@"):
            raise ValueError("a defect")
        return await send(link, sender, recipient, content)

    monkeypatch.setattr(Link, "send", broken)
    with server.serving():
        assert drain(desk, relay_for(server)) == DrainResult(sent=9, later=1, dead=0)
    assert desk.rows()[2]["last_error"] == "defect: ValueError"


def test_a_link_that_the_relay_closed_while_idle_costs_nothing(desk: OutboxBench) -> None:
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            delivery = Delivery(real(desk), relay_for(server), SLOW)
            async with running(delivery):
                for count in range(1, 4):
                    desk.queue()
                    delivery.wake()
                    await until(lambda: desk.states() == ["sent"] * count)  # noqa: B023 - awaited in the loop
                    server.cut_all()

    asyncio.run(main())
    assert server.connections == 3
    assert [row["attempts"] for row in desk.rows()] == [1, 1, 1]


def test_a_busy_link_that_is_told_to_close_loses_no_attempt(
    desk: OutboxBench, caplog: pytest.LogCaptureFixture
) -> None:
    server = ScriptedRelay(pipelining=False)

    async def main() -> None:
        with server.serving():
            delivery = Delivery(real(desk), relay_for(server), replace(SLOW, connections=1))
            async with running(delivery):
                desk.queue()
                delivery.wake()
                await until(lambda: desk.states() == ["sent"])
                server.script["mail"] = b"421 too many letters on this connection\r\n"
                server.once.add("mail")
                desk.queue()
                delivery.wake()
                await until(lambda: desk.states() == ["sent"] * 2)

    asyncio.run(main())
    assert server.connections == 2
    assert [row["attempts"] for row in desk.rows()] == [1, 1]
    assert "relay-away" not in names(caplog)


def test_one_link_is_kept_for_letters_that_come_one_by_one(desk: OutboxBench) -> None:
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            delivery = Delivery(real(desk), relay_for(server), SLOW)
            async with running(delivery):
                for count in range(1, 6):
                    desk.queue()
                    delivery.wake()
                    await until(lambda: desk.states() == ["sent"] * count)  # noqa: B023 - awaited in the loop

    asyncio.run(main())
    assert server.connections == 1


def test_an_idle_link_says_goodbye(desk: OutboxBench) -> None:
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            desk.queue()
            async with running(Delivery(real(desk), relay_for(server, idle_seconds=0.1), SLOW)):
                await until(lambda: server.commands[-1:] == ["QUIT"])

    asyncio.run(main())
    assert desk.states() == ["sent"]


def test_letters_come_within_a_poll_even_when_nobody_wakes_us(desk: OutboxBench) -> None:
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            async with running(Delivery(real(desk), relay_for(server), replace(SLOW, poll_seconds=0.1))):
                await asyncio.sleep(0.3)
                desk.queue()
                await until(lambda: desk.states() == ["sent"])

    asyncio.run(main())


def test_a_letter_on_a_hanging_relay_stays_ours_and_the_others_flow(desk: OutboxBench) -> None:
    server = ScriptedRelay({"content": HANG}, once={"content"})
    settings = DeliverySettings(lease_seconds=0.6, renew_seconds=0.1, poll_seconds=0.1)

    async def main() -> None:
        with server.serving():
            desk.queue(30)
            async with running(Delivery(real(desk), relay_for(server), settings)):
                await until(lambda: desk.states().count("sent") == 29)
                await asyncio.sleep(1.5)  # more than two leases
                assert [row["attempts"] for row in desk.rows()] == [1] * 30
                assert len(server.letters) == 29

    asyncio.run(main())
    assert sorted(desk.states()) == ["sending", *["sent"] * 29]


def test_letters_behind_a_slow_one_stay_ours_until_their_turn(desk: OutboxBench) -> None:
    server = ScriptedRelay({"content": b"250 slow\r\n"}, delay_seconds=0.5)
    settings = DeliverySettings(connections=1, lease_seconds=0.6, renew_seconds=0.1, poll_seconds=0.1)

    async def main() -> None:
        with server.serving():
            desk.queue(4)
            async with running(Delivery(real(desk), relay_for(server), settings)):
                await until(lambda: set(desk.states()) == {"sent"})

    asyncio.run(main())
    assert [row["attempts"] for row in desk.rows()] == [1, 1, 1, 1]


def test_a_stopped_daemon_s_letter_goes_out_when_its_lease_runs_out(desk: OutboxBench) -> None:
    server = ScriptedRelay({"content": HANG}, once={"content"}, keeps_all=True)
    settings = DeliverySettings(lease_seconds=3.0, renew_seconds=1.0, poll_seconds=0.1)

    async def main() -> None:
        with server.serving():
            (message_id,) = desk.queue()
            async with running(Delivery(real(desk), relay_for(server), settings)):
                await until(lambda: bool(server.connections and desk.states() == ["sending"]))
                await asyncio.sleep(0.2)
            assert desk.states() == ["sending"]
            assert not desk.outbox.take(1, 60)
            async with running(Delivery(real(desk), relay_for(server), settings)):
                await until(lambda: desk.states() == ["sent"])
            assert message_ids(server) == [message_id, message_id]  # at least once

    asyncio.run(main())


def test_a_stop_gives_back_what_was_not_begun(desk: OutboxBench) -> None:
    server = ScriptedRelay({"content": HANG})

    async def main() -> None:
        with server.serving():
            desk.queue(10)
            async with running(Delivery(real(desk), relay_for(server), replace(SLOW, connections=2))):
                await until(lambda: desk.states().count("sending") == 10)
                await asyncio.sleep(0.2)
            assert sorted(desk.states()) == ["queued"] * 8 + ["sending"] * 2
            assert (real(desk).seconds_to_next() or 0) < 0

    asyncio.run(main())


def test_a_stop_lets_letters_on_the_wire_arrive(desk: OutboxBench) -> None:
    server = ScriptedRelay({"content": b"250 slow\r\n"}, delay_seconds=0.5)

    async def main() -> None:
        with server.serving():
            desk.queue(4)
            async with running(Delivery(real(desk), relay_for(server), SLOW)):
                await until(lambda: len(server.letters) == 4)
            assert set(desk.states()) == {"sent"}

    asyncio.run(main())


def test_two_daemons_on_one_outbox_send_each_letter_once(desk: OutboxBench) -> None:
    sent = desk.queue(150)
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            both = [
                Delivery(real(desk), relay_for(server), replace(SLOW, batch_letters=10)) for _ in range(2)
            ]
            results = await asyncio.gather(*(one.drain() for one in both))
            assert sum(result.sent for result in results) == 150

    asyncio.run(main())
    assert sorted(message_ids(server)) == sorted(sent)


class Flaky(Outbox):
    """An outbox whose database is away for some of the calls."""

    def __init__(self, desk: OutboxBench, away: dict[str, int]) -> None:
        super().__init__(desk.database)
        self._away = away

    def _call(self, name: str) -> None:
        if self._away.get(name, 0) > 0:
            self._away[name] -= 1
            raise StoreAway("database sqlite: gone")

    def seconds_to_next(self) -> float | None:
        self._call("seconds_to_next")
        return super().seconds_to_next()

    def take(self, limit: int, lease_seconds: float) -> list[Taken]:
        self._call("take")
        return super().take(limit, lease_seconds)

    def keep(self, taken: Sequence[Taken], lease_seconds: float) -> list[Taken]:
        self._call("keep")
        return super().keep(taken, lease_seconds)

    def settle(self, ends: Sequence[Ended]) -> list[Settled]:
        self._call("settle")
        return super().settle(ends)


class Slow(Outbox):
    """An outbox whose database takes longer to give letters than they are given for."""

    def __init__(self, desk: OutboxBench, meanwhile: Callable[[], None]) -> None:
        super().__init__(desk.database)
        self._meanwhile = meanwhile

    def take(self, limit: int, lease_seconds: float) -> list[Taken]:
        taken = super().take(limit, lease_seconds)
        if taken:
            time.sleep(lease_seconds + 0.1)
            self._meanwhile()
        return taken


def test_letters_that_took_long_to_get_are_sent_all_the_same(desk: OutboxBench) -> None:
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            desk.queue(3)
            settings = replace(SLOW, lease_seconds=0.4)
            async with running(Delivery(Slow(desk, lambda: None), relay_for(server), settings)):
                await until(lambda: set(desk.states()) == {"sent"})

    asyncio.run(main())
    assert [row["attempts"] for row in desk.rows()] == [1, 1, 1]
    assert len(server.letters) == 3


def test_letters_that_took_so_long_to_get_that_others_took_them_are_not_ours_to_send(
    desk: OutboxBench,
) -> None:
    server = ScriptedRelay()
    others: list[Taken] = []

    async def main() -> None:
        with server.serving():
            desk.queue(3)
            settings = replace(SLOW, lease_seconds=0.4, poll_seconds=0.1)
            stolen = Slow(desk, lambda: others.extend(real(desk).take(2, 60.0)))
            async with running(Delivery(stolen, relay_for(server), settings)):
                await until(lambda: "sent" in desk.states())

    asyncio.run(main())
    assert sorted(desk.states()) == ["sending", "sending", "sent"]
    assert len(server.letters) == 1


@pytest.mark.parametrize("step", ["seconds_to_next", "take", "settle"])
def test_a_database_that_goes_away_loses_and_doubles_nothing(
    desk: OutboxBench, step: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.shift.STORE_PAUSE_SECONDS", 0.05)
    caplog.set_level(logging.INFO)
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            desk.queue(5)
            async with running(Delivery(Flaky(desk, {step: 3}), relay_for(server), SLOW)):
                await until(lambda: set(desk.states()) == {"sent"})

    asyncio.run(main())
    assert len(server.letters) == 5
    assert [name for name in names(caplog) if name.startswith("store")] == ["store-away", "store-back"]


def test_a_drain_ends_with_the_error_when_the_database_is_away(desk: OutboxBench) -> None:
    delivery = Delivery(Flaky(desk, {"seconds_to_next": 1}), relay_for(ScriptedRelay()), SLOW)
    with pytest.raises(StoreAway, match="gone"):
        asyncio.run(delivery.drain())


def test_letters_whose_lease_ran_out_unrenewed_are_not_begun(desk: OutboxBench) -> None:
    server = ScriptedRelay({"content": HANG}, once={"content"})
    settings = DeliverySettings(connections=1, lease_seconds=0.4, renew_seconds=0.1, poll_seconds=60)

    async def main() -> None:
        with server.serving():
            desk.queue(3)
            flaky = Flaky(desk, {"keep": 1000})
            relay = relay_for(server, final_reply_seconds=0.8)
            async with running(Delivery(flaky, relay, settings)):
                await until(lambda: sorted(desk.states()) == ["queued", "sent", "sent"])
                assert [row["attempts"] for row in desk.rows()] == [1, 2, 2]

    asyncio.run(main())


def test_a_letter_on_the_wire_is_not_sent_beside_itself_when_its_lease_ran_out(desk: OutboxBench) -> None:
    server = ScriptedRelay({"content": HANG}, once={"content"})
    settings = DeliverySettings(connections=2, lease_seconds=0.3, renew_seconds=0.1, poll_seconds=0.1)

    async def main() -> None:
        with server.serving():
            desk.queue()
            async with running(Delivery(Flaky(desk, {"keep": 1000}), relay_for(server), settings)):
                await until(lambda: desk.rows()[0]["attempts"] == 3)
                assert server.commands.count("DATA") == 1

    asyncio.run(main())


def test_a_beat_is_heard_while_it_runs(desk: OutboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.shift.BEAT_SECONDS", 0.01)
    beats: list[float] = []
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            delivery = Delivery(real(desk), relay_for(server), SLOW, lambda: beats.append(0.0))
            async with running(delivery):
                await until(lambda: len(beats) > 5)

    asyncio.run(main())


def test_no_beat_is_heard_when_a_query_is_stuck(desk: OutboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.shift.BEAT_SECONDS", 0.01)
    monkeypatch.setattr("daemon.shift.STEP_SECONDS", 0.1)
    beats: list[float] = []

    class Stuck(Flaky):
        def seconds_to_next(self) -> float | None:
            time.sleep(0.6)
            return None

    async def main() -> None:
        delivery = Delivery(
            Stuck(desk, {}), relay_for(ScriptedRelay()), SLOW, lambda: beats.append(time.monotonic())
        )
        async with running(delivery):
            await asyncio.sleep(0.5)
            assert beats
            assert time.monotonic() - beats[-1] > 0.3
            await until(lambda: time.monotonic() - beats[-1] < 0.1)

    asyncio.run(main())


def test_a_wake_before_or_after_the_run_does_no_harm(desk: OutboxBench) -> None:
    server = ScriptedRelay()
    with server.serving():
        delivery = Delivery(real(desk), relay_for(server), SLOW)
        delivery.wake()
        asyncio.run(delivery.drain())
        delivery.wake()


def test_a_wake_may_come_from_another_thread(desk: OutboxBench) -> None:
    server = ScriptedRelay()

    async def main() -> None:
        with server.serving():
            delivery = Delivery(real(desk), relay_for(server), SLOW)
            async with running(delivery):
                await asyncio.sleep(0.2)
                desk.queue()
                await asyncio.to_thread(delivery.wake)
                await until(lambda: desk.states() == ["sent"])

    asyncio.run(main())


def test_each_letter_leaves_one_line_without_its_address(
    desk: OutboxBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.queue(2)
    server = ScriptedRelay({"rcpt": b"550 no\r\n"}, once={"rcpt"})
    with server.serving():
        drain(desk, relay_for(server), replace(SLOW, connections=1))
    assert sorted(names(caplog)) == [f"letter-{End.DEAD.value}", f"letter-{End.SENT.value}"]
    fields = [getattr(record, "fields", {}) for record in caplog.records if record.name == "helpdesk.letters"]
    assert all("@" not in str(value) for one in fields for value in one.values())
