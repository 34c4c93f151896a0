"""The running service: how long each loop may stand still."""

import pytest

from daemon.service import mailbox_limit_seconds


@pytest.mark.parametrize(
    ("timeout_seconds", "limit_seconds"),
    [
        pytest.param(5, 80.0, id="short: a query may take a minute too"),
        pytest.param(60, 80.0, id="the default"),
        pytest.param(300, 320.0, id="as long as a silent server is waited for, and more"),
    ],
)
def test_a_mailbox_is_late_only_when_it_takes_longer_than_it_may_wait_for_its_server(
    timeout_seconds: float, limit_seconds: float
) -> None:
    assert mailbox_limit_seconds(timeout_seconds) == limit_seconds
