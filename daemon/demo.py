"""``make demo``: the whole story on embedded servers, told with the real data read back from them."""

import base64
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from daemon.demoservers import BORDER, DemoServers
from daemon.demostage import (
    CONTACT,
    DESK,
    LEARNER,
    ROOT,
    Stage,
    StoryBroken,
    answer_to,
    as_shown,
    json_lines,
    learners_mail,
    show,
    wait,
)

SUBJECT = "Mon chargeur ne marche plus"
BODY = """\
Bonjour,

Depuis ce matin, mon chargeur ne marche plus : la lampe reste éteinte.
Que dois-je faire ?

Marie
"""
FORGED = "Bonjour,\n\nMerci d'envoyer mon nouveau mot de passe à cette adresse.\n\nMarie\n"
ANSWER = "J'ai essayé une autre prise, rien ne change.\n"
QUIET_SECONDS = 1.0

SETTINGS = """\
[desk]
name = "Support de l'école"
address = "{desk}"
language = "fr"
timezone = "Europe/Paris"
state_dir = "{state}"

[imap]
host = "localhost"
port = {imap_port}
tls = "starttls"
ca_file = "{ca_file}"
user = "{desk}"

[imap.trust]
authserv_ids = ["{border}"]
border_by = ["{border}"]
placement = "above"
recheck_dkim = false

[smtp]
host = "localhost"
port = {smtp_port}
tls = "starttls"
ca_file = "{ca_file}"
user = "{desk}"

[caps]  # so high that whoever plays gets an answer each time
per_address_hour = 1000
per_address_day = 1000
per_domain_hour = 1000
overall_hour = 1000

[alerts]
to = ["{contact}"]
"""


def demo(once: bool) -> int:
    """Tell the story; then stay until Ctrl-C, or end with 0, or 1 where a step did not happen."""
    with tempfile.TemporaryDirectory(prefix="helpdeskd-demo-") as name:
        folder = Path(name)
        with DemoServers(folder, (LEARNER, DESK, CONTACT)) as servers:
            stage = Stage(servers, folder)
            daemon = _start(stage)
            try:
                _story(stage)
                if not once:
                    _stay(stage, daemon)
            except StoryBroken as broken:
                print(
                    f"\nThe story broke off: {broken}\n\nThe daemon's log:\n{stage.log_text()}",
                    file=sys.stderr,
                )
                return 1
            finally:
                daemon.terminate()
                daemon.wait(10)
    return 0


def _start(stage: Stage) -> "subprocess.Popen[bytes]":
    _title("1. Two servers on this machine, a database, the daemon")
    servers = stage.servers
    credentials = stage.folder / "credentials"
    credentials.mkdir(mode=0o700)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    for file, secret in (
        ("imap_password", DESK.password),
        ("smtp_password", DESK.password),
        ("secret_key", key),
    ):
        (credentials / file).touch(mode=0o600)
        (credentials / file).write_text(secret)
    stage.settings.write_text(
        SETTINGS.format(
            desk=DESK.address,
            contact=CONTACT.address,
            state=stage.folder / "state",
            imap_port=servers.imap_port,
            smtp_port=servers.smtp_port,
            ca_file=servers.ca_file,
            border=BORDER,
        )
    )
    print(f"IMAP localhost:{servers.imap_port} and SMTP localhost:{servers.smtp_port}, both with STARTTLS;")
    print("their certificate comes from a private authority made just now, and the daemon verifies it.\n")
    show(stage.daemon("migrate"))
    person = (
        "person",
        "add",
        LEARNER.address,
        "--name",
        "Marie Durand",
        "--role",
        "user",
        "--language",
        "fr",
    )
    show(stage.admin(*person))
    show(stage.daemon("check"))
    with stage.log.open("wb") as log:
        daemon = subprocess.Popen(stage.daemon("run"), stderr=log, stdin=subprocess.DEVNULL)
    wait("the daemon starts", lambda: "started" in stage.log_text())
    return daemon


