"""At each start the audit trail learns which settings changed, by name."""

import logging
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.settingsseen import FILE, look_at_settings
from helpdesk.config import Settings
from helpdesk.config.flat import flat
from helpdesk.store.rows import Row
from helpdesk.store.tables import audit_logs
from tests.actions.intakes import IntakeBench, bench
from tests.config.made import MINIMAL, loaded, with_line


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(sqlite_url, tmp_path)
    yield made
    made.close()


def settings_in(folder: Path, text: str = MINIMAL) -> Settings:
    settings = loaded(folder, text)
    return replace(settings, desk=replace(settings.desk, state_dir=folder))


def looked(desk: IntakeBench, settings: Settings) -> list[Row]:
    """Return what a start with these settings puts on record."""
    before = len(desk.rows(audit_logs))
    look_at_settings(settings, desk.desk, "host:1")
    rows = desk.rows(audit_logs)[before:]
    assert {(row["action"], row["status"], row["user_id"]) for row in rows} <= {
        ("SETTINGS_CHANGED", "SUCCESS", None)
    }
    return [row["detail"] for row in rows]


def test_a_change_is_on_record_once_and_the_first_look_too(desk: IntakeBench, tmp_path: Path) -> None:
    assert looked(desk, settings_in(tmp_path)) == [{"daemon": "host:1", "first": True}]
    assert looked(desk, settings_in(tmp_path)) == []
    changed = settings_in(tmp_path, with_line("desk", "reopen_days = 3"))
    assert looked(desk, changed) == [{"daemon": "host:1", "keys": ["desk.reopen_days"]}]
    assert looked(desk, changed) == []


def test_what_is_kept_shows_no_value(desk: IntakeBench, tmp_path: Path) -> None:
    looked(desk, settings_in(tmp_path))
    kept = tmp_path / FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "imap-pw" not in kept.read_text()
    assert "imap.example.org" not in kept.read_text()


def test_a_secret_counts_and_is_named_only(desk: IntakeBench, tmp_path: Path) -> None:
    looked(desk, settings_in(tmp_path))
    other = loaded(tmp_path, HELPDESK_IMAP_PASSWORD="another")
    other = replace(other, desk=replace(other.desk, state_dir=tmp_path))
    assert looked(desk, other) == [{"daemon": "host:1", "keys": ["imap.main.password"]}]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_file_that_cannot_be_read_counts_as_none(desk: IntakeBench, tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert looked(desk, settings_in(tmp_path)) == [{"daemon": "host:1", "first": True}]
    assert looked(desk, settings_in(tmp_path)) == []


def test_a_folder_that_cannot_be_written_stops_no_start(
    desk: IntakeBench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "helpdesk.audit")
    settings = settings_in(tmp_path)
    (tmp_path / "settings.new").mkdir()
    assert len(looked(desk, settings)) == 1
    assert [record.getMessage() for record in caplog.records] == ["settings_not_remembered"]


def test_every_setting_has_a_name_of_its_own(tmp_path: Path) -> None:
    names = flat(settings_in(tmp_path))
    assert {"desk.name", "imap.main.trust.border_by", "logs.level", "audit.keep_days", "database.url"} <= set(
        names
    )
    assert names["desk.addresses"] == "desk@example.org"
    assert names["imap.main.password"] == "imap-pw"
    assert not [name for name in names if name.startswith(("keys", "file"))]
