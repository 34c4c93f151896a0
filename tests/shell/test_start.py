"""What the shell does not load before its prompt, or for a command that does not need it."""

import subprocess
import sys

import pytest

from tests.shell.desks import ShellDesk
from tests.sources import ROOT


@pytest.mark.parametrize(
    "module",
    [
        "sqlalchemy.dialects.postgresql",
        "psycopg",
        "pymysql",
        "segno",
        "jinja2",
        "cryptography",
        "cmd2",
        "shell.app",
        "shell.nouns",
    ],
)
def test_a_start_loads_only_what_its_prompt_needs(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, shell.main; sys.exit({module!r} in sys.modules)"], check=False
    )
    assert done.returncode == 0


def test_a_command_loads_nothing_that_it_does_not_use(shell_desk: ShellDesk) -> None:
    """Nobody can log in yet, so the console may run it."""
    program = (
        "import sys\n"
        "from shell.main import main\n"
        f"status = main(['--config', {str(shell_desk.config)!r}, 'ticket', 'list'])\n"
        "print('loaded:', *{'jinja2', 'cryptography', 'pymysql', 'cmd2', 'prompt_toolkit'} & sys.modules.keys())\n"
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "loaded:"
