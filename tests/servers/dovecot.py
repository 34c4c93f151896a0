"""A private Dovecot: IMAP, IMAPS, STARTTLS and LMTP."""

import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from imapclient import IMAPClient

from tests.servers.certificates import Certificates, Flaw
from tests.servers.ports import HOST, free_port
from tests.servers.process import PrivateServer, ServerMissing, program, tail

PACKAGES = "dovecot-imapd dovecot-lmtpd"
IMAP_PROGRAM = Path("/usr/lib/dovecot/imap")
LMTP_PROGRAM = Path("/usr/lib/dovecot/lmtp")
PASSWORD = "correct horse"
USERS: Mapping[str, str] = MappingProxyType(dict.fromkeys(("desk", "second", "learner"), PASSWORD))
TIMEOUT_SECONDS = 60.0

# What Dovecot 2.3 offers after login. It can only be replaced as a whole.
CAPABILITIES = """\
IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS
THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS
LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS
BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY"""

CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = {host}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
default_process_limit = 200
mail_max_userip_connections = 200
mail_fsync = {fsync}
auth_failure_delay = 0
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{folder}/mail/%u/Maildir
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
protocol imap {{
  imap_capability = {capabilities}
}}
"""
TLS = """\
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
"""


class Dovecot(PrivateServer):
    """IMAP with STARTTLS on ``imap_port``, IMAPS on ``imaps_port``, LMTP on ``lmtp_port``, all on ``host``.

    *users* maps names to passwords. *without* names capabilities that are not offered after login (MOVE, IDLE,
    UIDPLUS...). *tls* False: no STARTTLS is offered and nothing listens on ``imaps_port``. *durable*: mails reach
    the disk as they would in production. *more*: further lines of its settings.
    """

    name = "dovecot"

    def __init__(
        self,
        folder: Path | None = None,
        *,
        users: Mapping[str, str] = USERS,
        certificates: Certificates | None = None,
        flaw: Flaw = Flaw.NONE,
        tls: bool = True,
        without: Iterable[str] = (),
        durable: bool = False,
        more: str = "",
    ) -> None:
        super().__init__(folder)
        self.host = HOST
        self.users = dict(users)
        self.imap_port = self.imaps_port = self.lmtp_port = 0
        self._certificates = certificates or Certificates()
        self._flaw = flaw
        self._tls = tls
        self._without = frozenset(without)
        self._durable = durable
        self._more = more

    @property
    def ca_file(self) -> Path:
        """The certificate of the CA that a client of this server has to trust."""
        return self.folder / "ca.pem"

    def certify(self, flaw: Flaw = Flaw.NONE) -> None:
        """Offer TLS with another certificate, from the next ``start`` on."""
        self._tls = True
        self._certificates.issue(flaw).write_to(self.folder)
        self._configure()

    def deliver(self, user: str, raw: bytes, *, sender: str = "sender@example.org") -> None:
        """Deliver one mail through LMTP, as a border would; returns when Dovecot has taken it."""
        with smtplib.LMTP(self.host, self.lmtp_port, timeout=TIMEOUT_SECONDS) as border:
            border.sendmail(sender, [user], raw)

    def restart_with(self, more: str) -> None:
        """Go on with other further lines of settings."""
        self.stop()
        self._more = more
        self._configure()
        self.start()

    def append_many(self, user: str, raws: Sequence[bytes], folder: str = "INBOX") -> list[int]:
        """Store many mails in one IMAP command, unchanged and in their order; return their UIDs."""
        with self.client(user) as client:
            _status, [done] = client.multiappend(folder, raws)
        _code, _uidvalidity, uids = done.partition(b"]")[0].split()  # APPENDUID, RFC 4315 §3
        return list(_unfolded(uids))

    def folder_counts(self, user: str) -> dict[str, int]:
        """Return how many mails each folder of *user* holds, the empty INBOX included."""
        with self.client(user) as client:
            return {name: client.folder_status(name, ["MESSAGES"])[b"MESSAGES"] for name in _folders(client)}

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return the whole mails of a folder in the order of their UIDs; none if there is no such folder."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            uids = client.search()
            fetched = client.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
        return [fetched[uid][b"BODY[]"] for uid in sorted(fetched)]

    def wipe(self, user: str) -> None:
        """Delete all mails and all folders but the INBOX. UIDs go on from where they were."""
        with self.client(user) as client:
            for name in _folders(client):
                if name != "INBOX":
                    client.delete_folder(name)
            client.select_folder("INBOX")
            if uids := client.search():
                client.delete_messages(uids)
                client.expunge()

    def uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        """Return the folder's present UIDVALIDITY."""
        with self.client(user) as client:
            return int(client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"])

    def rebuild(self, user: str) -> None:
        """Make the INBOX forget its UIDs, as a repair or a move to another machine does: new UIDVALIDITY."""
        maildir = self.folder / "mail" / user / "Maildir"
        for path in (maildir / "dovecot-uidlist", *maildir.glob("dovecot.index*")):
            path.unlink(
                missing_ok=True
            )  # dovecot-uidvalidity stays: it keeps the next one from being the same

    def restore(self, user: str, folder: str) -> int:
        """Put the mails of a folder back into the INBOX under a new UIDVALIDITY, as a restored backup does.

        The server is stopped meanwhile. Returns how many mails they are.
        """
        self.stop()
        mails = self.files(user, folder)
        for path in mails:
            path.rename(self.folder / "mail" / user / "Maildir" / "cur" / path.name)
        self.rebuild(user)
        self.start()
        return len(mails)

    def snapshot(self, user: str) -> Path:
        """Copy all of a user's mail with its UIDs, as a snapshot of the mail store does; return where it is."""
        self.stop()
        mail = self.folder / "mail" / user
        copy = Path(tempfile.mkdtemp(prefix="snapshot-", dir=self.folder))
        subprocess.run(["cp", "-a", str(mail), str(copy)], check=True)  # with their owners
        self.start()
        return copy / user

    def go_back(self, user: str, snapshot: Path) -> None:
        """Put a snapshot in the place of a user's mail: UIDs given since then are given to other mails."""
        self.stop()
        mail = self.folder / "mail" / user
        shutil.rmtree(mail)
        snapshot.rename(mail)
        self.start()

    def files(self, user: str, folder: str = "INBOX") -> list[Path]:
        """Return the files of a folder's mails; the server is not asked for them, and need not run."""
        maildir = self.folder / "mail" / user / "Maildir" / ("" if folder == "INBOX" else f".{folder}")
        return [path for part in ("new", "cur") for path in (maildir / part).glob("*")]

    @contextmanager
    def client(self, user: str) -> Iterator[IMAPClient]:
        """Return a logged-in client, in clear over loopback."""
        with IMAPClient(self.host, self.imap_port, ssl=False, timeout=TIMEOUT_SECONDS) as client:
            client.login(user, self.users[user])
            yield client

    def log_text(self) -> str:
        """Return the end of what Dovecot logged."""
        return tail(self.folder / "dovecot.log") + super().log_text()

    def _check_installed(self) -> None:
        program("dovecot", PACKAGES)
        for part in (IMAP_PROGRAM, LMTP_PROGRAM):
            if not part.exists():
                raise ServerMissing(f"{part} is not installed (apt-get install {PACKAGES})")

    def _prepare(self) -> None:
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir(exist_ok=True)
        lines = (f"{name}:{{PLAIN}}{password}::::::\n" for name, password in self.users.items())
        (self.folder / "users").write_text("".join(lines), "utf-8")
        self.ca_file.write_bytes(self._certificates.ca_pem)
        self._certificates.issue(self._flaw).write_to(self.folder)

    def _take_ports(self) -> None:
        self.imap_port, self.imaps_port, self.lmtp_port = free_port(), free_port(), free_port()
        self._configure()

    def _configure(self) -> None:
        config = CONFIG.format(
            folder=self.folder,
            host=self.host,
            user=self._owner.name,
            group=self._owner.group,
            uid=self._owner.uid,
            gid=self._owner.gid,
            fsync="optimized" if self._durable else "never",
            imap_port=self.imap_port,
            imaps_port=self.imaps_port if self._tls else 0,
            lmtp_port=self.lmtp_port,
            capabilities=" ".join(word for word in CAPABILITIES.split() if word not in self._without),
        )
        config += TLS.format(folder=self.folder) if self._tls else "ssl = no\n"
        config += self._more
        (self.folder / "dovecot.conf").write_text(config, "utf-8")

    def _command(self) -> Sequence[str | Path]:
        return [program("dovecot", PACKAGES), "-F", "-c", self.folder / "dovecot.conf"]

    def _answers(self) -> bool:
        first = next(iter(self.users))
        try:
            with self.client(first):
                return True
        except OSError:
            return False


def _folders(client: IMAPClient) -> list[str]:
    """Return the folders that can hold mail; the parent of a folder need not be one."""
    return [name for flags, _separator, name in client.list_folders() if b"\\Noselect" not in flags]


def _unfolded(uids: bytes) -> Iterator[int]:
    for piece in uids.split(b","):
        first, _colon, last = piece.partition(b":")
        yield from range(int(first), int(last or first) + 1)
