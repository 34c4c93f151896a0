"""``quarantine``: held and quarantined mail as a place to work: list, look, release, bind, reject, replay."""

import argparse
from collections.abc import Callable, Iterator, Sequence

from helpdesk.actions.desk import Desk
from helpdesk.actions.quarantine import MAX_AT_ONCE, Decided, bind, kept_mails, reject, release, replay_later
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.verdicts import Verdict
from helpdesk.errors import Refused
from helpdesk.store.quarantine import KeptFilter, KeptMail
from shell.commands.keptmail import SHOW
from shell.commands.people import address, complete_person
from shell.completers import complete_ago
from shell.keyboard import Keyboard
from shell.mailwords import mail_word
from shell.moments import SINCE, UNTIL, Moment, meant
from shell.numbers import limit_argument, row_number
from shell.perform import EXIT_REFUSED, told
from shell.screen import Cell
from shell.verbs import Arguments, Said, Verb

FATES = ("held", "quarantined")
STYLES = {Verdict.SPOOF.value: "red", Verdict.CONTRADICTION.value: "red", Verdict.BOMB.value: "red"}
SHOWN_IN_QUESTION = 5
Decide = Callable[[Desk, Actor, Sequence[int]], Decided]


def complete_kept(keyboard: Keyboard, typed: str) -> Iterator[tuple[str, str]]:
    """Return the ids of the newest open cases that begin as *typed*, with their senders and subjects."""
    for mail in kept_mails(keyboard.desk, keyboard.actor, KeptFilter(limit=50)):
        if str(mail.id).startswith(typed):
            yield str(mail.id), f"{mail.sender or '?'}: {mail.subject}"


def _filters(arguments: Arguments) -> None:
    arguments.add("--fate", choices=FATES, help=("only held, or only quarantined", "seulement l'un des deux"))
    arguments.add(
        "--verdict",
        choices=[one.value for one in Verdict],
        metavar="VERDICT",
        help=(f"only this one: {', '.join(Verdict)}", f"seulement celui-ci : {', '.join(Verdict)}"),
    )
    arguments.add(
        "--sender",
        metavar="EMAIL",
        default="",
        complete=complete_person,
        help=("only this address, or @domain", "cette adresse, ou @domaine"),
    )
    arguments.add("--since", type=Moment, metavar="WHEN", complete=complete_ago, help=SINCE)
    arguments.add("--until", type=Moment, metavar="WHEN", complete=complete_ago, help=UNTIL)


def _list_arguments(arguments: Arguments) -> None:
    _filters(arguments)
    arguments.add("--rejected", action="store_true", help=("what was decided", "ce qui est déjà rejeté"))
    arguments.add("--before", type=row_number, metavar="ID", help=("the next page", "page suivante"))
    limit_argument(arguments)


def _wanted(keyboard: Keyboard, given: argparse.Namespace, **more: object) -> KeptFilter:
    now, zone = keyboard.now(), keyboard.words.zone
    return KeptFilter(
        fates=(given.fate,) if given.fate else FATES,
        verdict=given.verdict or "",
        sender=given.sender.strip().lower(),
        since=meant(given.since, now, zone),
        until=meant(given.until, now, zone),
        **more,  # type: ignore[arg-type]
    )


def _list(keyboard: Keyboard, given: argparse.Namespace) -> int:
    wanted = _wanted(keyboard, given, rejected=given.rejected, before=given.before, limit=given.limit)
    found = kept_mails(keyboard.desk, keyboard.actor, wanted)
    if given.json:
        for mail in found:
            keyboard.screen.json(_as_json(mail))
        return 0
    words = keyboard.words
    if not found:
        keyboard.screen.say(words("Nothing is open.", "Rien n'est ouvert."))
        return 0
    heads = ("id", words("seen", "vu"), words("fate", "sort"), words("verdict", "verdict"),
             words("sender", "expéditeur"), words("asked", "demandé"), words("subject", "objet"))  # fmt: skip
    rows = [
        (
            str(mail.id),
            words.short(mail.seen_at),
            mail_word(words, mail.fate),
            Cell(mail_word(words, mail.verdict), STYLES.get(mail.verdict, "")),
            mail.sender,
            mail_word(words, mail.ordered),
            mail.subject,
        )
        for mail in found
    ]
    keyboard.screen.table(heads, rows, wraps=(3, 4, 6))
    if len(found) == given.limit:
        keyboard.screen.say(words("More: --before {id}", "La suite : --before {id}", id=found[-1].id), "dim")
    return 0


def _as_json(mail: KeptMail) -> dict[str, object]:
    return {
        "id": mail.id,
        "mailbox": mail.mailbox,
        "seen_at": mail.seen_at,
        "fate": mail.fate,
        "sender": mail.sender,
        "subject": mail.subject,
        "size": mail.size,
        "rule": mail.rule,
        "verdict": mail.verdict,
        "verdict_reason": mail.verdict_reason,
        "rejected_at": mail.rejected_at,
        "ordered": mail.ordered or None,
    }


def _bulk_arguments(arguments: Arguments) -> None:
    arguments.add(
        "ids",
        type=row_number,
        nargs="*",
        metavar="ID",
        complete=complete_kept,
        help=("which mails", "quels mails"),
    )
    arguments.add(
        "--all", action="store_true", help=("all open ones that the filters leave", "tous, après filtres")
    )
    _filters(arguments)
    arguments.add("--yes", action="store_true", help=("do not ask", "ne pas demander"))


