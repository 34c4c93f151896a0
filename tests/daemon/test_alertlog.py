"""Every alarm is a log event and a line in a file, whether or not a letter could go."""

import errno
import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import alertlog
from daemon.alertlog import AlertLog
from helpdesk.store.alerts import NewAlert
from helpdesk.store.work import in_work
from tests.actions.intakes import NOW, IntakeBench, bench


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    yield made
    made.close()


def raised(desk: IntakeBench, *kinds: str) -> None:
    new = [NewAlert(f"{kind:0>64}", kind, None, 2, 0, 0) for kind in kinds]
    in_work(desk.desk.database, lambda work: work.alerts.add(new, NOW))


def kinds_in(file: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in file.read_text("ascii").splitlines()]


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "helpdesk.alerts"]


def test_each_alarm_is_written_once_for_its_owner_alone(
    desk: IntakeBench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "alerts.log"
    log = AlertLog(desk.desk, file, "here")
    assert log.write() == 0
    assert not file.exists()
    raised(desk, "first", "second")
    assert log.write() == 2
    assert log.write() == 0
    lines = [json.loads(line) for line in file.read_text("ascii").splitlines()]
    assert [line["kind"] for line in lines] == ["first", "second"]
    assert lines[0] == {"at": NOW.isoformat(), "kind": "first", "person": None, "count": 2, "letters": 0}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "alarm")
    ] * 2


def test_a_disk_that_fails_is_told_of_once_stops_nothing_and_gets_what_it_missed(
    desk: IntakeBench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "none" / "alerts.log"
    log = AlertLog(desk.desk, file, "here")
    for kind in ("first", "second"):
        raised(desk, kind)
        assert log.write() == 1
    assert log.write() == 0, "they wait for the file, and are no news"
    assert events(caplog) == ["alarm", "alert_file_away", "alarm"]
    file.parent.mkdir()
    raised(desk, "third")
    assert log.write() == 1
    assert log.write() == 0
    assert events(caplog)[3:] == ["alarm", "alert_file_back"]
    assert kinds_in(file) == ["first", "second", "third"]


def test_what_a_file_missed_comes_after_a_restart_too(desk: IntakeBench, tmp_path: Path) -> None:
    file = tmp_path / "none" / "alerts.log"
    raised(desk, "first")
    AlertLog(desk.desk, file, "here").write()
    file.parent.mkdir()
    assert AlertLog(desk.desk, file, "here").write() == 1
    assert kinds_in(file) == ["first"]


def test_what_was_written_in_half_is_written_once(
    desk: IntakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    file = tmp_path / "alerts.log"
    log = AlertLog(desk.desk, file, "here")
    raised(desk, "first")
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        log.write()
    log.write()
    assert kinds_in(file) == ["first"]


def test_of_more_than_can_wait_for_the_file_the_last_do(
    desk: IntakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(alertlog, "MOST_WAITING", 2)
    monkeypatch.setattr(alertlog, "AT_ONCE", 2)
    file = tmp_path / "none" / "alerts.log"
    log = AlertLog(desk.desk, file, "here")
    for kind in ("first", "second", "third", "fourth", "fifth"):
        raised(desk, kind)
        log.write()
    assert events(caplog).count("alarm") == 5
    file.parent.mkdir()
    while log.write():
        pass
    assert kinds_in(file) == ["fourth", "fifth"]


def test_two_daemons_write_an_alarm_once(
    desk: IntakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    files = [tmp_path / "one.log", tmp_path / "two.log"]
    one, two = (AlertLog(desk.desk, file, file.stem) for file in files)
    append, others = alertlog._append, iter([two])
    seen: list[int] = []

    def with_another_at_it(file: Path, lines: bytes) -> None:
        seen.extend(other.write() for other in others)
        append(file, lines)

    monkeypatch.setattr(alertlog, "_append", with_another_at_it)
    raised(desk, "first")
    assert (one.write(), seen) == (1, [0])
    assert (kinds_in(files[0]), files[1].exists()) == (["first"], False)
    raised(desk, "second")
    assert two.write() == 1, "nobody need wait for the one before"
    assert (kinds_in(files[0]), kinds_in(files[1])) == (["first"], ["second"])
    assert events(caplog) == ["alarm", "alarm"]


def test_what_one_cannot_write_another_does(desk: IntakeBench, tmp_path: Path) -> None:
    file = tmp_path / "alerts.log"
    raised(desk, "first")
    AlertLog(desk.desk, tmp_path / "none" / "alerts.log", "one").write()
    assert AlertLog(desk.desk, file, "two").write() == 1
    assert kinds_in(file) == ["first"]


def test_no_link_is_followed(desk: IntakeBench, tmp_path: Path) -> None:
    target, file = tmp_path / "target", tmp_path / "alerts.log"
    target.write_text("")
    file.symlink_to(target)
    raised(desk, "first")
    AlertLog(desk.desk, file, "here").write()
    assert target.read_text() == ""


def test_the_file_does_not_grow_for_ever(
    desk: IntakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alertlog, "MAX_BYTES", 200)
    file = tmp_path / "alerts.log"
    log = AlertLog(desk.desk, file, "here")
    for number in range(10):
        raised(desk, f"kind{number}")
        log.write()
    assert {one.name for one in tmp_path.glob("alerts.log*")} <= {"alerts.log", "alerts.log.1"}
    assert (tmp_path / "alerts.log.1").stat().st_size < 400


def test_a_file_that_cannot_be_put_aside_is_full_at_its_limit_and_gets_the_rest_later(
    desk: IntakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(alertlog, "MAX_BYTES", 200)
    file, aside = tmp_path / "alerts.log", tmp_path / "alerts.log.1"
    (aside / "in the way").mkdir(parents=True)
    log = AlertLog(desk.desk, file, "here")
    for number in range(10):
        raised(desk, f"kind{number}")
        log.write()
    assert file.stat().st_size < 400
    assert events(caplog).count("alert_file_away") == 1
    written = kinds_in(file)
    assert written == [f"kind{number}" for number in range(len(written))]
    (aside / "in the way").rmdir()
    aside.rmdir()
    log.write()
    assert kinds_in(aside) == written
    assert kinds_in(file) == [f"kind{number}" for number in range(len(written), 10)]
