"""Hand the daemon's figures to Prometheus: in a file for the node exporter, or on a port of this machine."""

import contextlib
import logging
import math
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from wsgiref.simple_server import WSGIServer

from prometheus_client import generate_latest, start_http_server

from daemon import meters
from daemon.beside import Beside
from helpdesk.actions.gauges import Gauges, JobEnds, gauges_of
from helpdesk.config import MetricsSettings
from helpdesk.errors import StoreAway
from helpdesk.logs import event, failed
from helpdesk.store.engine import Database

LOG = logging.getLogger("helpdesk.metrics")
EVERY_SECONDS = 15.0
HERE = "127.0.0.1"
FOR_ALL_TO_READ = 0o644  # the node exporter is another user


class Metrics(Beside):
    """Renews the figures every few seconds while it is entered; does nothing where nobody wants them."""

    def __init__(
        self,
        settings: MetricsSettings,
        database: Database,
        mailboxes: Sequence[str],
        job_ends: JobEnds = lambda _work: {},
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        super().__init__("metrics", every_seconds)
        self._settings = settings
        self._database = database
        self._mailboxes = mailboxes
        self._job_ends = job_ends
        self._trouble = ""
        self._server: WSGIServer | None = None

    def __enter__(self) -> Self:
        if self._settings.port:
            self._serve(self._settings.port)
        if self._settings.wanted:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def look(self) -> None:
        """Look and write; trouble is told once, and never ends the daemon."""
        try:
            self._measure()
            if self._settings.file is not None:
                written(self._settings.file, generate_latest(meters.REGISTRY))
            self._trouble = ""
        except Exception as trouble:  # noqa: BLE001 - who measures must not stop the work
            if str(trouble) != self._trouble:
                failed(LOG, "not_measured", trouble)
            self._trouble = str(trouble)

    def _measure(self) -> None:
        try:
            found = gauges_of(self._database, self._mailboxes, self._job_ends)
        except StoreAway:  # the mailboxes tell of it
            meters.DATABASE_UP.set(0)
            return
        meters.DATABASE_UP.set(1)
        show(found)

    def _serve(self, port: int) -> None:
        try:
            self._server, _thread = start_http_server(port, HERE, meters.REGISTRY)
        except OSError as trouble:  # taken: figures are no reason to leave mail alone
            failed(LOG, "no_metrics_port", trouble, port=port)
        else:
            event(LOG, "metrics", port=port)


def show(found: Gauges) -> None:
    """Set the gauges to what waits now."""
    for mailbox in found.mailboxes:
        meters.WITHOUT_FATE.labels(mailbox.name, "in_hand").set(mailbox.in_hand)
        meters.WITHOUT_FATE.labels(mailbox.name, "deferred").set(mailbox.deferred)
        age = _seconds_since(mailbox.oldest_unsettled, found.now)
        meters.OLDEST_UNSETTLED_SECONDS.labels(mailbox.name).set(age)
    for state, count in found.letters.items():
        meters.LETTERS.labels(state).set(count)
    meters.OLDEST_LETTER_SECONDS.set(_seconds_since(found.oldest_unsent, found.now))
    meters.LETTER_DUE_SECONDS.set(_seconds_since(found.due_since, found.now))
    meters.BREAKERS_OPEN.set(found.breakers)
    for job, ended_at in found.job_ends.items():
        meters.JOB_AGE_SECONDS.labels(job).set(_seconds_since(ended_at, found.now))
    meters.JOBS_GIVEN_UP.set(found.jobs_given_up)
    meters.CANARY_LOST.set(found.canary_lost)
    ends_at = found.certificate_ends_at
    meters.CERTIFICATE_SECONDS.set((ends_at - found.now).total_seconds() if ends_at else math.nan)


def _seconds_since(moment: datetime | None, now: datetime) -> float:
    """Return how long ago that was; 0 for never, and for what is still to come."""
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0


def written(path: Path, content: bytes) -> None:
    """Put *content* in place of a file, for all to read; who reads sees the old file or the new one, whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            os.fchmod(file.fileno(), FOR_ALL_TO_READ)
            file.write(content)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
