"""Whatever stands in a subject, a name, a body or a file name: nothing but text and newlines reaches a terminal."""

import io
import json
import re

import pytest
from sqlalchemy import insert

from helpdesk.actions.sessions import actor_of
from helpdesk.core.people import KnownAddress, Role
from helpdesk.store.ids import new_id
from helpdesk.store.tables import attachments, people, posts, tags, ticket_events, tickets
from shell.app import shell_for
from tests.shell.desks import ShellDesk, said
from tests.store.makers import NOW, a_ticket

HOSTILE = {
    "ESC": "\x1b[2J\x1b[31mred",
    "OSC 52": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "OSC 8": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "DCS": "\x1bP+q544e\x1b\\",
    "C1": "\x9b2J\x9d0;title\x9c",
    "bidi": "invoice\u202efdp.exe\u2066\u2069",
    "CR LF": "one\r\nBcc: x\rtwo",
    "backspaces": "good\x08\x08\x08\x08evil\x7f",
    "zero width": "ad\u200bmin\u200d\ufeff\u2060",
    "lines": "a\u2028b\u2029c\x0bd\x0ce\x85f",
    "tags": "x\U000e0041\U000e007f",
    "marks": "z" + "\u0301" * 60,
    "tabs": "a\tb",
}
STEERS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e0fff]"
)
LINES = ("ticket list", "ticket show 1", "ticket show 1 --history --quotes", "session list --all")


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest) -> str:
    """Each hostile text in turn."""
    return HOSTILE[str(request.param)]


def planted(desk: ShellDesk, text: str, body: str = "") -> KnownAddress:
    """Put *text* into every field that is shown; return an admin."""
    boss = desk.person("Boss", Role.ADMIN)
    zoe = desk.person("Zoe", Role.AGENT)
    with desk.database.engine.begin() as connection:
        connection.execute(people.update().values(name=f"{text}, {text}"))
        ticket = a_ticket(zoe.person, 1, subject=f"{text} {text}", assignee_id=zoe.person.id)
        connection.execute(insert(tickets), ticket)
        row = ticket["id"]
        post = {
            "id": new_id(),
            "ticket_id": row,
            "author_id": zoe.person.id,
            "mail_id": None,
            "internal": True,
        }
        connection.execute(
            insert(posts), {**post, "text": body or f"{text}\n{text}", "folds": [], "created_at": NOW}
        )
        file = {"id": new_id(), "post_id": post["id"], "position": 0, "name": text, "content_type": "a/b"}
        connection.execute(insert(attachments), {**file, "size": 1, "sha256": "0" * 64, "inline": False})
        connection.execute(insert(tags), {"ticket_id": row, "tag": ascii_of(text)})
        change = {"id": new_id(), "ticket_id": row, "person_id": zoe.person.id, "at": NOW}
        connection.execute(insert(ticket_events), {**change, "kind": "status", "before": text, "after": text})
    desk.token(zoe, user_agent=text)
    return boss


def ascii_of(text: str) -> str:
    """Return what a key could hold of a text."""
    return "".join(sign for sign in text if sign.isascii())[:50] or "x"


def harmless(text: str) -> bool:
    return STEERS.search(text) is None


@pytest.mark.parametrize("plain", [False, True], ids=["tables", "plain"])
def test_no_control_character_but_newline_is_shown(shell_desk: ShellDesk, hostile: str, plain: bool) -> None:
    boss = planted(shell_desk, hostile)
    keyboard = shell_desk.keyboard(boss, plain=plain)
    for line in LINES:
        told = said(keyboard, line)
        assert (told.status, told.error) == (0, "")
        assert harmless(told.out), line
        assert len(told.out) > 20
    rows = len(said(keyboard, "ticket list").out.splitlines())
    assert plain or rows == 2, "one ticket is one line"


def test_json_is_ascii_and_keeps_the_text(shell_desk: ShellDesk, hostile: str) -> None:
    keyboard = shell_desk.keyboard(planted(shell_desk, hostile))
    for line in ("ticket list --json", "ticket show 1 --json", "session list --all --json"):
        told = said(keyboard, line)
        assert told.out.isascii()
        assert harmless(told.out)
        rows = [json.loads(one) for one in told.out.splitlines()]
        assert rows
    assert json.loads(said(keyboard, "ticket list --json").out)["subject"] == f"{hostile} {hostile}"


def test_what_tab_offers_and_the_greeting_are_harmless(shell_desk: ShellDesk, hostile: str) -> None:
    keyboard = shell_desk.keyboard(planted(shell_desk, hostile))
    keyboard.actor = actor_of(keyboard.door, keyboard.token)
    shell = shell_for(keyboard)
    for line in ("ticket show ", "session revoke "):
        found = list(shell.complete("", line, len(line), len(line)))
        assert found
        for item in found:
            assert harmless(item.text + str(item.display_meta))
    heard = io.StringIO()
    keyboard.screen.out = heard
    shell.cmdloop = lambda *_: 0  # type: ignore[method-assign]
    shell.stays()
    assert harmless(heard.getvalue())
    assert harmless(shell.prompt)


def test_a_refusal_that_names_what_was_typed_is_harmless(shell_desk: ShellDesk, hostile: str) -> None:
    keyboard = shell_desk.keyboard(shell_desk.person("Boss", Role.ADMIN))
    keyboard.actor = actor_of(keyboard.door, keyboard.token)
    heard = io.StringIO()
    shell = shell_for(keyboard)
    shell.stdout = keyboard.screen.out = keyboard.screen.error = heard
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stderr", heard)
        for line in (f"ticket {hostile}", f"{hostile} list", f"help {hostile}", f"ticket list --{hostile}"):
            shell.onecmd_plus_hooks(line)
    assert heard.getvalue()
    assert harmless(heard.getvalue())


def test_a_line_of_ten_megabytes_is_shown_without_harm(shell_desk: ShellDesk) -> None:
    keyboard = shell_desk.keyboard(planted(shell_desk, "Zoe", body="x\x1b" * 5_000_000))
    for line in ("ticket show 1", "ticket show 1 --full"):
        told = said(keyboard, line)
        assert told.status == 0
        assert harmless(told.out)
