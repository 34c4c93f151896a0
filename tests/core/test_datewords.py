"""Days and times as people write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk.core.datewords import shown_time
from helpdesk.core.people import Language


@pytest.mark.parametrize(
    ("moment", "language", "shown"),
    [
        pytest.param(datetime(2026, 3, 1, 8, 5, tzinfo=UTC), Language.FR, "1er mars 2026 à 9\u00a0h\u00a005"),
        pytest.param(datetime(2026, 8, 2, 8, 5, tzinfo=UTC), Language.FR, "2 août 2026 à 10\u00a0h\u00a005"),
        pytest.param(datetime(2026, 3, 1, 8, 5, tzinfo=UTC), Language.EN, "1 March 2026 at 09:05"),
        pytest.param(
            datetime(2026, 12, 31, 23, 0, tzinfo=UTC), Language.EN, "1 January 2027 at 00:00", id="next year"
        ),
    ],
)
def test_times_are_shown_local_and_in_words(moment: datetime, language: Language, shown: str) -> None:
    assert shown_time(moment, ZoneInfo("Europe/Paris"), language) == shown
