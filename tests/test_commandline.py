"""How a command ends: no traceback reaches a person, and whoever mends a defect knows where to look."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import StatementError

from helpdesk.commandline import carried_out, kind_and_place
from helpdesk.store.engine import open_database
from helpdesk.store.work import Work, in_work
from tests.sources import ROOT

BROKEN = """\
from helpdesk.commandline import carried_out
from helpdesk.core.figures import bar
raise SystemExit(carried_out("helpdeskd", lambda: bar("secret", 1, 1)))
"""


def test_a_defect_is_one_line_with_its_kind_and_place_and_none_of_its_words() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", BROKEN], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    told = "helpdeskd: this command failed by a defect of ours (TypeError, helpdesk.core.figures:"
    assert ended.stderr.startswith(told)
    assert ended.stderr.count("\n") == 1
    assert "secret" not in ended.stderr


def test_whoever_mends_a_defect_sees_its_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-c", BROKEN], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


def test_the_words_of_a_defect_are_the_callers(capsys: pytest.CaptureFixture[str]) -> None:
    def breaks() -> int:
        raise ZeroDivisionError("secret")

    assert carried_out("helpdesk-admin", breaks, "un défaut ({})".format) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("helpdesk-admin: un défaut (ZeroDivisionError, helpdesk.commandline:")


def test_the_place_is_where_our_code_met_the_first_cause(tmp_path: Path) -> None:
    def breaks(_work: Work) -> None:
        raise StatementError("secret", None, None, ValueError("secret"))

    database = open_database(f"sqlite:///{tmp_path}/desk.sqlite3")
    with pytest.raises(StatementError) as met:
        in_work(database, breaks)
    database.close()
    assert re.fullmatch(r"StatementError, helpdesk\.store\.work:\d+", kind_and_place(met.value))
