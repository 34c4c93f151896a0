"""Tests that share what takes long to make go to one process, all others to any."""

import pytest

from tests.together import GALERA, group_of

PLANS = "tests/store/test_plans.py::test_a_query_reads_no_table_whole"


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (f"{PLANS}[sqlite-a]", f"{PLANS}[sqlite-b]", True),
        (f"{PLANS}[sqlite-a]", f"{PLANS}[mariadb-a]", False),
        (f"{PLANS}[sqlite-a]", "tests/store/test_list_plans.py::test_a[sqlite-a]", False),
        ("tests/store/test_mails.py::test_a[sqlite]", "tests/store/test_mails.py::test_b[sqlite]", False),
        ("tests/store/test_galera.py::test_a", "tests/actions/test_sealing_on_galera.py::test_b", True),
    ],
)
def test_what_goes_together(one: str, other: str, together: bool) -> None:
    assert (group_of(one) == group_of(other)) is together


def test_the_tests_of_the_cluster_are_one_group(request: pytest.FixtureRequest) -> None:
    on_cluster = [
        item for item in request.session.items if "galera_cluster" in getattr(item, "fixturenames", ())
    ]
    assert {group_of(item.nodeid) for item in on_cluster} <= {GALERA}
