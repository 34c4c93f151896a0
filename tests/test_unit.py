"""The systemd unit is sealed off, understood by systemd to the last line, and fits the program."""

import re
import subprocess
from pathlib import Path

from helpdesk.config import LimitSettings
from helpdesk.errors import EXIT_CONFIG
from helpdesk.store.blobs import FOLDER_MODE
from tests.servers.process import program

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "systemd" / "helpdeskd.service"
INSTALL = ROOT / "docs" / "install.md"
THRESHOLD = 15  # in tenths, as systemd-analyze counts
DAEMON_MIB = 512


def values_of(key: str) -> list[str]:
    """Return what the unit says for *key*, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)


def systemd_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("systemd-analyze", "systemd"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )


def exposure_of(unit: Path) -> tuple[float, int]:
    done = systemd_analyze("security", "--offline=true", f"--threshold={THRESHOLD}", "--no-pager", str(unit))
    said = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
    assert said, done.stdout + done.stderr
    return float(said[1]), done.returncode


def test_the_unit_is_exposed_at_most_by_one_and_a_half() -> None:
    exposure, status = exposure_of(UNIT)
    assert exposure <= THRESHOLD / 10
    assert status == 0


def test_the_measure_of_exposure_would_notice_an_open_unit(tmp_path: Path) -> None:
    opened = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    opened.write_text(
        re.sub(
            r"^(SystemCallFilter|CapabilityBoundingSet|RestrictNamespaces)=.*$", "", text, flags=re.MULTILINE
        )
    )
    exposure, status = exposure_of(opened)
    assert exposure > THRESHOLD / 10
    assert status != 0


def verified(folder: Path, text: str) -> str:
    """Return all that systemd says about a unit; the program need not be installed where it will be."""
    file = folder / UNIT.name
    file.write_text(re.sub(r"^(ExecStart)=.*$", r"\1=/bin/true", text, flags=re.MULTILINE))
    done = systemd_analyze("verify", "--man=no", str(file))
    return "\n".join(line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line)


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert verified(tmp_path, text) == ""
    assert "TaskMax" in verified(tmp_path, text.replace("TasksMax=", "TaskMax="))
    # Debian 12's systemd takes no empty default; the escape for a line end is one, and reads as empty.
    assert "Invalid syntax" in verified(tmp_path, text.replace(r"db_url:\n", "db_url:"))


def test_every_secret_is_handed_over_from_its_own_file_and_may_be_missing() -> None:
    names = ["secret_key", "imap_password", "smtp_password", "db_url", "sentry_dsn"]
    assert values_of("LoadCredential") == [f"{name}:/etc/helpdesk/credentials/{name}" for name in names]
    assert values_of("SetCredential") == [rf"{name}:\n" for name in names]
    assert "-/etc/helpdesk/credentials" in values_of("InaccessiblePaths")[0].split()


def test_a_start_that_cannot_succeed_is_not_repeated() -> None:
    assert values_of("Restart") == ["on-failure"]
    assert values_of("RestartPreventExitStatus") == [str(EXIT_CONFIG)]


def test_the_processes_that_read_mails_fit_into_the_memory_of_the_unit() -> None:
    limits = LimitSettings()
    (allowed,) = values_of("MemoryMax")
    assert allowed.endswith("M")
    assert int(allowed[:-1]) >= limits.workers * limits.worker_memory_mib + DAEMON_MIB
    assert values_of("OOMPolicy") == ["continue"]


def test_nothing_that_can_be_written_can_be_run() -> None:
    forbidden = values_of("NoExecPaths")[0].split()
    assert {"/", "/tmp", "/var/tmp", "/dev/shm"} <= set(forbidden)
    assert f"/var/lib/{values_of('StateDirectory')[0]}" in forbidden


def test_the_group_gets_through_to_the_blobs_and_nobody_else_anywhere() -> None:
    assert values_of("UMask") == ["0027"]  # the unit may not set a group's bit: what it makes must need none
    assert values_of("StateDirectoryMode") == ["0710"]
    assert FOLDER_MODE & ~0o027 == FOLDER_MODE


def test_unit_and_manual_name_only_files_that_exist() -> None:
    for text in (UNIT.read_text(encoding="utf-8"), INSTALL.read_text(encoding="utf-8")):
        named = set(re.findall(r"/opt/helpdesk/([a-z][\w./-]*)", text))
        assert named
        missing = {name for name in named if not (ROOT / name).exists()}
        assert not missing


def test_every_page_of_documentation_that_is_named_exists() -> None:
    texts = [
        path
        for folder in ("helpdesk", "daemon", "shell", "tests", "docs")
        for path in (ROOT / folder).rglob("*.*")
    ]
    texts = [path for path in texts if path.suffix in (".py", ".md", ".toml")] + [ROOT / "README.md"]
    named = {
        name for path in texts for name in re.findall(r"docs/[a-z]+\.md", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 2
    assert not {name for name in named if not (ROOT / name).exists()}
