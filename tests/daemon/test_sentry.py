"""Errors that are reported elsewhere: each one that is logged, and nothing that says of whom."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sqlalchemy.exc import IntegrityError

from daemon.sentry import reporting
from helpdesk.config import Secret
from helpdesk.errors import MailboxAway, StoreAway
from helpdesk.logs import event, failed, who

DSN = Secret("https://key@sentry.example/1")
LOG = logging.getLogger("helpdesk.test")
JEAN = "Jean.Dupont@univ.example"


class Captured(Transport):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        found = envelope.get_event()
        assert found is not None
        self.events.append(json.loads(json.dumps(found)))


@pytest.fixture
def captured() -> Iterator[Captured]:
    transport = Captured()
    with reporting(DSN, transport):
        yield transport


def raised(error: Exception) -> Exception:
    """Return an error that was raised, with a local variable beside it."""
    secret_variable = "s3cr3t of " + JEAN  # noqa: F841
    try:
        raise error
    except type(error) as one:
        return one


def test_an_error_that_is_logged_is_reported_without_any_address(captured: Captured) -> None:
    failed(LOG, "letter-defect", raised(ValueError(f"no room for <{JEAN}>", JEAN)), letter=7, to=JEAN)
    [one] = captured.events
    [raised_one] = one["exception"]["values"]
    assert (raised_one["type"], raised_one["value"]) == ("ValueError", "")
    assert one["tags"]["event"] == "letter-defect"
    assert one["contexts"]["fields"] == {"letter": "7", "to": who(JEAN)}
    assert "univ.example" not in json.dumps(one).lower()
    assert "dupont" not in json.dumps(one).lower()


def test_the_place_in_the_program_is_told_and_no_variable_of_it(captured: Captured) -> None:
    failed(LOG, "defect", raised(ValueError("x")))
    text = json.dumps(captured.events)
    frames = captured.events[0]["exception"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "raised"
    assert "s3cr3t" not in text
    assert not any("vars" in frame or "context_line" in frame for frame in frames)


def test_neither_machine_nor_breadcrumbs_nor_anybody_is_told(captured: Captured) -> None:
    logging.getLogger("helpdesk.other").warning("before, to %s", JEAN)
    failed(LOG, "defect", ValueError("x"))
    [one] = captured.events
    assert not {"server_name", "breadcrumbs", "user", "request", "extra", "modules"} & one.keys()


def test_the_words_of_our_own_errors_are_told_and_no_others(captured: Captured) -> None:
    try:
        try:
            int("Zoé Martin")
        except ValueError as trouble:
            raise MailboxAway(f"mailbox main: refused for {JEAN}; trying again later") from trouble
    except MailboxAway as away:
        failed(LOG, "away", away)
    [one] = captured.events
    values = {value["type"]: value["value"] for value in one["exception"]["values"]}
    told = f"mailbox main: refused for {who(JEAN)}; trying again later"
    assert values == {"MailboxAway": told, "ValueError": ""}
    assert "Martin" not in json.dumps(one, ensure_ascii=False)


def test_the_words_of_the_databases_errors_quote_rows_and_stay_here(captured: Captured) -> None:
    try:
        try:
            raise IntegrityError(
                "INSERT INTO people", {"name": "Zoé Martin"}, Exception("Duplicate 'Zoé Martin'")
            )
        except IntegrityError as trouble:
            raise StoreAway("database: trying again later") from trouble
    except StoreAway as away:
        failed(LOG, "not_reconciled", away)
    [one] = captured.events
    values = {value["type"]: value["value"] for value in one["exception"]["values"]}
    assert values["StoreAway"] == "database: trying again later"
    assert values["IntegrityError"] == ""
    assert "INSERT" not in json.dumps(one)


def test_an_error_without_exception_is_reported_by_name_with_its_fields(captured: Captured) -> None:
    event(LOG, "store-away", logging.ERROR, reason=f"refused for {JEAN}")
    event(LOG, "filed", logging.INFO, mail=1)
    event(LOG, "late", logging.WARNING, loop="letters")
    [one] = captured.events
    assert one["logentry"]["message"] == "store-away" if "logentry" in one else one["message"] == "store-away"
    assert one["contexts"]["fields"] == {"reason": f"refused for {who(JEAN)}"}


def test_the_errors_of_others_are_reported_too_and_sentrys_own_are_not(captured: Captured) -> None:
    try:
        raise RuntimeError(f"about {JEAN}")
    except RuntimeError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    logging.getLogger("urllib3.connectionpool").error("cannot send")
    [one] = captured.events
    assert one["exception"]["values"][0]["value"] == ""


def test_an_error_that_ends_the_service_is_reported_and_goes_on() -> None:
    transport = Captured()
    with pytest.raises(ZeroDivisionError), reporting(DSN, transport):
        raise ZeroDivisionError
    assert len(transport.events) == 1


def test_afterwards_and_without_a_dsn_nothing_is_reported() -> None:
    transport = Captured()
    handlers = logging.getLogger().handlers[:]
    with reporting(Secret(""), transport):
        assert logging.getLogger().handlers == handlers
        failed(LOG, "defect", ValueError("x"))
    with reporting(DSN, transport):
        pass
    failed(LOG, "defect", ValueError("x"))
    assert logging.getLogger().handlers == handlers
    assert transport.events == []


def test_without_a_dsn_the_library_is_not_even_loaded() -> None:
    code = (
        "import sys, daemon.service\nfrom daemon.sentry import reporting\nfrom helpdesk.config import Secret\n"
        "with reporting(Secret('')):\n    print('sentry_sdk' in sys.modules)"
    )
    environ = {**os.environ, "SENTRY_DSN": DSN.reveal()}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environ
    )
    assert done.stdout == "False\n", done.stderr


def test_while_sentry_is_silent_nothing_waits_for_it(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as silent:  # takes connections and never answers: whoever waited would wait for ever
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with reporting(Secret(f"http://key@127.0.0.1:{silent.getsockname()[1]}/1")):
            for number in range(500):
                failed(LOG, "defect", ValueError(str(number)))
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 500
