"""Which refusals of an IMAP server are about a folder and which may be about one mail."""

import pytest

from helpdesk.core.imapcodes import is_about_folder


@pytest.mark.parametrize(
    ("refusal", "answer"),
    [
        pytest.param("copy failed: [OVERQUOTA] Quota exceeded", True, id="over quota"),
        pytest.param("move failed: [NOPERM] Permission denied", True, id="not allowed"),
        pytest.param("move failed: [overquota] full", True, id="in small letters"),
        pytest.param("copy failed: [TRYCREATE] Mailbox doesn't exist", True, id="no folder"),
        pytest.param("copy failed: [NONEXISTENT] no", True, id="no folder, in newer words"),
        pytest.param("delete failed: [READ-ONLY] no", True, id="nothing may be written"),
        pytest.param("move failed: [INUSE] later", True, id="in use"),
        pytest.param("move failed: [UNAVAILABLE] later", True, id="out of order"),
        pytest.param("move failed: [SERVERBUG] Internal error", False, id="perhaps at one mail"),
        pytest.param("move failed: [LIMIT] too many", False, id="perhaps fewer go"),
        pytest.param("fetch failed: [CORRUPTION] no", False, id="perhaps one mail"),
        pytest.param("move failed: over quota", False, id="without a code"),
        pytest.param("move failed: OVERQUOTA", False, id="not as a code"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_a_code_tells_whether_another_mail_would_fare_better(refusal: str, answer: bool) -> None:
    assert is_about_folder(refusal) is answer
