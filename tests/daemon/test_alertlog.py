"""Every alarm is a log event and a line in a file, whether or not a letter could go."""

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


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "helpdesk.alerts"]


def test_each_alarm_is_written_once_for_its_owner_alone(
    desk: IntakeBench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "alerts.log"
    log = AlertLog(desk.desk, file)
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


def test_a_disk_that_fails_is_told_of_once_and_stops_nothing(
    desk: IntakeBench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "none" / "alerts.log"
    log = AlertLog(desk.desk, file)
    for kind in ("first", "second"):
        raised(desk, kind)
        assert log.write() == 1
    assert events(caplog) == ["alarm", "alert_file_away", "alarm"]
    file.parent.mkdir()
    raised(desk, "third")
    log.write()
    assert events(caplog)[3:] == ["alarm", "alert_file_back"]
    assert file.read_text("ascii").count("third") == 1


def test_no_link_is_followed(desk: IntakeBench, tmp_path: Path) -> None:
    target, file = tmp_path / "target", tmp_path / "alerts.log"
    target.write_text("")
    file.symlink_to(target)
    raised(desk, "first")
    AlertLog(desk.desk, file).write()
    assert target.read_text() == ""


def test_the_file_does_not_grow_for_ever(
    desk: IntakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alertlog, "MAX_BYTES", 200)
    file = tmp_path / "alerts.log"
    log = AlertLog(desk.desk, file)
    for number in range(10):
        raised(desk, f"kind{number}")
        log.write()
    assert {one.name for one in tmp_path.glob("alerts.log*")} <= {"alerts.log", "alerts.log.1"}
    assert (tmp_path / "alerts.log.1").stat().st_size < 400
