"""One line per event, whatever stands in it, and nobody's address."""

import io
import logging
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk import logs
from helpdesk.core.tickets import Fate
from helpdesk.logs import event, failed, goes_to_journal, start, who

PEPPER = b"p" * 32
LOG = logging.getLogger("helpdesk.test")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    for name in logs.THIRD_PARTY:
        logging.getLogger(name).setLevel(logging.NOTSET)


def lines(level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    start(level, PEPPER, stream, {})
    return stream


def line_of(**fields: object) -> str:
    stream = lines()
    event(LOG, "filed", **fields)
    return stream.getvalue().split(" info ", 1)[1].removesuffix("\n")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(42, "n=42", id="a number"),
        pytest.param(True, "n=true", id="yes"),
        pytest.param(False, "n=false", id="no"),
        pytest.param(Fate.OPENED, "n=opened", id="a word of an enum"),
        pytest.param("reply_to_ticket", "n=reply_to_ticket", id="a word"),
        pytest.param("two words", 'n="two words"', id="a blank wants quotes"),
        pytest.param("", 'n=""', id="nothing wants quotes"),
        pytest.param("a=b", 'n="a=b"', id="an equals sign wants quotes"),
        pytest.param('say "x"', r'n="say \"x\""', id="a quote is escaped"),
        pytest.param("a\nforged mail=1", r'n="a\nforged mail=1"', id="a line end is escaped"),
        pytest.param("\x1b[2J\x7f", r'n="\u001b[2J\u007f"', id="controls are escaped"),
        pytest.param("\u202eété", r'n="\u202e\u00e9t\u00e9"', id="what is not ASCII is escaped"),
        pytest.param("x" * 2000, "n=" + "x" * 2000, id="as long as may be"),
        pytest.param("x" * 2001, "n=" + "x" * 1997 + "...", id="one too long is cut"),
        pytest.param(datetime(2026, 11, 21, tzinfo=UTC), "n=2026-11-21T00:00:00+00:00", id="a time"),
    ],
)
def test_a_value_is_one_word_or_quoted(value: object, shown: str) -> None:
    assert line_of(n=value) == f"filed {shown}"


def test_fields_keep_their_order_and_none_is_left_out() -> None:
    assert line_of(mail=7, rule="new_ticket", ticket=None, ms=18) == "filed mail=7 rule=new_ticket ms=18"


@given(st.text(), st.text())
def test_an_event_is_one_line_of_printable_ascii_whatever_it_holds(name: str, text: str) -> None:
    stream = lines()
    event(LOG, "filed", subject=name, reason=text)
    LOG.warning("%s", text)
    written = stream.getvalue()
    assert written.count("\n") == 2
    assert written.endswith("\n")
    assert re.fullmatch(r"[ -~\n]*", written)


@pytest.mark.parametrize(
    "text",
    [
        "learner@example.org",
        "550 <learner@example.org>: user unknown",
        "('learner@example.org', 550)",
        "mailto:learner@example.org?subject=x",
        "lea.r+ner_9@sub.example.org",
        "élève@exämple.org",
        "x" * 300 + "learner@example.org",
    ],
)
def test_no_address_stands_in_the_log_in_clear(text: str) -> None:
    stream = lines()
    event(LOG, "away", error=text)
    LOG.warning("relay said %s", text)
    failed(LOG, "broke", ValueError(text))
    assert "learner" not in stream.getvalue()
    assert "ner_9" not in stream.getvalue()
    assert "example" not in stream.getvalue()
    assert "@" not in stream.getvalue()
    assert stream.getvalue().count("a:") >= 3


def test_a_long_row_without_address_takes_no_time() -> None:
    began = datetime.now(UTC)
    line_of(trace="x" * 16_000, m="@" * 2000, o="a@" * 1000)
    assert (datetime.now(UTC) - began).total_seconds() < 0.5


def test_an_address_looks_the_same_in_any_case_and_another_with_another_pepper() -> None:
    lines()
    ours = who("Learner@Example.org")
    assert re.fullmatch(r"a:[0-9a-f]{12}", ours)
    assert who("learner@example.org") == ours
    assert who("learner2@example.org") != ours
    assert who("") == "-"
    start("info", b"q" * 32, io.StringIO(), {})
    assert who("learner@example.org") != ours


@pytest.mark.parametrize(
    "library", ["imapclient.imaplib", "aiosmtplib", "asyncio", "alembic.runtime", "sqlalchemy.engine"]
)
def test_libraries_are_heard_from_warning_on_even_at_debug_level(library: str) -> None:
    stream = lines("debug")
    logging.getLogger(library).debug("> LOGIN user hunter2")
    logging.getLogger(library).info("LOGIN user hunter2")
    assert stream.getvalue() == ""
    logging.getLogger(library).warning("slow")
    assert f"note logger={library} text=slow" in stream.getvalue()


@pytest.mark.parametrize(("level", "has_trace"), [("info", False), ("debug", True)])
def test_a_traceback_appears_at_debug_level_only_and_on_the_same_line(level: str, has_trace: bool) -> None:
    stream = lines(level)
    try:
        raise OSError("disk full")
    except OSError as error:
        failed(LOG, "broke", error, mail=3)
        logging.getLogger("asyncio").exception("task died")
    ours, theirs = stream.getvalue().splitlines()
    assert ' error broke mail=3 error="OSError: disk full"' in ours
    assert ' error note logger=asyncio text="task died" error="OSError: disk full"' in theirs
    assert ("Traceback" in ours, "Traceback" in theirs) == (has_trace, has_trace)


@pytest.mark.parametrize(
    ("level", "priority"),
    [
        (logging.CRITICAL, 2),
        (logging.ERROR, 3),
        (logging.WARNING, 4),
        (logging.INFO, 6),
        (logging.DEBUG, 7),
        (25, 6),
    ],
)
def test_a_line_for_the_journal_begins_with_its_priority(level: int, priority: int, tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+", encoding="ascii") as stream:
        status = os.fstat(stream.fileno())
        start("debug", PEPPER, stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        event(LOG, "filed", level, mail=1)
        stream.seek(0)
        assert stream.read() == f"<{priority}>filed mail=1\n"


def test_only_the_stream_that_systemd_names_is_the_journal() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "w") as stream:
        status = os.fstat(stream.fileno())
        assert goes_to_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        assert not goes_to_journal(stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino + 1}"})
        assert not goes_to_journal(stream, {"INVOCATION_ID": "4f1c"})
    assert not goes_to_journal(stream, {"JOURNAL_STREAM": "1:1"})
    assert not goes_to_journal(io.StringIO(), {"JOURNAL_STREAM": "1:1"})


def test_outside_systemd_a_line_begins_with_time_and_level() -> None:
    stream = lines()
    event(LOG, "away", logging.WARNING)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z warning away\n", stream.getvalue())


def test_what_is_below_the_level_is_not_logged() -> None:
    stream = lines("warning")
    event(LOG, "filed")
    assert stream.getvalue() == ""
