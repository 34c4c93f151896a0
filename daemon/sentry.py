"""Tell Sentry of errors, where somebody gave a DSN: what failed and where in the program, never of whom.

Sending is the library's own thread with a short queue: while Sentry is away events are dropped, and nothing waits.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from helpdesk.config import Secret
from helpdesk.logs import event, without_addresses

if TYPE_CHECKING:
    from sentry_sdk.transport import Transport
    from sentry_sdk.types import Event, Hint

LOG = logging.getLogger("helpdesk.sentry")
FLUSH_SECONDS = 0.5  # at the stop: the last error is the one that ended the daemon
DROPPED = ("breadcrumbs", "extra", "modules", "request", "server_name", "user")
OURS = "helpdesk"  # all other errors may quote names, subjects, mails; what went wrong stands in the type
ITS_OWN = ("sentry_sdk", "urllib3")


@contextmanager
def reporting(dsn: Secret, transport: "Transport | None" = None) -> Iterator[None]:
    """Report each error that is logged within, and one that ends it; nothing without *dsn*.

    *transport*: in place of the network.
    """
    if not dsn:
        yield
        return
    import sentry_sdk  # takes long to load

    for name in ITS_OWN:  # while Sentry is away, each attempt would be a line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    _init(dsn, transport)
    handler = _ToSentry(logging.ERROR)
    logging.getLogger().addHandler(handler)
    event(LOG, "errors_are_reported")
    try:
        yield
    except Exception as defect:
        sentry_sdk.capture_exception(defect)
        raise
    finally:
        logging.getLogger().removeHandler(handler)
        sentry_sdk.get_client().close(timeout=FLUSH_SECONDS)


def _init(dsn: Secret, transport: "Transport | None") -> None:
    import sentry_sdk

    sentry_sdk.init(
        dsn.reveal(),
        transport=transport,
        release="",  # else it asks git
        environment="production",
        server_name="",
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_client_reports=False,
        enable_backpressure_handling=False,
        enable_metrics=False,
        propagate_traces=False,
        spotlight=False,
        shutdown_timeout=0,
        before_send=scrubbed,
    )


def scrubbed(found: "Event", _hint: "Hint") -> "Event":
    """Return what may leave the machine of an event: no address in clear, no machine, no words but ours."""
    kept = {key: value for key, value in found.items() if key not in DROPPED}
    for one in (found.get("exception") or {}).get("values") or ():
        if str(one.get("module") or "").partition(".")[0] != OURS:
            one["value"] = ""
    return cast("Event", _cleaned(kept))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return without_addresses(value)
    if isinstance(value, Mapping):
        return {_cleaned(key): _cleaned(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(one) for one in value]
    return value


class _ToSentry(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Report one error. What goes wrong here is nobody else's trouble."""
        import sentry_sdk

        fields: Mapping[str, object] = getattr(record, "fields", {})
        failure = getattr(record, "failure", None) or (record.exc_info[1] if record.exc_info else None)
        try:
            with sentry_sdk.new_scope() as scope:
                scope.set_tag("event", record.msg if fields else record.name)
                shown = {key: str(value) for key, value in fields.items() if key not in ("trace", "error")}
                scope.set_context("fields", shown)
                if failure is not None:
                    scope.capture_exception(failure)
                else:
                    scope.capture_message(record.getMessage(), "error")
        except Exception:  # noqa: BLE001
            self.handleError(record)
