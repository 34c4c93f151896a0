"""The mailbox fails in every way at some of its commands; ``make faults`` lets it fail at each."""

from pathlib import Path

import pytest

from tests.actions.intakes import a_mail
from tests.faults.f06_dovecot import killed, shown_again
from tests.faults.f06_imap import each_command
from tests.faults.f06_silence import MAX_CONNECTS, MINUTE, most_within, silences
from tests.faults.imap_script import How, at_verb, for_mail, in_peace
from tests.faults.scripted_imap import USER, ScriptedImap
from tests.faults.watched import Desks, in_haste, watched
from tests.servers.certificates import Certificates

MANY_STORES = 20  # every mail was tried again
SUDDEN = [how for how in How if how not in (How.HANG, How.LITERAL_LONG)]  # the others take their time


@pytest.mark.parametrize(
    ("hows", "without", "step"),
    [
        pytest.param(SUDDEN, (), 29, id="all offered"),
        pytest.param([How.CUT_AFTER, How.NO], ("MOVE", "UIDPLUS", "IDLE"), 19, id="MOVE absent"),
        pytest.param([How.HANG, How.LITERAL_LONG], (), 29, id="no answer"),
    ],
)
def test_whichever_command_fails_nothing_is_lost_or_doubled(
    hows: list[How], without: tuple[str, ...], step: int, tmp_path: Path
) -> None:
    tally = each_command(hows, without, tmp_path, step)
    assert tally.faults > len(hows)
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())


@pytest.mark.parametrize(
    ("verb", "how"),
    [
        pytest.param("FETCH", How.NO, id="refused to us"),
        pytest.param("FETCH", How.LITERAL_CUT, id="never whole"),
        pytest.param("MOVE", How.NO, id="refused to move"),
        pytest.param("MOVE", How.CUT, id="moved never"),
    ],
)
def test_one_mail_that_the_server_cannot_handle_stops_no_other(
    verb: str, how: How, tmp_path: Path, certificates: Certificates
) -> None:
    server = ScriptedImap(tmp_path, certificates)
    raws = [a_mail(f"Panne {number}", message_id=f"<{number}@univ.example>") for number in range(7)]
    uids = server.append_many(USER, raws)
    server.script = for_mail(uids[2], verb, how)
    with in_haste(), server.serving(), watched(Desks(tmp_path).fresh(), server) as desk:
        assert not desk.wait_for(lambda: len(server.mails(USER, "Done")) == len(raws) - 1)
        assert server.mails(USER) == [raws[2]]
        server.append_many(USER, [a_mail("Later", message_id="<8@univ.example>")])
        assert not desk.wait_for(lambda: len(server.mails(USER, "Done")) == len(raws))


def test_a_folder_that_cannot_be_made_keeps_its_mails_waiting_and_no_others(
    tmp_path: Path, certificates: Certificates
) -> None:
    server = ScriptedImap(tmp_path, certificates)
    server.script = lambda command: How.NO if command.verb == "CREATE" and command.nth > 1 else None
    raws = [a_mail(f"Panne {number}", message_id=f"<{number}@univ.example>") for number in range(4)]
    forged = [
        a_mail("Faux", message_id=f"<f{number}@univ.example>", says=("dmarc=fail header.from=univ.example",))
        for number in range(4)
    ]
    server.append_many(USER, [*raws, *forged])
    with in_haste(), server.serving(), watched(Desks(tmp_path).fresh(), server) as desk:
        assert not desk.wait_for(lambda: server.mails(USER, "Done") == raws)
        assert not desk.wait_for(lambda: server.commands["CREATE"] > MANY_STORES)
        assert server.mails(USER) == forged
        server.script = in_peace
        assert not desk.wait_for(lambda: desk.quiet)
    assert server.mails(USER, "Held") == forged


def test_mail_that_the_server_marks_and_will_not_expunge_counts_as_moved(
    tmp_path: Path, certificates: Certificates
) -> None:
    server = ScriptedImap(tmp_path, certificates, ("MOVE", "IDLE"))
    server.script = at_verb("EXPUNGE", How.NO)
    raws = [a_mail(f"Panne {number}", message_id=f"<{number}@univ.example>") for number in range(4)]
    server.append_many(USER, raws)
    with in_haste(), server.serving(), watched(Desks(tmp_path).fresh(), server) as desk:
        assert not desk.wait_for(lambda: desk.quiet and len(desk.bench.ledger()) == len(raws))
    assert server.mails(USER, "Done") == raws, "copied once each"


def test_mail_that_the_server_copies_and_will_not_mark_is_copied_once(
    tmp_path: Path, certificates: Certificates
) -> None:
    server = ScriptedImap(tmp_path, certificates, ("MOVE", "IDLE"))
    server.script = at_verb("STORE", How.NO)
    raws = [a_mail(f"Panne {number}", message_id=f"<{number}@univ.example>") for number in range(4)]
    server.append_many(USER, [*raws, raws[0]])
    with in_haste(), server.serving(), watched(Desks(tmp_path).fresh(), server) as desk:
        assert not desk.wait_for(lambda: server.commands["STORE"] > MANY_STORES)
        assert sorted(server.mails(USER, "Done")) == sorted([*raws, raws[0]])
        server.script = in_peace
        assert not desk.wait_for(lambda: desk.quiet)
    assert sorted(server.mails(USER, "Done")) == sorted([*raws, raws[0]])


def test_a_real_server_that_dies_three_times_costs_nothing_but_time(tmp_path: Path) -> None:
    tally = killed("SQLite", tmp_path, 150, (0.0, 0.0, 0.0))
    assert (tally.lost, tally.doubled, tally.extra_letters, tally.problems) == (0, 0, 0, ())


def test_all_mails_shown_again_under_a_new_uidvalidity_are_duplicates(tmp_path: Path) -> None:
    tally = shown_again("SQLite", tmp_path, 30)
    assert (tally.lost, tally.doubled, tally.extra_letters, tally.problems) == (0, 0, 0, ())
    assert tally.note == f"{tally.mails} mails shown again, {tally.mails} duplicates"


def test_a_silent_server_is_asked_seldom_and_found_again(tmp_path: Path) -> None:
    tally = silences(tmp_path, MINUTE, 0.03)  # a minute passes in two seconds
    assert (tally.lost, tally.doubled, tally.problems) == (0, 0, ())
    assert tally.recover_seconds is not None


@pytest.mark.parametrize(
    ("moments", "most"),
    [
        pytest.param([], 0, id="never"),
        pytest.param([0, 1, 11, 41], MAX_CONNECTS, id="as we do"),
        pytest.param([0, 59.9, 60, 119], 3, id="over the edge of a minute"),
        pytest.param([0, 60, 120], 1, id="once a minute"),
    ],
)
def test_connects_are_counted_in_the_fullest_minute(moments: list[float], most: int) -> None:
    assert most_within(moments, MINUTE) == most
