"""Find the settings, read them from file, environment and credentials, and report every problem at once."""

import base64
import binascii
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from helpdesk.config import observedsections, sections
from helpdesk.config.auditsection import audit
from helpdesk.config.jobsection import jobs
from helpdesk.config.secret import Credentials, Secret
from helpdesk.config.section import ENV_PREFIX, Section, Source, did_you_mean
from helpdesk.config.settings import ImapSettings, InspectSettings, Settings
from helpdesk.config.suspicionsection import suspicion
from helpdesk.config.values import SHOWN
from helpdesk.core.keys import MIN_SECRET_BYTES, Keys
from helpdesk.core.terminal import term_safe
from helpdesk.errors import BadSettings

PLACES = (Path("helpdesk.toml"), Path("/etc/helpdesk/helpdesk.toml"))
SECTIONS = (
    *("desk", "database", "imap", "dns", "smtp", "caps", "alerts", "limits", "logs", "tickets", "login"),
    *("suspicion", "audit", "jobs", "metrics", "sentry"),
)
FILE_VARIABLE = f"{ENV_PREFIX}CONFIG"
KEY_VARIABLE = f"{ENV_PREFIX}SECRET_KEY"
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"  # set by systemd (systemd.exec(5), LoadCredential=)
CREDENTIALS_FOLDER = "credentials"
SHELL_SECRETS = frozenset(("db_url", "secret_key"))
MAKE_KEY = "head -c 32 /dev/urandom | base64"


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings from *path*, or from where they are looked for, and from *environ*.

    Raises BadSettings with every problem found.
    """
    return _load(path, environ, None)


def load_for_shell(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the same for the shell, which has its own user: the passwords of mailbox and relay are not its to read.

    Raises BadSettings with every problem found.
    """
    return _load(path, environ, SHELL_SECRETS)


def _load(path: Path | None, environ: Mapping[str, str], wanted: frozenset[str] | None) -> Settings:
    file = find(path, environ)
    table = _table(file) if file else {}
    source = _source(file, environ)
    settings = _read(source, file, table, with_secrets=True, wanted=wanted)
    if source.problems and file is None:
        looked_at = ", ".join(map(str, PLACES))
        text = f"no settings found (looked at {looked_at}); `helpdeskd.py init` writes a file to begin with"
        from_environment = source.variables.intersection(environ)
        raise BadSettings([text, *(source.problems if from_environment else ())])
    if source.problems:
        raise BadSettings(source.problems)
    return settings


def load_for_inspect(path: Path | None, environ: Mapping[str, str]) -> InspectSettings:
    """Return what looking at a mail file needs, secrets not among it; all defaults where there is no file.

    Raises BadSettings where there is a file and it is broken: a guess at what was meant could show a mail
    as proven that the daemon would not believe.
    """
    file = find(path, environ)
    if file is None:
        return InspectSettings()
    source = _source(file, environ)
    table = _table(file)
    settings = _read(source, file, table, with_secrets=False)
    if source.problems:
        raise BadSettings(source.problems)
    trust = {mailbox.name: mailbox.trust for mailbox in settings.mailboxes}
    return InspectSettings(
        limits=settings.limits,
        dns=settings.dns,
        trust=trust,
        addresses=settings.desk.addresses,
        install_id=_install_id(source, table),
    )


