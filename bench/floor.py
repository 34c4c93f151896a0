"""The naive floor: fetch fifty, parse with the standard policy, one row and one commit per mail, no letters."""

import time
from email import message_from_bytes
from email.policy import default

from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, String, Table, Text, insert

from helpdesk.store.engine import open_database
from tests.servers.dovecot import Dovecot

BATCH = 50
metadata = MetaData()
rows = Table(
    "naive",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", String(500)),
    Column("sender", String(254)),
    Column("text", Text(2**24)),
    Column("attachment", LargeBinary(2**24)),
)


def naive_mails_per_s(dovecot: Dovecot, user: str, url: str) -> float:
    """Drain *user*'s inbox the obvious way and return the rate."""
    database = open_database(url)
    metadata.create_all(database.engine)
    with dovecot.client(user) as client:
        client.select_folder("INBOX")
        uids = client.search()
        started = time.perf_counter()
        for start in range(0, len(uids), BATCH):
            batch = uids[start : start + BATCH]
            for data in client.fetch(batch, ["BODY.PEEK[]"]).values():
                _store(database.engine, data[b"BODY[]"])
        seconds = time.perf_counter() - started
    database.close()
    return len(uids) / seconds


def _store(engine: Engine, raw: bytes) -> None:
    mail = message_from_bytes(raw, policy=default)
    text, attachment = "", b""
    for part in mail.walk():
        if part.is_multipart():
            continue
        content = part.get_content()
        if isinstance(content, bytes):
            attachment = content
        else:
            text = text or content
    with engine.begin() as connection:
        row = {
            "subject": str(mail["Subject"]),
            "sender": str(mail["From"]),
            "text": text,
            "attachment": attachment,
        }
        connection.execute(insert(rows), row)
