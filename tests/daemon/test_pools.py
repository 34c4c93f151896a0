"""The parse workers are set up by what the settings say."""

from pathlib import Path
from typing import Any

import pytest

from daemon import pools
from helpdesk.core.classify import OwnMarks
from tests.config.made import MINIMAL, loaded


def test_the_workers_ask_the_resolver_of_the_settings_and_know_our_own_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[Any, ...]] = []
    monkeypatch.setattr(pools, "ParsePool", lambda *given: made.append(given))
    settings = loaded(tmp_path, MINIMAL + '[dns]\nnameservers = ["192.0.2.53"]\nport = 5353\n')
    pools.parse_pool(settings, settings.mailboxes[0])
    ((_workers, _caps, own, _trust, nameservers, _limits, port),) = made
    assert (nameservers, port) == (("192.0.2.53",), 5353)
    assert own == OwnMarks(settings.keys.install_id, "example.org", frozenset({"desk@example.org"}))
