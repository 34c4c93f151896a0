"""What an error of the database means: run the transaction again, wait for the database, or the row is refused.

Only errors that speak of the rows themselves (SQLSTATE classes 22 and 23 and their like) are refusals. Anything
unforeseen counts as "away": then intake stops and nothing is lost, while a refusal gives a mail a fate.
"""

from collections.abc import Sequence

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from helpdesk.errors import StoreAway
from helpdesk.store.columns import Unstorable

DatabaseTrouble = StatementError | PoolTimeout

MYSQL_CONFLICTS = frozenset({1213, 1205, 1020})  # deadlock, lock wait, row changed since it was read
MYSQL_DUPLICATES = frozenset({1062, 1586})
POSTGRESQL_CONFLICTS = frozenset({"40001", "40P01", "55P03"})
POSTGRESQL_REFUSED = ("22", "23")  # data exception, integrity constraint
SQLITE_CONFLICTS = ("SQLITE_BUSY", "SQLITE_LOCKED")
SQLITE_DUPLICATES = frozenset({"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})

ADVICE: Sequence[tuple[frozenset[object], str]] = (
    (frozenset({1045, 1698, "28000", "28P01"}), "check the user and the password in [database] url"),
    (frozenset({1044, 1142, 1143, 1370, "42501"}), "grant the user what docs/install.md lists"),
    (frozenset({1049, "3D000"}), "create the database, or correct its name in [database] url"),
    (
        frozenset({1040, 1203, 1226, "53300"}),
        "allow more connections on the server, or lower [database] pool_size",
    ),
    (frozenset({1047}), "this Galera node has lost its cluster: see to the other nodes and the network"),
    (
        frozenset({1290, 1836, "25006"}),
        "it is read-only: point [database] url at the primary",
    ),
    (frozenset({"SQLITE_READONLY"}), "this user may not write the file or its folder: change whose they are"),
    (
        frozenset({"SQLITE_IOERR"}),
        "is its disk full or broken, and may this user write the file and its folder?",
    ),
    (frozenset({1021, 1114, "53100", "SQLITE_FULL"}), "its disk is full: make room"),
    (
        frozenset({1146, 1054, 1305, "42P01", "42703", "SQLITE_ERROR"}),
        "is its schema current? helpdeskd.py check",
    ),
    (frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"}), "restore its backup"),
    (frozenset({"SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"}), "may this user write to its folder?"),
)
CERTIFICATE = "certificate"  # stands in what both drivers say of one that they do not believe
ADVICE_CERTIFICATE = (
    "nothing was sent: [database] ca_file must be the authority that signed the server's certificate,"
    " and the URL must name the server as the certificate does"
)
ADVICE_ELSE = "does the server run, and can this machine reach it?"
ADVICE_FILE = "look at the file, its folder and its disk"


class Conflict(Exception):
    """The database undid the transaction in favour of another; the whole of it may be run again."""


class Refusal(Exception):
    """A row was refused: a key, a reference or a value does not fit. The text names columns, never values.

    ``in_french``: the same for a French reader; what the database itself says stays in its own words.
    """

    def __init__(self, in_english: str, in_french: str = "") -> None:
        super().__init__(in_english)
        self.in_french = in_french or in_english


class AlreadyThere(Refusal):
    """A unique key refused a row: it exists already, or another process was first."""


def meaning(trouble: DatabaseTrouble, shown: str) -> Exception:
    """Return what an error means: StoreAway, Conflict, Refusal, AlreadyThere, or the error when it is ours.

    *shown* names the database. An error of ours (a wrong statement, not a wrong value) stays what it is.
    """
    if isinstance(trouble, PoolTimeout):
        return StoreAway(f"database {shown}: every connection of this process is in use; trying again later")
    original = trouble.orig
    if isinstance(original, Unstorable):
        return Refusal(str(original), original.in_french)
    if not isinstance(trouble, DBAPIError):
        return trouble
    code = code_of(original)
    if _is_conflict(code):
        return Conflict(_told(original))
    if _is_duplicate(code):
        return AlreadyThere(_told(original))
    if _is_refused(trouble, code):
        return Refusal(_told(original))
    told = _told(original)
    advice = ADVICE_CERTIFICATE if CERTIFICATE in told.lower() else _advice(code)
    return StoreAway(f"database {shown}: {told}; {advice}")


def code_of(original: BaseException | None) -> object:
    """Return the driver's code: SQLSTATE of PostgreSQL, error number of MariaDB, error name of SQLite."""
    first = original.args[0] if original is not None and original.args else None
    if isinstance(first, int):  # MariaDB has a SQLSTATE too, but tells less with it
        return first
    return getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None)


def _is_conflict(code: object) -> bool:
    if isinstance(code, str):
        return code in POSTGRESQL_CONFLICTS or code.startswith(SQLITE_CONFLICTS)
    return code in MYSQL_CONFLICTS


def _is_duplicate(code: object) -> bool:
    return code in MYSQL_DUPLICATES or code in SQLITE_DUPLICATES or code == "23505"


def _is_refused(trouble: DBAPIError, code: object) -> bool:
    if isinstance(code, str) and code.startswith(POSTGRESQL_REFUSED):
        return True
    return isinstance(trouble, IntegrityError | DataError)


def _told(original: BaseException | None) -> str:
    """Return the database's words in one line, without the values that it quotes: they may be addresses."""
    diagnosis = getattr(original, "diag", None)
    if diagnosis is not None and diagnosis.message_primary:
        return str(diagnosis.message_primary)
    words = [str(word) for word in original.args] if original is not None else []
    text = " ".join(" ".join(words).split())
    for before, after in (("Duplicate entry ", " for key "), ("Incorrect ", " for column ")):
        if before in text and after in text:
            text = f"{text.partition(before)[0]}{before.strip()}{after}{text.rpartition(after)[2]}"
    return text


def _advice(code: object) -> str:
    """Return what a person can do about it; SQLite's extended names begin with the plain one."""
    plain = "_".join(code.split("_")[:2]) if isinstance(code, str) else code
    otherwise = ADVICE_FILE if isinstance(code, str) and code.startswith("SQLITE_") else ADVICE_ELSE
    return next((advice for codes, advice in ADVICE if plain in codes), otherwise)
