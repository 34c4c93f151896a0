"""What ``check`` finds without a server."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from daemon.check import _database, _findings, _writable, closed_to_the_group
from helpdesk.errors import HelpdeskError
from tests.config.made import MINIMAL, loaded


@pytest.mark.parametrize(
    ("above", "folder", "below", "closed"),
    [
        pytest.param(0o710, 0o750, 0o750, None, id="as made"),
        pytest.param(0o701, 0o750, 0o750, None, id="anybody gets through above"),
        pytest.param(0o700, 0o750, 0o750, "", id="closed above"),
        pytest.param(0o710, 0o710, 0o750, "blobs", id="cannot be listed"),
        pytest.param(0o710, 0o740, 0o750, "blobs", id="cannot be gone through"),
        pytest.param(0o710, 0o750, 0o700, "blobs/ab", id="made by an older release"),
    ],
)
def test_a_folder_that_keeps_its_group_out_is_named(
    above: int, folder: int, below: int, closed: str | None
) -> None:
    with TemporaryDirectory() as name:  # pytest's own folders are closed above
        state = Path(name)
        (state / "blobs" / "ab").mkdir(parents=True)
        (state / "blobs" / "ab").chmod(below)
        (state / "blobs").chmod(folder)
        state.chmod(above)
        found = closed_to_the_group(state / "blobs")
        assert found == (None if closed is None else state / closed)
        state.chmod(0o700)


def test_a_database_that_is_away_is_one_thing_to_mend(tmp_path: Path) -> None:
    settings = loaded(tmp_path, HELPDESK_DATABASE_URL="mariadb://desk@127.0.0.1:1/desk")
    away, templates = (found.line for found in _database(settings))
    assert away.startswith("FAIL database mariadb")
    assert templates == "ok   templates"


def test_a_full_disk_is_found_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / ".check").symlink_to("/dev/full")
    with pytest.raises(HelpdeskError, match="No space left on device; make room"):
        _writable(tmp_path)
    assert list(tmp_path.iterdir()) == []
    _writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def lines_about(folder: Path, what: str, metrics: str, alerts: str) -> list[str]:
    state = f'[desk]\nstate_dir = "{folder}/state"\n'
    text = (
        MINIMAL.replace("[desk]\n", state)
        .replace("imap.example.org", "127.0.0.1")
        .replace("smtp.example.org", "127.0.0.1")
    )
    text += f'[metrics]\nfile = "{folder}/{metrics}"\n[suspicion]\nalert_file = "{folder}/{alerts}"\n'
    found = [one.line for one in _findings(loaded(folder, text))]
    return [line for line in found if what in line]


def test_a_file_for_figures_or_alerts_that_the_daemon_could_not_write_is_found(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    [figures] = lines_about(tmp_path, "[metrics] file", "nowhere/helpdesk.prom", "taken")
    assert figures.startswith("FAIL")
    assert "No such file or directory; make it, or correct the setting" in figures
    [alerts] = lines_about(tmp_path, "alert_file", "nowhere/helpdesk.prom", "taken")
    assert alerts.startswith("FAIL")
    assert "Is a directory" in alerts
    [alerts] = lines_about(tmp_path, "alert_file", "helpdesk.prom", "nowhere/alerts.log")
    assert "No such file or directory; make it, or correct the setting" in alerts
    assert not (tmp_path / "nowhere").exists()


def test_files_for_figures_and_alerts_that_can_be_written_are_well_and_not_made(tmp_path: Path) -> None:
    for what in ("[metrics] file", "alert_file"):
        [line] = lines_about(tmp_path, what, "helpdesk.prom", "alerts.log")
        assert line.startswith("ok  ")
    assert not (tmp_path / "alerts.log").exists()
