"""``helpdeskd.py audit verify``: whether anything in the audit trail was changed, removed, inserted or cut."""

import argparse
from collections.abc import Iterator

from daemon.commands.options import (
    Commands,
    add_config,
    add_json,
    new_command,
    new_group,
    settings_of,
)
from helpdesk.core.auditchain import Finding, parsed_anchor
from helpdesk.core.health import shown
from helpdesk.core.jsontext import json_text
from helpdesk.core.people import Person, Role
from helpdesk.core.permissions import Actor
from helpdesk.errors import EXIT_FAILED, Refused


def add(commands: Commands) -> None:
    """Add the verb."""
    verbs = new_group(commands, "audit", "the audit trail")
    verify = new_command(
        verbs,
        "verify",
        "find what was changed, removed or inserted",
        _verify,
        "Compare every row of the audit trail with the chain of seals, and the chain with every seal of the daily "
        "files; look for rows that wait too long for their seal, and for the triggers that guard the trail. Prints "
        "the chain's end: kept elsewhere and given as --anchor later, it shows that nothing was cut off. Exit "
        "status: 0 where all fits, else 1.",
    )
    add_config(verify)
    verify.add_argument("--anchor", metavar="SEQ:HEX", help="an end of the chain that you kept")
    add_json(verify, "one object")


def _verify(given: argparse.Namespace) -> int:
    from helpdesk.actions.verify import as_data, verify_trail
    from helpdesk.opening import desk_of, opened_database
    from helpdesk.store.auditfiles import AuditFiles
    from helpdesk.store.schema import require_current

    try:
        anchor = parsed_anchor(given.anchor) if given.anchor is not None else None
    except Refused as refused:
        given.wrong(str(refused))
    settings = settings_of(given)
    database = opened_database(settings)
    require_current(database)
    desk = desk_of(settings, database)
    console = Actor(Person(0, "console", Role.ADMIN, desk.language))
    found = verify_trail(desk, console, AuditFiles(settings.audit.folder), anchor)
    database.close()
    if given.json:
        print(json_text(as_data(found)))
        return EXIT_FAILED if found.count else 0
    for line in map(_line, found.findings):
        print(line)
    if found.more:
        print(f"FAIL and {found.more} more")
    print(f"{found.rows} rows in {found.seals} seals, {found.unsealed} not sealed yet")
    if not found.files:
        print(f"note {settings.audit.folder} cannot be read and was not compared")
    if found.anchor.seq:
        print(f"anchor {found.anchor}")
    fits = "all fits" if found.files else "all that was compared fits"
    print(f"{found.count} places do not fit" if found.count else fits)
    return EXIT_FAILED if found.count else 0


def _line(finding: Finding) -> str:
    return " ".join(("FAIL", finding.fault.value, *_places(finding)))


def _places(finding: Finding) -> Iterator[str]:
    if finding.row_id is not None:
        yield f"row {finding.row_id}"
    if finding.at is not None:
        yield f"of {shown(finding.at)}"
    if finding.seq is not None:
        yield f"seal {finding.seq}"
    if finding.what:
        yield finding.what
