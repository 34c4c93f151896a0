"""A job's turn, for tests of what jobs do."""

from collections.abc import Callable
from datetime import datetime

from helpdesk.core.jobs import JobName, Run, RunState, Turn
from tests.actions.intakes import NOW


def a_turn(
    slot: datetime = NOW, job: JobName = JobName.ENDINGS, going: Callable[[], bool] = lambda: True
) -> Turn:
    """Return one attempt in hand."""
    return Turn(Run(1, job.value, "", slot, RunState.RUNNING, "tests", 1, slot, None, ""), going)
