"""What a mail puts on record is sealed, copied and verified by the programs themselves, on every database."""

import json
import re

from sqlalchemy import text

from helpdesk.store.engine import open_database
from helpdesk.store.guards import guards_of
from tests.actions.trails import drop_guards
from tests.endtoend.test_outbox_commands import command
from tests.endtoend.world import World, from_learner


def test_what_is_on_record_is_sealed_copied_and_verified(own_world: World) -> None:
    world = own_world  # it loses its triggers
    world.dovecot.append_many("desk", [from_learner()])
    assert "audit_anchor seq=1 " in world.once().stderr
    (file,) = (world.folder / "state" / "audit").glob("????-??-??.log")
    *rows, seal = file.read_bytes().splitlines()
    assert "TICKET_OPENED" in [json.loads(row)["action"] for row in rows]
    assert seal.startswith(b'{"seal": 1, ')
    sound = command(world, "audit", "verify")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.endswith("all fits\n")
    (anchor,) = re.findall(r"anchor (1:[0-9a-f]{64})", sound.stdout)
    assert world.once().returncode == 0, "what the verification put on record is sealed too"
    assert command(world, "audit", "verify", "--anchor", anchor).returncode == 0
    database = open_database(world.url)
    drop_guards(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_logs SET status = 'FAIL' WHERE action = 'TICKET_OPENED'"))
    database.close()
    found = command(world, "audit", "verify")
    assert found.returncode == 1
    assert re.search(r"FAIL row changed row \d+ of .* seal 1\n", found.stdout)
    (as_data,) = [
        json.loads(line) for line in command(world, "audit", "verify", "--json").stdout.splitlines()
    ]
    told = [(one["fault"], one["seq"]) for one in as_data["findings"]]
    guards = len(guards_of(database.kind))
    assert told == [("row changed", 1), *[("guard missing", None)] * guards]
