"""The set-up script, with an interpreter that only notes what it was asked."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sources import ROOT

# Stands for Python 3.$MINOR. As python3 it makes an environment that holds a copy of itself.
FAKE_PYTHON = """#!/bin/bash
echo "$*" >>"$CALLS"
case "$*" in
*"version_info <"*) [[ $MINOR -ge 11 ]] ;;
-V) echo "Python 3.$MINOR.2" ;;
*"print(sys.version)"*) echo "3.$MINOR.2 (main)" ;;
*"import ensurepip, venv"*) [[ $ENSUREPIP = yes ]] ;;
*'"python%d.%d-venv"'*) echo "python3.$MINOR-venv" ;;
"-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
"-m pip install"*) [[ $NETWORK = yes ]] ;;
esac
"""

# All that the script may call here; without apt-get it asks for packages instead of installing them.
TOOLS = ("bash", "cat", "cp", "dirname", "mkdir", "rm", "sha256sum")


@dataclass
class Checkout:
    """A project folder with nothing but the set-up script and requirements."""

    folder: Path
    minor: str = "11"
    ensurepip: str = "yes"
    network: str = "yes"

    def venv(self) -> "subprocess.CompletedProcess[str]":
        """Run ``setup.sh venv``, the calls noted anew."""
        self.calls_file.write_text("")
        return subprocess.run(
            ["/bin/bash", self.folder / "tests/setup.sh", "venv"],
            env={
                "PATH": str(self.folder / "bin"),
                "PYTHON": str(self.folder / "python3"),
                "CALLS": str(self.calls_file),
                "MINOR": self.minor,
                "ENSUREPIP": self.ensurepip,
                "NETWORK": self.network,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def calls_file(self) -> Path:
        """Where the interpreter notes its calls."""
        return self.folder / "calls"

    def installed(self) -> bool:
        """Whether the last run installed requirements."""
        return "-m pip install" in self.calls_file.read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A fresh clone, as it were."""
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests/setup.sh", tmp_path / "tests")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("thing==1\n")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or tool)
    python = tmp_path / "python3"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    return Checkout(tmp_path)


@pytest.mark.parametrize(("minor", "status"), [("10", 1), ("11", 0), ("14", 0)])
def test_a_python_that_is_too_old_is_refused(checkout: Checkout, minor: str, status: int) -> None:
    checkout.minor = minor
    done = checkout.venv()
    assert done.returncode == status
    assert ("helpdeskd needs 3.11 or newer" in done.stderr) == bool(status)
    assert (f"is Python 3.{minor}.2" in done.stderr) == bool(status)
    assert (checkout.folder / ".venv").exists() != bool(status)


def test_an_interpreter_that_is_not_there_is_named(checkout: Checkout) -> None:
    (checkout.folder / "python3").unlink()
    done = checkout.venv()
    assert done.returncode == 1
    assert f"{checkout.folder}/python3 not found" in done.stderr


def test_a_missing_venv_module_is_named_with_its_package(checkout: Checkout) -> None:
    checkout.ensurepip = "no"
    done = checkout.venv()
    assert done.returncode == 1
    assert "apt-get install python3.11-venv" in done.stderr


def test_requirements_are_installed_once_and_again_when_they_change(checkout: Checkout) -> None:
    assert checkout.venv().returncode == 0
    assert checkout.installed()
    assert checkout.venv().returncode == 0
    assert not checkout.installed()
    (checkout.folder / "requirements.txt").write_text("thing==2\n")
    assert checkout.venv().returncode == 0
    assert checkout.installed()


def test_requirements_are_installed_again_after_a_failure(checkout: Checkout) -> None:
    checkout.network = "no"
    assert checkout.venv().returncode != 0
    checkout.network = "yes"
    assert checkout.venv().returncode == 0
    assert checkout.installed()


def test_another_interpreter_behind_the_environment_means_installing_again(checkout: Checkout) -> None:
    assert checkout.venv().returncode == 0
    checkout.minor = "12"
    assert checkout.venv().returncode == 0
    assert checkout.installed()


def test_the_scripts_of_the_project_can_be_run() -> None:
    for name in (".ci/run", "tests/setup.sh", "tests/check.sh"):
        assert os.access(ROOT / name, os.X_OK)
