"""What init writes, with which rights, and what it never touches."""

import base64
import os
import stat
from pathlib import Path

import pytest

from daemon.init import init
from helpdesk.config import Answer, load
from helpdesk.errors import HelpdeskError, Refused
from tests.config.made import credential

ANSWERS: dict[str, Answer] = {
    "desk.name": "Support",
    "desk.address": "desk@example.org",
    "imap.host": "imap.example.org",
    "imap.user": "desk",
    "smtp.host": "smtp.example.org",
    "alerts.to": ["sysadmin@example.org"],
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_settings_and_key_are_written_and_load_once_the_password_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "helpdesk"
    said = init(folder, ANSWERS)
    assert said[:2] == [f"wrote {folder}/helpdesk.toml", f"wrote {folder}/credentials/secret_key"]
    credential(folder, "imap_password", "pw")
    settings = load(folder / "helpdesk.toml", {})
    assert len(settings.keys.secret) == 32
    assert settings.desk.address == "desk@example.org"


def test_only_the_owner_can_read_the_key_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        init(tmp_path)
    finally:
        os.umask(before)
    assert mode(tmp_path / "credentials") == 0o700
    assert mode(tmp_path / "credentials" / "secret_key") == 0o600
    assert mode(tmp_path / "helpdesk.toml") == 0o644
    assert {path.name for path in tmp_path.rglob("*")} == {"helpdesk.toml", "credentials", "secret_key"}


def test_each_key_is_new(tmp_path: Path) -> None:
    init(tmp_path / "a")
    init(tmp_path / "b")
    keys = [(tmp_path / name / "credentials" / "secret_key").read_text() for name in "ab"]
    assert keys[0] != keys[1]
    assert [len(base64.b64decode(key)) for key in keys] == [32, 32]


def test_settings_that_exist_are_left_alone_and_nothing_else_is_made(tmp_path: Path) -> None:
    (tmp_path / "helpdesk.toml").write_text("mine")
    with pytest.raises(Refused, match=r"helpdesk\.toml exists and was left as it is; --force replaces it"):
        init(tmp_path)
    assert (tmp_path / "helpdesk.toml").read_text() == "mine"
    assert not (tmp_path / "credentials").exists()


def test_force_replaces_the_settings_but_never_the_key(tmp_path: Path) -> None:
    (tmp_path / "helpdesk.toml").write_text("mine")
    key = credential(tmp_path, "secret_key", "precious")
    assert init(tmp_path, force=True)[1] == f"kept {key}"
    assert key.read_text() == "precious"
    assert "[desk]" in (tmp_path / "helpdesk.toml").read_text()


@pytest.mark.parametrize("taken", ["helpdesk.toml", "credentials"])
def test_what_cannot_be_written_is_named(tmp_path: Path, taken: str) -> None:
    if taken == "credentials":
        (tmp_path / taken).write_text("a file")
    else:
        (tmp_path / taken).mkdir()
    with pytest.raises(HelpdeskError, match=f"{tmp_path}/{taken}: cannot be written"):
        init(tmp_path, force=True)


def test_the_next_steps_name_the_file_only_where_it_is_not_found_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"helpdeskd.py migrate --config {tmp_path}/helpdesk.toml" in "\n".join(init(tmp_path))
    monkeypatch.chdir(tmp_path)
    steps = "\n".join(init(Path(), force=True))
    assert "helpdeskd.py migrate\n" in steps
    assert "--config" not in steps
    assert "install -m 600 /dev/stdin credentials/imap_password" in steps
