"""Figures for Prometheus: what they say, a file that is always whole, a port of this machine alone."""

import math
import socket
import stat
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from daemon import meters
from daemon.metrics import Metrics, show, written
from helpdesk.actions.gauges import Gauges
from helpdesk.config import MetricsSettings
from helpdesk.core.health import MailboxSeen
from helpdesk.store.engine import Database, open_database
from helpdesk.store.tables import metadata
from helpdesk.store.work import in_work
from tests.servers.ports import free_port
from tests.servers.sqlite import Sqlite
from tests.store.makers import a_letter

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WAIT_SECONDS = 20.0
GAUGES = Gauges(
    NOW,
    (MailboxSeen("main", None, "", 2, 3, NOW - 90 * SECOND),),
    {"queued": 4, "sending": 1, "dead": 0},
    NOW - 60 * SECOND,
    NOW - 30 * SECOND,
    1,
    {"digest": NOW - 10 * SECOND},
    2,
    canary_lost=True,
    certificate_ends_at=NOW + 60 * SECOND,
)


@pytest.fixture
def database(sqlite: Sqlite) -> Iterator[Database]:
    opened = open_database(sqlite.fresh_database())
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


def samples(text: str | None = None) -> dict[str, float]:
    """Return each figure by its name and labels, as Prometheus would read them."""
    shown = generate_latest(meters.REGISTRY).decode() if text is None else text
    return {
        f"{one.name}{sorted(one.labels.items())}": one.value
        for family in text_string_to_metric_families(shown)
        for one in family.samples
    }


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_waits_is_shown_with_its_age() -> None:
    show(GAUGES)
    found = samples()
    assert found["helpdesk_mails_without_fate[('mailbox', 'main'), ('state', 'in_hand')]"] == 2
    assert found["helpdesk_mails_without_fate[('mailbox', 'main'), ('state', 'deferred')]"] == 3
    assert found["helpdesk_oldest_unsettled_seconds[('mailbox', 'main')]"] == 90
    assert found["helpdesk_letters[('state', 'queued')]"] == 4
    assert found["helpdesk_oldest_letter_seconds[]"] == 60
    assert found["helpdesk_letter_due_seconds[]"] == 30
    assert found["helpdesk_breakers_open[]"] == 1
    assert found["helpdesk_job_age_seconds[('job', 'digest')]"] == 10
    assert found["helpdesk_jobs_given_up[]"] == 2
    assert found["helpdesk_canary_lost[]"] == 1
    assert found["helpdesk_certificate_seconds[]"] == 60
    show(replace(GAUGES, certificate_ends_at=None))
    assert math.isnan(samples()["helpdesk_certificate_seconds[]"])


def test_what_does_not_wait_any_more_is_0_and_what_is_to_come_too() -> None:
    show(GAUGES)
    settled = (replace(GAUGES.mailboxes[0], in_hand=0, deferred=0, oldest_unsettled=None),)
    none = {"queued": 0, "sending": 0, "dead": 0}
    show(
        replace(
            GAUGES, mailboxes=settled, letters=none, oldest_unsent=None, due_since=NOW + SECOND, breakers=0
        )
    )
    found = samples()
    assert found["helpdesk_oldest_unsettled_seconds[('mailbox', 'main')]"] == 0
    assert found["helpdesk_letters[('state', 'queued')]"] == 0
    assert found["helpdesk_oldest_letter_seconds[]"] == 0
    assert found["helpdesk_letter_due_seconds[]"] == 0
    assert found["helpdesk_breakers_open[]"] == 0


def test_mails_are_counted_by_fate_and_verdict_once_they_have_a_fate() -> None:
    opened = "helpdesk_mails_total[('fate', 'opened'), ('mailbox', 'box')]"
    passed = "helpdesk_verdicts_total[('mailbox', 'box'), ('verdict', 'pass')]"
    before = samples()
    meters.count_filed("box", "opened", "pass")
    meters.count_filed("box", None, "no-verdict")
    found = samples()
    assert found[opened] - before.get(opened, 0) == 1
    assert found[passed] - before.get(passed, 0) == 1
    assert "helpdesk_verdicts_total[('mailbox', 'box'), ('verdict', 'no-verdict')]" not in found


def test_the_time_of_a_chunk_is_shared_by_its_mails() -> None:
    before = samples()
    meters.note_parsed(4, 0.2)
    found = samples()
    count, total = "helpdesk_parse_seconds_count[]", "helpdesk_parse_seconds_sum[]"
    assert found[count] - before[count] == 4
    assert found[total] - before[total] == pytest.approx(0.2)


def test_nothing_of_the_process_or_of_a_person_is_in_it() -> None:
    assert all(name.startswith("helpdesk_") for name in samples())
    assert "@" not in generate_latest(meters.REGISTRY).decode()


def test_the_file_is_renewed_whole_and_for_all_to_read(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "helpdesk.prom"
    with Metrics(MetricsSettings(file), database, ["main"], every_seconds=0.05):
        until(file.exists)
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
        assert samples(file.read_text())["helpdesk_database_up[]"] == 1
        in_work(database, lambda work: work.letters.add([a_letter("one"), a_letter("two")]))
        until(lambda: samples(file.read_text())["helpdesk_letters[('state', 'queued')]"] == 2)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_when_jobs_ended_is_asked_of_whoever_knows(database: Database, tmp_path: Path) -> None:
    file, ended_at = tmp_path / "helpdesk.prom", datetime.now(UTC) - timedelta(hours=2)
    with Metrics(MetricsSettings(file), database, [], lambda _work: {"nightly": ended_at}):
        until(file.exists)
    assert samples(file.read_text())["helpdesk_job_age_seconds[('job', 'nightly')]"] == pytest.approx(
        7200, abs=60
    )


def test_a_database_that_is_away_is_shown_as_such_and_the_file_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "helpdesk.prom"
    nowhere = open_database(f"sqlite:///{tmp_path}/missing/db.sqlite3")
    with Metrics(MetricsSettings(file), nowhere, ["main"]):
        until(file.exists)
        assert samples(file.read_text())["helpdesk_database_up[]"] == 0
    nowhere.close()


def test_a_folder_that_cannot_be_written_is_told_once_and_ends_nothing(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "later"
    with Metrics(MetricsSettings(folder / "helpdesk.prom"), database, [], every_seconds=0.01):
        until(lambda: caplog.records)
        threading.Event().wait(0.1)
        assert [record.message for record in caplog.records] == ["not_measured"]
        folder.mkdir()
        until((folder / "helpdesk.prom").exists)


def test_a_file_that_could_not_be_replaced_leaves_nothing_beside_it(tmp_path: Path) -> None:
    taken = tmp_path / "helpdesk.prom"
    (taken / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"helpdesk\.prom"):
        written(taken, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["helpdesk.prom"]


def test_the_port_answers_on_this_machine_only_and_is_free_afterwards(database: Database) -> None:
    port = free_port()
    with Metrics(MetricsSettings(port=port), database, []):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert b"helpdesk_database_up" in answer.read()
        with (
            socket.socket() as elsewhere
        ):  # a port that is taken on all addresses could not be bound on another one
            elsewhere.bind(("127.0.0.2", port))
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_a_port_that_is_taken_is_told_and_ends_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with Metrics(MetricsSettings(port=taken.getsockname()[1]), database, []):
            pass
    assert [record.message for record in caplog.records] == ["no_metrics_port"]


def test_without_file_and_port_nothing_runs(database: Database) -> None:
    before = threading.active_count()
    with Metrics(MetricsSettings(), database, []):
        assert threading.active_count() == before
