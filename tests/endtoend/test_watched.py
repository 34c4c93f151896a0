"""A running daemon shows its figures and reports its errors; the weekly report arrives at the admins."""

import gzip
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.endtoend.world import World, from_learner
from tests.servers.ports import free_port

pytestmark = pytest.mark.parametrize("migrated", ["sqlite", "mariadb"], indirect=True)

WAIT_SECONDS = 60.0
BOSS = "boss@ecole.example"


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_running_daemon_shows_what_became_of_mail_in_file_and_port(world: World) -> None:
    port, file = free_port(), world.folder / "helpdesk.prom"
    watched = replace(world, more=f'[metrics]\nfile = "{file}"\nport = {port}\n')
    watched.write_settings()
    world.dovecot.append_many("desk", [from_learner()])
    daemon = watched.daemon()

    def figures() -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError:
            return ""

    until(lambda: 'helpdesk_mails_total{fate="opened",mailbox="main"} 1.0' in figures())
    until(lambda: 'helpdesk_inbox_mails{mailbox="main"} 0.0' in figures())
    shown = figures()
    assert 'helpdesk_mailbox_up{mailbox="main"} 1.0' in shown
    assert "helpdesk_parse_seconds_count 1.0" in shown
    assert "helpdesk_database_up 1.0" in file.read_text()
    daemon.terminate()
    assert daemon.wait(20) == 0


def test_the_weekly_report_arrives_at_every_admin_in_their_language(world: World) -> None:
    added = world.admin("person", "add", BOSS, "--name", "Boss", "--role", "admin", "--language", "en")
    assert added.returncode == 0, added.stderr
    assert world.run("report", "weekly", "--send").stdout == "1 letters are queued.\n"
    again = world.run("report", "weekly", "--send").stdout
    assert again == "0 letters are queued: sent already: each admin has the report of these days.\n"
    world.once()
    [received] = world.sink.messages
    message = message_from_bytes(received.content, policy=default)
    assert message["To"] == f"Boss <{BOSS}>"
    assert message["Subject"].startswith("Report from ")
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n").split("As of")[0] in world.run(
        "report", "weekly", "--language", "en"
    ).stdout  # fmt: skip


def test_an_error_of_the_running_daemon_is_reported_without_host_or_address(world: World) -> None:
    with sentry() as (port, bodies):
        dsn = f"http://0123abcd@127.0.0.1:{port}/1"
        secrets = {"HELPDESK_SENTRY_DSN": dsn, "HELPDESK_IMAP_PASSWORD": "wrong"}
        daemon = replace(world, environ={**world.environ, **secrets}).daemon()
        until(lambda: bodies)
        daemon.terminate()
        assert daemon.wait(20) == 0
    assert b'"away"' in bodies[0]
    assert b"@ecole.example" not in bodies[0]
    assert socket.gethostname().encode() not in bodies[0]


@contextmanager
def sentry() -> Iterator[tuple[int, list[bytes]]]:
    """Stand in for Sentry; gives the port and what was sent there."""
    bodies: list[bytes] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], bodies
        server.shutdown()
