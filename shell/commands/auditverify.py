"""``audit verify``: whether anything in the audit trail was changed, removed, inserted or cut."""

import argparse

from helpdesk.actions.verify import Verified, as_data, verify_trail
from helpdesk.core.auditchain import Fault, Finding, parsed_anchor
from helpdesk.core.permissions import Right
from helpdesk.store.auditfiles import AuditFiles
from shell.keyboard import Keyboard
from shell.perform import EXIT_REFUSED
from shell.verbs import Arguments, Said, Verb

FAULTS: dict[Fault, Said] = {
    Fault.ROW_CHANGED: ("row changed", "ligne modifiée"),
    Fault.ROW_REMOVED: ("row removed", "ligne supprimée"),
    Fault.ROW_INSERTED: ("row inserted: it is in no seal", "ligne ajoutée : aucun sceau ne la couvre"),
    Fault.ROW_LOST: ("row gone before it was sealed", "ligne disparue avant d'être scellée"),
    Fault.ROW_UNSEALED: (
        "row waits for its seal: does a daemon run?",
        "ligne en attente de sceau : un démon tourne-t-il ?",
    ),
    Fault.SEAL_CHANGED: ("seal changed", "sceau modifié"),
    Fault.SEAL_REMOVED: ("seal removed", "sceau supprimé"),
    Fault.SEAL_MISPLACED: ("seal follows another one", "sceau à la suite d'un autre"),
    Fault.CHAIN_CUT: ("cut: this seal is not in the chain", "coupe : ce sceau n'est pas dans la chaîne"),
    Fault.CHECKPOINT_CHANGED: ("purge record changed", "trace de purge modifiée"),
    Fault.COPY_CHANGED: (
        "a daily file does not hold what was sealed",
        "un fichier journalier ne contient pas ce qui fut scellé",
    ),
    Fault.GUARD_MISSING: (
        "a trigger that guards the trail is gone",
        "un déclencheur qui protège le journal a disparu",
    ),
}


def _arguments(arguments: Arguments) -> None:
    arguments.add(
        "--anchor",
        metavar="SEQ:HEX",
        help=("an end of the chain that you kept", "une fin de chaîne que vous avez gardée"),
    )


def _verify(keyboard: Keyboard, given: argparse.Namespace) -> int:
    files = AuditFiles(keyboard.settings.audit.folder)
    anchor = parsed_anchor(given.anchor) if given.anchor else None
    found = verify_trail(keyboard.desk, keyboard.actor, files, anchor)
    if given.json:
        keyboard.screen.json(as_data(found))
    else:
        _show(keyboard, found)
    return EXIT_REFUSED if found.count else 0


def _show(keyboard: Keyboard, found: Verified) -> None:
    words, screen = keyboard.words, keyboard.screen
    if found.findings:
        heads = (words("what", "quoi"), words("row", "ligne"), words("at", "le"), words("seal", "sceau"))
        screen.table(heads, [_cells(keyboard, one) for one in found.findings])
    if found.more:
        screen.say(words("… and {more} more", "… et {more} autres", more=found.more), "red")
    screen.say(
        words(
            "{rows} rows in {seals} seals, {unsealed} not sealed yet.",
            "{rows} lignes dans {seals} sceaux, {unsealed} pas encore scellées.",
            rows=found.rows,
            seals=found.seals,
            unsealed=found.unsealed,
        )
    )
    if not found.files:
        screen.say(
            words(
                "The daily files cannot be read from here and were not compared.",
                "Les fichiers journaliers ne sont pas lisibles d'ici et n'ont pas été comparés.",
            ),
            "dim",
        )
    if found.anchor.seq:
        screen.say(words("Anchor: {anchor}", "Ancre : {anchor}", anchor=found.anchor))
    if found.count:
        told = words(
            "{count} place(s) do not fit.", "{count} endroit(s) ne concordent pas.", count=found.count
        )
        screen.say(told, "red")
    elif found.files:
        screen.say(words("All fits.", "Tout concorde."), "green")
    else:
        screen.say(words("All that was compared fits.", "Tout ce qui a été comparé concorde."), "green")


def _cells(keyboard: Keyboard, one: Finding) -> tuple[str, str, str, str]:
    return (
        keyboard.words(*FAULTS[one.fault]),
        "" if one.row_id is None else str(one.row_id),
        keyboard.words.short(one.at) if one.at else "",
        " ".join(filter(None, ("" if one.seq is None else str(one.seq), one.what))),
    )


VERBS = (
    Verb("audit", "verify", ("find what was changed, removed or inserted",
          "trouver ce qui fut modifié, supprimé ou ajouté"),
         "audit verify --json", _verify, Right.AUDIT, _arguments, reads=True),
)  # fmt: skip
