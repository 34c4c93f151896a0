"""``audit verify`` says whether all fits, what does not, and where the chain ends now."""

import json
import re

from sqlalchemy import text

from helpdesk.actions.sealing import copy_seals, seal_next
from helpdesk.core.auditchain import Fault
from helpdesk.core.people import Language, Role
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.tables import audit_logs
from shell.commands.auditverify import FAULTS
from shell.keyboard import Keyboard
from tests.shell.desks import ShellDesk, said


def chief(desk: ShellDesk, language: Language = Language.EN) -> Keyboard:
    """Return an admin's keyboard; what was on record by then is sealed."""
    made = desk.keyboard(desk.person("Chief", Role.ADMIN, language=language))
    while seal_next(made.desk) is not None:
        pass
    return made


def around_triggers(desk: ShellDesk, statement: str) -> None:
    with desk.database.engine.begin() as connection:
        found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in found:
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(statement))
        for _, trigger in found:
            connection.exec_driver_sql(trigger)


def test_every_fault_has_words() -> None:
    assert set(FAULTS) == set(Fault)


def test_all_fits(shell_desk: ShellDesk) -> None:
    told = said(chief(shell_desk), "audit verify")
    assert (told.status, told.error) == (0, "")
    assert "1 rows in 1 seals, 0 not sealed yet." in told.out
    assert "Anchor: 1:" in told.out
    assert "All that was compared fits." in told.out
    copy_seals(shell_desk.keyboards[0].desk, AuditFiles(shell_desk.folder / "state" / "audit"), lambda: True)
    assert "All fits." in said(shell_desk.keyboards[0], "audit verify").out
    assert shell_desk.rows(audit_logs)[-1]["action"] == "AUDIT_VERIFIED"


def test_what_does_not_fit_is_named(shell_desk: ShellDesk) -> None:
    keyboard = chief(shell_desk, Language.FR)
    around_triggers(shell_desk, "UPDATE audit_logs SET action = 'LOGOUT'")
    told = said(keyboard, "audit verify")
    assert told.status == 1
    assert "ligne modifiée" in told.out
    assert str(shell_desk.rows(audit_logs)[0]["id"]) in told.out
    assert "1 endroit(s) ne concordent pas." in told.out


def test_a_trigger_that_is_gone_is_named(shell_desk: ShellDesk) -> None:
    keyboard = chief(shell_desk)
    with shell_desk.database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_seals_stay"))
    told = said(keyboard, "audit verify")
    assert told.status == 1
    assert re.search(r"a trigger that guards the trail is gone +audit_seals_stay", told.out)


def test_as_json(shell_desk: ShellDesk) -> None:
    keyboard = chief(shell_desk)
    sound = json.loads(said(keyboard, "audit verify --json").out)
    assert sound["findings"] == []
    assert (sound["count"], sound["rows"], sound["seals"], sound["unsealed"]) == (0, 1, 1, 0)
    around_triggers(shell_desk, "DELETE FROM audit_logs WHERE action = 'PERSON_ADDED'")
    told = said(keyboard, "audit verify --json")
    (finding,) = json.loads(told.out)["findings"]
    assert (finding["fault"], finding["seq"], told.status) == ("row removed", 1, 1)


def test_an_anchor_that_was_kept_is_compared(shell_desk: ShellDesk) -> None:
    keyboard = chief(shell_desk)
    anchor = json.loads(said(keyboard, "audit verify --json").out)["anchor"]
    assert said(keyboard, f"audit verify --anchor {anchor}").status == 0
    told = said(keyboard, f"audit verify --anchor 1:{'00' * 32}")
    assert told.status == 1
    assert "cut: this seal is not in the chain" in told.out


def test_what_is_no_anchor_is_refused(shell_desk: ShellDesk) -> None:
    told = said(chief(shell_desk, Language.FR), "audit verify --anchor 1:beef")
    assert told.status == 1
    assert "64 chiffres hexadécimaux" in told.error
