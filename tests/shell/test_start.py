"""What the shell does not load before its prompt."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module", ["sqlalchemy.dialects.postgresql", "psycopg", "segno", "cmd2", "shell.app"]
)
def test_a_start_loads_only_what_its_prompt_needs(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, shell.main; sys.exit({module!r} in sys.modules)"], check=False
    )
    assert done.returncode == 0
