"""Who deletes a ticket that they could not bring back is asked before; nobody is offered to restore it in vain."""

import pytest

from helpdesk.core.people import Language, Role
from helpdesk.store.tables import audit_logs, tickets
from shell.app import shell_for
from shell.ask import Asker
from shell.keyboard import Keyboard
from tests.shell.desks import ShellDesk, said
from tests.shell.test_app import completed, heard, signed_in

IN_ENGLISH = "You cannot bring it back. Withdraw it?"


@pytest.mark.parametrize(
    ("role", "line", "at_terminal", "agrees", "asked", "goes"),
    [
        pytest.param(Role.USER, "ticket delete 7", True, True, [IN_ENGLISH], True, id="a user agrees"),
        pytest.param(Role.USER, "ticket delete 7", True, False, [IN_ENGLISH], False, id="a user does not"),
        pytest.param(Role.USER, "ticket delete 7 --yes", True, False, [], True, id="not to be asked"),
        pytest.param(Role.USER, "ticket delete 7", False, False, [], True, id="a script"),
        pytest.param(Role.USER, "ticket delete 8", True, True, [], False, id="not theirs"),
        pytest.param(Role.MANAGER, "ticket delete 7", True, False, [], True, id="who may restore it"),
        pytest.param(Role.ADMIN, "ticket delete 7", True, False, [], True, id="who may restore all"),
    ],
)
def test_whoever_could_not_bring_a_ticket_back_is_asked_before(
    shell_desk: ShellDesk,
    monkeypatch: pytest.MonkeyPatch,
    role: Role,
    line: str,
    at_terminal: bool,
    agrees: bool,
    asked: list[str],
    goes: bool,
) -> None:
    me = shell_desk.person("Me", role, team=10)
    shell_desk.ticket(7, me, team_id=10, subject="No\n sound")
    shell_desk.ticket(8, shell_desk.person("Else", Role.USER))
    keyboard, questions = shell_desk.keyboard(me), list[str]()

    def answer(_keyboard: Keyboard, question: str) -> bool:
        questions.append(question)
        return agrees

    monkeypatch.setattr(Keyboard, "agrees", answer)
    monkeypatch.setattr(Asker, "at_terminal", at_terminal)
    done = said(keyboard, line)
    assert questions == asked
    assert done.status == (0 if goes else 1)
    assert ("#7 No sound\n" in done.out) is bool(asked)
    assert [row["deleted_at"] is not None for row in shell_desk.rows(tickets) if row["number"] == 7] == [goes]


def test_a_french_learner_is_asked_in_french(shell_desk: ShellDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    me = shell_desk.person("Me", Role.USER, language=Language.FR)
    shell_desk.ticket(7, me)
    keyboard, questions = shell_desk.keyboard(me), list[str]()

    def refuse(_keyboard: Keyboard, question: str) -> bool:
        questions.append(question)
        return False

    monkeypatch.setattr(Keyboard, "agrees", refuse)
    monkeypatch.setattr(Asker, "at_terminal", True)
    assert said(keyboard, "ticket delete 7").out.endswith("Rien n'a été changé.\n")
    assert questions == ["Vous ne pourrez pas le restaurer. Le retirer ?"]


@pytest.mark.parametrize(("role", "offered"), [(Role.USER, False), (Role.AGENT, False), (Role.MANAGER, True)])
def test_whoever_sees_no_deleted_ticket_is_offered_to_restore_none(
    shell_desk: ShellDesk, role: Role, offered: bool
) -> None:
    shell = shell_for(signed_in(shell_desk, role))
    assert ("  restore " in heard(shell, "help ticket")) is offered
    assert completed(shell, "ticket rest") == ["restore"] * offered
    before = len(shell_desk.rows(audit_logs))
    assert completed(shell, "ticket restore ") == []
    assert len(shell_desk.rows(audit_logs)) == before
    refused = f"your role ({role.in_words(Language.EN)}) does not allow this: restore ticket"
    assert (refused in heard(shell, "ticket restore 7")) is not offered