def find(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the file to read, or None where nobody named one and none is where it is looked for."""
    if path is not None:
        return path
    if named := environ.get(FILE_VARIABLE):
        return Path(named)
    return next((place for place in PLACES if place.exists()), None)


def _table(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise BadSettings([f"{file}: cannot be read ({error.strerror})"]) from error
    except UnicodeDecodeError as error:
        raise BadSettings(
            [f"{file}: expected UTF-8 text, found another byte at offset {error.start}"]
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([f"{file}: not TOML: {term_safe(str(error))}"]) from error


def _source(file: Path | None, environ: Mapping[str, str]) -> Source:
    folder = file.absolute().parent if file else Path.cwd()
    return Source(str(file or "settings"), folder, environ, variables={FILE_VARIABLE, KEY_VARIABLE})


def _read(
    source: Source,
    file: Path | None,
    table: Mapping[str, object],
    with_secrets: bool,
    wanted: frozenset[str] | None = None,
) -> Settings:
    """Read everything. Only where nothing was added to the problems may the result be used."""
    parts = {name: Section(source, (name,), table.get(name)) for name in SECTIONS if name != "imap"}
    credentials = replace(_credentials(source, parts["desk"], with_secrets), wanted=wanted)
    desk = sections.desk(parts["desk"])
    trail = audit(parts["audit"], desk.state_dir)
    settings = Settings(
        file=file,
        desk=desk,
        database=sections.database(parts["database"], credentials, desk.state_dir),
        mailboxes=tuple(_mailboxes(source, table.get("imap"), credentials)),
        dns=sections.dns(parts["dns"]),
        smtp=sections.smtp(parts["smtp"], credentials, desk.address),
        caps=sections.letter_caps(parts["caps"]),
        alerts=sections.alerts(parts["alerts"], desk.addresses),
        limits=sections.limits(parts["limits"]),
        log_level=sections.log_level(parts["logs"]),
        keys=_keys(source, credentials),
        tickets=sections.tickets(parts["tickets"]),
        login=sections.login(parts["login"]),
        suspicion=suspicion(parts["suspicion"], desk.state_dir),
        metrics=observedsections.metrics(parts["metrics"]),
        sentry_dsn=observedsections.sentry_dsn(parts["sentry"], credentials),
        audit=trail,
        jobs=jobs(parts["jobs"], trail.keep_days),
    )
    for part in parts.values():
        part.done()
    _check_unknown(source, table)
    return settings


def _credentials(source: Source, desk: Section, with_secrets: bool) -> Credentials:
    kept_in = desk.path("credentials")
    if not with_secrets:
        return Credentials(None, Path(), False, {}, [])
    given = source.environ.get(CREDENTIALS_VARIABLE)
    if kept_in is not None and not given and not kept_in.is_dir():
        desk.refuse("credentials", f"expected a folder, found none at {kept_in}")
    kept_in = kept_in or source.folder / CREDENTIALS_FOLDER
    return Credentials(
        Path(given) if given else kept_in, kept_in, bool(given), source.environ, source.problems
    )


def _keys(source: Source, credentials: Credentials) -> Keys:
    making = f"`helpdeskd.py init` or `{MAKE_KEY}` makes one for"
    text = credentials.required("secret_key", KEY_VARIABLE, "secret_key", making)
    secret = _decoded(text)
    if text and len(secret) < MIN_SECRET_BYTES:
        where = credentials.where("secret_key", KEY_VARIABLE)
        wanted = f"{MIN_SECRET_BYTES} random bytes or more in base64"
        source.problems.append(f"secret_key in {where}: expected {wanted}, as `{MAKE_KEY}` makes them")
    return Keys(secret)


def _decoded(text: Secret) -> bytes:
    try:
        return base64.b64decode(text.reveal().strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _install_id(source: Source, table: Mapping[str, object]) -> str:
    """Return the mark of our own letters; nothing where its key cannot be read, which is no problem here."""
    quiet = Source(source.file, source.folder, source.environ)
    credentials = _credentials(quiet, Section(quiet, ("desk",), table.get("desk")), with_secrets=True)
    secret = _decoded(credentials.secret("secret_key", KEY_VARIABLE))
    return Keys(secret).install_id if len(secret) >= MIN_SECRET_BYTES else ""


def _mailboxes(source: Source, given: object, credentials: Credentials) -> Iterator[ImapSettings]:
    tables = given if isinstance(given, list) and given else [given]
    alone = len(tables) == 1
    names: set[str] = set()
    taken: sections.Taken = {}
    for table in tables:
        section = Section(source, ("imap",), table, use_env=alone)
        mailbox = sections.mailbox(section, credentials, alone)
        if mailbox.name in names:
            section.refuse("name", f"there is already a mailbox {mailbox.name}")
        names.add(mailbox.name)
        sections.check_shared(section, mailbox, taken)
        section.done()
        yield mailbox


def _check_unknown(source: Source, table: Mapping[str, object]) -> None:
    for name in table:
        if name not in SECTIONS:
            what = "section" if isinstance(table[name], (dict, list)) else "setting outside a section"
            source.problems.append(
                f"{source.file}: {term_safe(name, SHOWN)}: no such {what}{did_you_mean(name, SECTIONS)}"
            )
    starts = tuple(f"{ENV_PREFIX}{name.upper()}_" for name in SECTIONS)
    for variable in source.environ:
        # Others use our prefix too (Kubernetes sets HELPDESK_PORT for a service "helpdesk"): only what begins
        # like one of our sections is surely meant for us.
        if variable.startswith(starts) and variable not in source.variables:
            why = f"no such setting{did_you_mean(variable, source.variables)}"
            if variable.startswith(f"{ENV_PREFIX}IMAP_") and isinstance(table.get("imap"), list):
                why = "there are several mailboxes, and it could mean any of them; set it in the file"
            source.problems.append(f"environment: {variable}: {why}")
