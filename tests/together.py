"""Which tests of a run in several processes go to one of them: those that share what takes long to make."""

from xdist.scheduler import LoadScopeScheduling

GALERA = "galera"
GROWN = ("tests/store/test_list_plans.py", "tests/store/test_plans")  # thousands of rows on each engine


def group_of(nodeid: str) -> str:
    """Return the name of a test's group; a test that shares nothing is one of its own."""
    if "galera" in nodeid or "nodes_of_a_cluster" in nodeid:
        return GALERA
    file, _, name = nodeid.partition("::")
    engine = next((one for one in ("sqlite", "mariadb", "postgres") if f"[{one}" in name), "")
    return f"{file} {engine}" if engine and file.startswith(GROWN) else nodeid


class Together(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """Hands out groups; ``--dist loadgroup`` of xdist 3.8 marks tests in a way that pytest 9.2 does not see."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
