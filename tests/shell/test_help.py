"""Help shows what the person's role may do, and who may do the rest."""

import pytest

from helpdesk.core.people import Language, Role
from helpdesk.core.permissions import MAY, Reach
from shell.app import inside, shell_for
from tests.shell.desks import ShellDesk
from tests.shell.test_app import heard, signed_in


@pytest.mark.parametrize("role", Role)
def test_help_lists_what_the_role_may_run_and_nothing_else(shell_desk: ShellDesk, role: Role) -> None:
    shell = shell_for(signed_in(shell_desk, role))
    overview = heard(shell, "help")
    for noun in inside():
        may = {one.name: one.right is None or MAY[one.right][role] is not Reach.NONE for one in noun.verbs}
        assert (f"  {noun.name}: " in overview) is any(may.values())
        told = heard(shell, f"help {noun.name}")
        if "" in may:
            assert ("Usage: " in told) is may[""]
            continue
        listed = {line.split()[0] for line in told.splitlines() if line.startswith("  ")}
        assert listed == {name for name in may if may[name]}


def test_help_on_what_is_not_allowed_says_whose_it_is(shell_desk: ShellDesk) -> None:
    shell = shell_for(signed_in(shell_desk, Role.USER, language=Language.FR))
    assert heard(shell, "help ticket urgency") == (
        "Votre rôle, usager, ne le permet pas. Rôles qui le permettent : agent, responsable, admin.\n"
    )
    assert "Rôles qui le permettent : responsable, admin." in heard(shell, "help quarantine")
    assert "Rôles qui le permettent : admin." in heard(shell, "help status")
    assert "Usage : " in heard(shell, "help ticket reply")
    assert "Usage : " in heard(shell, "help quit")
