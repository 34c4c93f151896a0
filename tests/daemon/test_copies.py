"""A mail is found in a folder by its id or size, and taken for itself only by its bytes."""

from collections.abc import Sequence

import pytest

from daemon.copies import MAX_CANDIDATES, Wanted, copy_in, count_copies, move_copy
from helpdesk.core.fingerprint import fingerprint_of
from helpdesk.errors import MailRefused
from tests.actions.intakes import a_mail
from tests.daemon.inboxes import FakeInbox

RAW = a_mail()
LIMIT = 100_000


def wanted(raw: bytes = RAW, message_id: str = "<1@univ.example>") -> Wanted:
    return Wanted(message_id, len(raw), fingerprint_of(raw))


def inbox(*held: bytes) -> FakeInbox:
    made = FakeInbox()
    made.folders = {"Held": list(held)}
    return made


def test_the_mail_itself_is_moved_and_no_other() -> None:
    liar = a_mail(text="Donnez-moi tout.")
    with_copy = inbox(liar, RAW, a_mail(message_id="<2@x>"))
    assert move_copy(with_copy, "Held", "Done", wanted(), LIMIT)
    assert with_copy.folders == {"Held": [liar, a_mail(message_id="<2@x>")], "Done": [RAW]}


@pytest.mark.parametrize(
    ("held", "limit"),
    [
        pytest.param((), LIMIT, id="an empty folder"),
        pytest.param((a_mail(text="Donnez-moi tout."),), LIMIT, id="another with its id"),
        pytest.param((RAW.replace(b"marche", b"charge"),), LIMIT, id="another with its id and size"),
        pytest.param((RAW,), len(RAW) - 1, id="too big to be fetched"),
    ],
)
def test_what_is_not_there_is_no_error(held: tuple[bytes, ...], limit: int) -> None:
    without = inbox(*held)
    assert not move_copy(without, "Held", "Done", wanted(), limit)
    assert without.folders["Held"] == list(held)


def test_a_folder_that_refuses_is_told_of_and_no_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_uids: Sequence[int], folder: str) -> None:
        raise MailRefused(f"moving to {folder}: no")

    held = inbox(RAW)
    monkeypatch.setattr(held, "move", refuse)
    assert not move_copy(held, "Held", "Done", wanted(), LIMIT)
    assert [record.message for record in caplog.records] == ["copy_stays"]
    assert held.folders == {"Held": [RAW]}


def test_a_mail_without_message_id_is_found_by_its_size() -> None:
    raw = a_mail(message_id="")
    held = inbox(RAW, raw)
    with held.opened("Held"):
        assert copy_in(held, wanted(raw, ""), LIMIT) == (2, raw)


def test_a_mail_of_which_the_ledger_has_only_the_header_is_known_by_it() -> None:
    head = RAW.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    held = inbox(RAW)
    with held.opened("Held"):
        assert copy_in(held, Wanted("", len(RAW), fingerprint_of(head)), LIMIT) == (1, RAW)


def test_copies_are_counted_a_big_one_by_its_header() -> None:
    head = RAW.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    held = inbox(RAW, a_mail(text="Donnez-moi tout."), RAW)
    with held.opened("Held"):
        assert count_copies(held, wanted(), LIMIT) == 2
        assert count_copies(held, wanted(), 10) == 0, "whole, it is not what the ledger knows by its header"
        assert count_copies(held, Wanted("<1@univ.example>", len(RAW), fingerprint_of(head)), 10) == 2


def test_of_many_under_one_message_id_the_newest_few_are_looked_at() -> None:
    liars = [a_mail(text=f"Numéro {number}") for number in range(MAX_CANDIDATES + 10)]
    held = inbox(RAW, *liars)
    assert not move_copy(held, "Held", "Done", wanted(), LIMIT)
    assert len(held.calls("fetch")) == MAX_CANDIDATES