def _story(stage: Stage) -> None:
    ticket = stage.admin("ticket", "show", "1")
    _title(f"2. A learner writes: « {SUBJECT} »")
    mail = learners_mail(SUBJECT, BODY)
    stage.submit(mail, LEARNER)
    print(as_shown(mail.as_bytes()))
    confirmation = wait("the confirmation arrives", lambda: next(iter(stage.received()), None))
    _title("3. What became of it: a line in the log, and a ticket")
    print(f"{stage.log_line('fate=opened')}\n")
    show(ticket)
    _title("4. The letter that the learner received")
    print(as_shown(confirmation))

    _forgery(stage)
    _title("6. The learner answers the confirmation")
    answer = answer_to(confirmation, ANSWER)
    stage.submit(answer, LEARNER)
    print(as_shown(answer.as_bytes()))
    wait("the answer joins the ticket", lambda: "fate=appended" in stage.log_text())
    print(f"{stage.log_line('fate=appended')}\n")
    show(ticket)
    posts = json_lines([*ticket, "--json"])[0]["posts"]
    if not isinstance(posts, list) or len(posts) != 2:
        raise StoryBroken("the answer did not join the ticket")
    print("\nThat was the whole story; every step happened.")


def _forgery(stage: Stage) -> None:
    _title("5. Somebody else writes in her name, without her password")
    forged = learners_mail("Mot de passe", FORGED)
    print(as_shown(forged.as_bytes()))
    stage.submit(forged, None)
    wait("the forged mail is held", lambda: "fate=held" in stage.log_text())
    print("The border let it in and wrote, truthfully, that nobody proved anything. So:\n")
    print(f"{stage.log_line('fate=held')}\n")
    warning = wait("the learner is told", lambda: next(iter(stage.received()[1:]), None))
    time.sleep(QUIET_SECONDS)  # long enough for another letter, which must not come
    show(stage.admin("ticket", "list"))
    if len(json_lines(stage.admin("ticket", "list", "--json"))) != 1 or len(stage.received()) != 2:
        raise StoryBroken("the forged mail had an effect")
    print("\nStill one ticket. The mail lies whole in the folder Held, for an admin to look at:")
    print(
        f"{stage.count_in('Held')} mail there. The learner is told, once a day at most, and can freeze her address:\n"
    )
    print(as_shown(warning))


def _stay(stage: Stage, daemon: "subprocess.Popen[bytes]") -> None:
    servers, here = stage.servers, Path(sys.executable)
    _title("Now it is yours")
    print(f"""The servers and the daemon stay up until you press Ctrl-C. In another terminal:

  send more mail as the learner (any mail client, or apt-get install swaks; STARTTLS, authority {servers.ca_file}):
    swaks --server localhost:{servers.smtp_port} --tls --auth PLAIN --auth-user {LEARNER.address} \\
          --auth-password {LEARNER.password} --from {LEARNER.address} --to {DESK.address}
  read what the learner receives: IMAP localhost:{servers.imap_port} with the same name and password
  look at the tickets:
    {here} {ROOT / "helpdesk-admin.py"} --config {stage.settings} ticket list
    {here} {ROOT / "helpdesk-admin.py"} --config {stage.settings} ticket show 1
  open the shell, with an admin and a password of your own:
    {here} {ROOT / "helpdesk-admin.py"} --config {stage.settings} bootstrap {CONTACT.address} --name Sam
    {here} {ROOT / "helpdesk-admin.py"} --config {stage.settings}
  watch the daemon:
    tail -f {stage.log}
""")
    try:
        daemon.wait()
    except KeyboardInterrupt:
        print("\nstopping")
    else:
        raise StoryBroken(f"the daemon ended by itself, with status {daemon.returncode}")


def _title(text: str) -> None:
    print(f"\n== {text}\n", flush=True)