def _which(keyboard: Keyboard, given: argparse.Namespace) -> list[int]:
    """Return the mails that are meant: named, or all that the filters leave. Raises Refused for both or neither."""
    if bool(given.ids) == given.all:
        raise Refused(
            "name mails by their ids, or say --all with filters; not both",
            "nommez des mails par leur id, ou --all avec des filtres ; pas les deux",
        )
    if given.ids:
        return list(given.ids)
    found = kept_mails(keyboard.desk, keyboard.actor, _wanted(keyboard, given, limit=MAX_AT_ONCE))
    for mail in found[:SHOWN_IN_QUESTION]:
        keyboard.screen.say(
            keyboard.words(
                "  {id} {sender}: {subject}", "  {id} {sender} : {subject}",
                id=mail.id, sender=mail.sender or "?", subject=mail.subject,
            )
        )  # fmt: skip
    if len(found) > SHOWN_IN_QUESTION:
        keyboard.screen.say("  …")
    return [mail.id for mail in found]


def _bulk(decide: Decide, question: Said, said: Said) -> Callable[[Keyboard, argparse.Namespace], int]:
    def run(keyboard: Keyboard, given: argparse.Namespace) -> int:
        ids, words = _which(keyboard, given), keyboard.words
        if not ids:
            keyboard.screen.say(words("Nothing is open.", "Rien n'est ouvert."))
            return 0
        asks = (given.all or len(ids) > 1 or decide is release) and not given.yes
        if asks and not keyboard.agrees(words(*question, count=len(ids))):
            keyboard.screen.say(words("Nothing was done.", "Rien n'a été fait."))
            return EXIT_REFUSED
        decided = decide(keyboard.desk, keyboard.actor, ids)
        if decided.done:
            keyboard.screen.say(words(*said, count=len(decided.done)))
        for _id, refusal in decided.refused:
            told(keyboard, refusal)
        return EXIT_REFUSED if decided.refused else 0

    return run


def _bind_arguments(arguments: Arguments) -> None:
    arguments.add(
        "id", type=row_number, metavar="ID", complete=complete_kept, help=("which mail", "quel mail")
    )
    arguments.add(
        "address",
        type=address,
        metavar="EMAIL",
        complete=complete_person,
        help=("whose it is", "de qui il est"),
    )
    arguments.add("--yes", action="store_true", help=("do not ask", "ne pas demander"))


def _bind(keyboard: Keyboard, given: argparse.Namespace) -> int:
    words = keyboard.words
    question = words(
        "File mail {id} as if {address} had written it, on your word?",
        "Classer le mail {id} comme écrit par {address}, sur votre parole ?",
        id=given.id,
        address=given.address,
    )
    if not given.yes and not keyboard.agrees(question):
        keyboard.screen.say(words("Nothing was done.", "Rien n'a été fait."))
        return EXIT_REFUSED
    bind(keyboard.desk, keyboard.actor, given.id, given.address)
    keyboard.screen.say(words(*_AT_NEXT_ROUND, count=1))
    return 0


def _replay(keyboard: Keyboard, given: argparse.Namespace) -> int:
    if given.dry_run:
        which = given.ids[0] if given.ids else "ID"
        raise Refused(
            f"the shell reads no mail; on the machine of the daemon: helpdeskd.py replay {which} --dry-run",
            f"le shell ne lit aucun mail ; sur la machine du service : helpdeskd.py replay {which} --dry-run",
        )
    return _bulk(replay_later, _REPLAY_QUESTION, _AT_NEXT_ROUND)(keyboard, given)


def _replay_arguments(arguments: Arguments) -> None:
    _bulk_arguments(arguments)
    arguments.add("--dry-run", action="store_true", help=("only say what would be", "dire sans faire"))


_AT_NEXT_ROUND = (
    "{count} mail(s): the daemon does it at its next round; quarantine show ID says what came of it.",
    "{count} mail(s) : le service le fait à son prochain passage ; quarantine show ID dit ce qu'il en advient.",
)
_REPLAY_QUESTION = (
    "File {count} mail(s) by today's rules?",
    "Classer {count} mail(s) selon les règles du jour ?",
)
_RELEASE_QUESTION = (
    "File {count} mail(s) as their senders', on your word?",
    "Classer {count} mail(s) comme venant de leurs expéditeurs, sur votre parole ?",
)
_REJECT_QUESTION = ("Reject {count} mail(s)?", "Rejeter {count} mail(s) ?")
_REJECTED = (
    "{count} mail(s) rejected: kept, no longer open.",
    "{count} mail(s) rejeté(s) : gardés, plus ouverts.",
)

VERBS = (
    Verb("quarantine", "list", ("open cases, newest first", "cas ouverts, les plus récents d'abord"),
         "quarantine list --verdict spoof --since 7d", _list, Right.QUARANTINE, _list_arguments, reads=True),
    SHOW(complete_kept),
    Verb("quarantine", "release",
         ("file mails as their senders', on your word", "classer des mails sur votre parole"),
         "quarantine release 12345 12346", _bulk(release, _RELEASE_QUESTION, _AT_NEXT_ROUND), Right.QUARANTINE,
         _bulk_arguments),
    Verb("quarantine", "bind", ("file a mail as a registered person's", "classer un mail comme d'un inscrit"),
         "quarantine bind 12345 jeanne@ecole.example", _bind, Right.QUARANTINE, _bind_arguments),
    Verb("quarantine", "reject", ("decide that mails stay kept", "décider que des mails restent retenus"),
         "quarantine reject --all --verdict spoof --since 7d", _bulk(reject, _REJECT_QUESTION, _REJECTED),
         Right.QUARANTINE, _bulk_arguments),
    Verb("quarantine", "replay", ("file mails by today's rules", "classer des mails selon les règles du jour"),
         "quarantine replay 12345", _replay, Right.QUARANTINE, _replay_arguments),
)  # fmt: skip
