"""The arrow up in a real terminal brings commands back, and no secret that was typed between them."""

from tests.shell.desks import PASSWORD
from tests.shell.terminals import Terminal

UP, CTRL_C = "\x1b[A", "\x03"
NEW, CODE = "five other words of mine", "000111"
MORE_THAN_THERE_IS = 12


def test_no_secret_comes_back(terminal: Terminal) -> None:
    terminal.run("ticket list")
    for line, answers in (
        ("password", (("until now", PASSWORD), ("New password", NEW), ("The same again", NEW))),
        ("totp on", (("it shows", CODE), ("not right", CODE), ("not right", CODE))),
    ):
        terminal.type(line)
        for asked, answer in answers:
            terminal.until(asked)
            terminal.type(answer)
        terminal.until(")>")
    told = terminal.run(UP * MORE_THAN_THERE_IS)
    assert "Mon chargeur" in told, "the oldest line is the first command, not an answer to a login"
    assert CODE not in told
    terminal.type(UP * 3)  # the list, the second factor, the password
    terminal.until("until now")
    terminal.type(UP + NEW)  # nothing stands before what is typed
    terminal.until("New password")
    terminal.type(CTRL_C, enter=False)
    terminal.until(")>")
    terminal.type("ticket new text")
    terminal.until("Subject")
    terminal.type(f"{UP}Ecran")
    terminal.until("Ticket 1 is open.")
    assert " Ecran" in terminal.run("ticket list")
    for secret in (PASSWORD, NEW):
        assert secret not in terminal.raw
